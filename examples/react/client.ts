/// <reference types="vite/client" />
import { AuthClient, jsonBackend, webStorage } from 'latchkey'

/** The address of the example server: start.ts puts it here. */
declare const __API__: string

/** What the sign-in form sends. */
export interface Credentials {
  username: string
  password: string
}

/** Who the server says is signed in. */
export interface User {
  id: string
  username: string
  name: string
  roles: readonly string[]
}

declare module 'latchkey' {
  /** What this app's access tokens say besides. */
  interface Claims {
    /** What the person may do. */
    readonly roles?: readonly string[]
  }
}

/** The whole set-up, and the only client of the page: it lives as long as the page does. */
export const auth = new AuthClient<Credentials, User>({
  baseUrl: __API__,
  backend: jsonBackend({ baseUrl: __API__, refreshVia: 'cookie', user: 'me' }),
  storage: webStorage('local'), // all tabs see it, so one renewal serves them all; the refresh token stays in its cookie
  storageKey: 'latchkey-react',
  http: { retry: 0 }, // TanStack Query tries again, and one layer of that is enough
})

// A client cannot be swapped while its session goes on: after a change here the page is loaded anew, and restores it.
import.meta.hot?.accept(() => location.reload())
