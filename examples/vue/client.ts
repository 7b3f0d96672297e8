import { AuthClient, type AuthClientOptions, jsonBackend, webStorage } from 'latchkey'

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
  email: string
}

declare module 'latchkey' {
  interface Claims {
    /** What the person may do, as the access token of this server says it. */
    readonly roles?: readonly string[]
  }
}

/** The client of this app, with its types. */
export type Client = AuthClient<Credentials, User>

/** The whole set-up: the refresh token is in an HttpOnly cookie, which no script can read. */
export function createClient(baseUrl: string, options: AuthClientOptions<Credentials, User> = {}): Client {
  return new AuthClient<Credentials, User>({
    baseUrl,
    backend: jsonBackend({ baseUrl, refreshVia: 'cookie', user: 'me' }),
    storage: webStorage('local'), // for the access token alone: all tabs share it, so one call renews it for all
    ...options,
  })
}
