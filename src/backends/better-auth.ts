import type { TokenResponse, TokenSet } from '../session/tokens.js'
import type { AuthBackend } from './contract.js'
import { jsonBackend } from './json.js'
import { readTokens } from './read-tokens.js'

/** What {@link betterAuth} signs in with. */
export interface BetterAuthCredentials {
  /** The user's e-mail address. */
  email: string
  /** The user's password. */
  password: string
}

/** The options of {@link betterAuth}. */
export interface BetterAuthOptions {
  /** What the paths are joined to; may be relative to the page (`'/'`). */
  baseUrl: string | URL
  /** The `basePath` of the server. @default '/api/auth' */
  path?: string | undefined
  /** The sign-in endpoint below `path`; the username plugin has `/sign-in/username`. @default '/sign-in/email' */
  login?: string | undefined
  /**
   * Where the session is kept: as a `'token'`, which script can read, or in better-auth's own HttpOnly `'cookie'`, which it
   * cannot. A cookie needs a server on the same site as the page, or cookies with `SameSite=None`; and no `bearer` plugin.
   *
   * @default 'token'
   */
  session?: 'token' | 'cookie' | undefined
}

/**
 * better-auth with its plugin `jwt`, in two steps: a login begins a session, whose token or cookie buys JWTs for your API.
 * The session token takes the place of the refresh token, and needs the plugin `bearer`.
 *
 * A page on another origin must be among the server's `trustedOrigins`; with `requireSignature` in the bearer plugin, CORS
 * must expose the header `set-auth-token` to it.
 *
 * Verified against better-auth 1.7.25.
 *
 * @example
 * const auth = new AuthClient({ baseUrl: '/api', backend: betterAuth({ baseUrl: '/' }) })
 * await auth.login({ email: 'john@example.com', password: 'password123' })
 * @see [better-auth: JWT plugin](https://www.better-auth.com/docs/plugins/jwt)
 * @see [better-auth: bearer plugin](https://www.better-auth.com/docs/plugins/bearer)
 */
export function betterAuth<Credentials extends object = BetterAuthCredentials, User = unknown>({
  baseUrl,
  path = '/api/auth',
  login = '/sign-in/email',
  session = 'token',
}: BetterAuthOptions): AuthBackend<Credentials, User> {
  const inCookie = session === 'cookie'
  const headers = ({ refreshToken }: TokenSet): Record<string, string> =>
    inCookie ? {} : { Authorization: `Bearer ${refreshToken}` }
  return jsonBackend({
    baseUrl,
    login: {
      path: path + login,
      readTokens<Person>(answer: unknown, response?: Response): TokenResponse<Person> {
        const { accessToken, user } = readTokens<Person>(answer)
        return inCookie ? { user } : { refreshToken: response?.headers.get('set-auth-token') ?? accessToken, user }
      },
    },
    refresh: { path: `${path}/token`, method: 'GET', headers },
    logout: { path: `${path}/sign-out`, body: () => ({}), headers },
    refreshVia: inCookie ? 'cookie' : 'body',
    csrfHeader: false, // the server checks the page's origin
  })
}
