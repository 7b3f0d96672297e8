import type { TokenResponse } from '../session/tokens.js'
import type { AuthBackend } from './contract.js'
import { bearer, jsonBackend } from './json.js'
import { readTokens } from './read-tokens.js'

/** What {@link payload} signs in with. */
export interface PayloadCredentials {
  /** The user's e-mail address. */
  email: string
  /** The user's password. */
  password: string
}

/** The options of {@link payload}. */
export interface PayloadOptions {
  /** What the path is joined to; may be relative to the page (`'/'`). */
  baseUrl: string | URL
  /** The path of the collection that signs in: `routes.api` and its slug. @default '/api/users' */
  path?: string | undefined
}

/**
 * Payload, by the tokens of its REST API.
 *
 * A token buys the next one while it lives: a person who is away for longer than `auth.tokenExpiration` (two hours by
 * default) is signed out (`revoked`). Payload answers 403 to that, which ends the session here.
 *
 * Verified against Payload 3.90.2.
 *
 * @example
 * const auth = new AuthClient({ baseUrl: '/api', backend: payload({ baseUrl: '/' }) })
 * await auth.login({ email: 'john@example.com', password: 'password123' })
 * @see [Payload: authentication operations](https://payloadcms.com/docs/authentication/operations)
 */
export function payload<Credentials extends object = PayloadCredentials, User = unknown>({
  baseUrl,
  path = '/api/users',
}: PayloadOptions): AuthBackend<Credentials, User> {
  return jsonBackend({
    baseUrl,
    login: `${path}/login`,
    refresh: {
      path: `${path}/refresh-token`,
      body: undefined,
      headers: bearer,
      readTokens: <Person>(answer: unknown): TokenResponse<Person> =>
        readTokens({ ...(answer as { user: Person }), token: (answer as { refreshedToken: string }).refreshedToken }),
    },
    logout: { path: `${path}/logout`, body: undefined, headers: bearer },
    refreshVia: 'access-token',
    isFinal: ({ status }) => [400, 401, 403].includes(status),
  })
}
