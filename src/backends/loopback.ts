import type { TokenSet } from '../session/tokens.js'
import type { AuthBackend } from './contract.js'
import { jsonBackend } from './json.js'

/** What {@link loopback} signs in with. */
export interface LoopbackCredentials {
  /** The user's e-mail address. */
  email: string
  /** The user's password. */
  password: string
}

/** The options of {@link loopback}. */
export interface LoopbackOptions {
  /** What the paths are joined to; may be relative to the page (`'/'`). */
  baseUrl: string | URL
  /** The path of the controller's `refreshLogin`. @default '/users/refresh-login' */
  login?: string | undefined
  /** The path of the controller's `refresh`. @default '/refresh' */
  refresh?: string | undefined
  /** Where to ask who is signed in: the path of a `GET` that answers with a JSON object. @default nowhere */
  user?: string | undefined
}

/**
 * LoopBack 4 with the refresh token service of `@loopback/authentication-jwt`. It does not rotate refresh tokens, and has
 * no endpoint for a sign-out: they stay good until they expire.
 *
 * Verified against `@loopback/authentication-jwt` 0.16.12.
 *
 * @example
 * const auth = new AuthClient({ baseUrl: '/api', backend: loopback({ baseUrl: '/api' }) })
 * await auth.login({ email: 'john@example.com', password: 'password123' })
 * @see [LoopBack: endpoints with refresh token](https://loopback.io/doc/en/lb4/Authentication-component-jwt.html)
 */
export function loopback<Credentials extends object = LoopbackCredentials, User = unknown>({
  baseUrl,
  login = '/users/refresh-login',
  refresh = '/refresh',
  user,
}: LoopbackOptions): AuthBackend<Credentials, User> {
  return jsonBackend({
    baseUrl,
    login,
    refresh: { path: refresh, body: ({ refreshToken }: TokenSet) => ({ refreshToken }) },
    logout: false,
    user,
  })
}
