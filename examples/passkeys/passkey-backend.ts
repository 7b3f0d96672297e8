import {
  type AuthenticationResponseJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'
import { type AuthBackend, AuthError, type BackendContext, jsonBackend } from 'latchkey'

/** A sign-in with the password. */
export interface PasswordCredentials {
  username: string
  password: string
}

/** A sign-in with a passkey: of a certain person, or, without a name, with any that the device has for this site. */
export interface PasskeyCredentials {
  username?: string
}

/** What `auth.login` takes. */
export type Credentials = PasswordCredentials | PasskeyCredentials

/**
 * Signs in with a passkey, or with the password where there is one. All but `login` is {@link jsonBackend}'s: once the
 * tokens are here, nobody needs to know how they were come by.
 */
export function passkeyBackend<User>({ baseUrl }: { baseUrl: string }): AuthBackend<Credentials, User> {
  const password = jsonBackend<PasswordCredentials, User>({ baseUrl })
  const assertion = jsonBackend<AuthenticationResponseJSON, User>({ baseUrl, login: 'passkeys/sign-in' })

  return {
    ...password,
    async login(credentials, context) {
      if ('password' in credentials) return password.login(credentials, context)
      const options = await getOptions(`${baseUrl}/passkeys/sign-in/options`, credentials, context)
      return assertion.login(await askPerson(options, context.signal), context)
    },
  }
}

/** Asks the server what has to be signed. */
async function getOptions(url: string, { username }: PasskeyCredentials, { fetch, signal }: BackendContext) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username }),
    signal,
  })
  if (!response.ok) throw new AuthError('server_error', `The server answered ${response.status}.`)
  return (await response.json()) as PublicKeyCredentialRequestOptionsJSON
}

/** Lets the browser ask the person, until the login is no longer wanted. */
async function askPerson(optionsJSON: PublicKeyCredentialRequestOptionsJSON, signal: AbortSignal) {
  signal.throwIfAborted()
  const close = () => WebAuthnAbortService.cancelCeremony()
  signal.addEventListener('abort', close)
  try {
    return await startAuthentication({ optionsJSON })
  } catch (cause) {
    // For privacy browsers do not tell "cancelled" from "no passkey here" and "too late".
    const isDeclined = cause instanceof Error && cause.name === 'NotAllowedError'
    if (isDeclined) throw new AuthError('aborted', 'The person cancelled, or has no passkey here.', { cause })
    throw new AuthError('misconfigured', 'The browser could not ask for a passkey; see `cause`.', { cause })
  } finally {
    signal.removeEventListener('abort', close)
  }
}
