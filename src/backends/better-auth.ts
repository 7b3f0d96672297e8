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
}

/**
 * better-auth with its plugins `jwt` and `bearer`, in two steps: a login gives a session token, which takes the place of the
 * refresh token and buys JWTs for your API.
 *
 * Only script that can read the session token can send it: weigh that against better-auth's own HttpOnly cookie. On another
 * origin, a server whose bearer plugin has `requireSignature` must expose the header `set-auth-token`.
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
}: BetterAuthOptions): AuthBackend<Credentials, User> {
  const headers = ({ refreshToken }: TokenSet) => ({ Authorization: `Bearer ${refreshToken}` })
  return jsonBackend({
    baseUrl,
    login: {
      path: path + login,
      readTokens<Person>(answer: unknown, response?: Response): TokenResponse<Person> {
        const { accessToken, user } = readTokens<Person>(answer)
        return { refreshToken: response?.headers.get('set-auth-token') ?? accessToken, user }
      },
    },
    refresh: { path: `${path}/token`, method: 'GET', headers },
    logout: { path: `${path}/sign-out`, body: () => ({}), headers },
  })
}
