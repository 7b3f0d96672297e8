import { type RegistrationResponseJSON, startRegistration } from '@simplewebauthn/browser'
import { AuthClient, webStorage } from 'latchkey'
import { type Credentials, passkeyBackend } from './passkey-backend.ts'

/** The address of the example server: start.ts puts it here. */
declare const __API__: string

/** Who the server says is signed in. */
export interface User {
  username: string
  name: string
}

/** A passkey, as the server lists it. */
export interface Passkey {
  id: string
  createdAt: number
  usedAt?: number
  isSynced: boolean
}

type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON']

/** The whole set-up. */
export const auth = new AuthClient<Credentials, User>({
  baseUrl: __API__,
  backend: passkeyBackend({ baseUrl: __API__ }),
  storage: webStorage('local'),
  storageKey: 'latchkey-passkeys',
})

/** Makes a passkey for the person who is signed in: two calls like any other, and between them the browser asks. */
export async function addPasskey(): Promise<Passkey> {
  const optionsJSON = await auth.http.post('passkeys/options').json<CreationOptions>()
  const json: RegistrationResponseJSON = await startRegistration({ optionsJSON })
  return auth.http.post('passkeys', { json }).json<Passkey>()
}

/** The passkeys of the person who is signed in. */
export function listPasskeys(): Promise<Passkey[]> {
  return auth.http.get('passkeys').json<Passkey[]>()
}
