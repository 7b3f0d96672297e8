import type { TokenSet } from '../session/tokens.js'
import type { AuthBackend } from './contract.js'
import { jsonBackend } from './json.js'

/** What {@link oauth2Password} signs in with. */
export interface OAuth2PasswordCredentials {
  /** The user's name. */
  username: string
  /** The user's password. */
  password: string
}

/** The options of {@link oauth2Password}. */
export interface OAuth2PasswordOptions {
  /** What the paths are joined to; may be relative to the page (`'/'`). */
  baseUrl: string | URL
  /** The public client (one without a secret) that this app is registered as. */
  clientId: string
  /** The scope to ask for. @default the server's */
  scope?: string | undefined
  /** The path of the token endpoint. @default '/oauth/token' */
  token?: string | undefined
  /** The path of the revocation endpoint (RFC 7009); `false` where there is none. @default '/oauth/revoke' */
  revoke?: string | false | undefined
  /** Where to ask who is signed in: the path of a `GET` that answers with a JSON object. @default nowhere */
  user?: string | undefined
}

/**
 * OAuth 2.0 with the resource owner password grant, refresh tokens rotated or not.
 *
 * For servers that offer nothing better: OAuth 2.1 has removed this grant, and RFC 9700 says that it must not be used. It
 * hands the password to the app, teaches people to type it anywhere, and leaves no room for a second factor or a passkey.
 * Where the server has the authorization code grant, take `latchkey/oidc`.
 *
 * Verified against `@node-oauth/express-oauth-server` 4.2.0, Doorkeeper 5.5.0, and django-oauth-toolkit 1.7.0 (whose paths
 * are `/o/token/` and `/o/revoke_token/`).
 *
 * @example
 * oauth2Password({ baseUrl: 'https://api.example.com', clientId: 'spa', scope: 'read write' })
 * @throws {@link AuthError} `misconfigured`, by a login or a refresh, when the server does not know the client or refuses
 * it the grant (`invalid_client`, `unauthorized_client`, `unsupported_grant_type`).
 * @see [RFC 6749, section 4.3](https://www.rfc-editor.org/rfc/rfc6749.html#section-4.3)
 * @see [RFC 9700, section 2.4: the grant must not be used](https://www.rfc-editor.org/rfc/rfc9700.html#section-2.4)
 * @see [express-oauth-server](https://node-oauth.github.io/express-oauth-server/)
 * @see [Doorkeeper](https://doorkeeper.gitbook.io/guides)
 * @see [django-oauth-toolkit](https://django-oauth-toolkit.readthedocs.io/)
 */
export function oauth2Password<User = unknown>({
  baseUrl,
  clientId: client_id,
  scope,
  token = '/oauth/token',
  revoke = '/oauth/revoke',
  user,
}: OAuth2PasswordOptions): AuthBackend<OAuth2PasswordCredentials, User> {
  const form = <Input>(path: string, body: (input: Input) => object) => ({ path, body, encoding: 'form' as const })
  return jsonBackend({
    baseUrl,
    login: form(token, (credentials) => ({ ...credentials, grant_type: 'password', client_id, scope })),
    refresh: form(token, ({ refreshToken }: TokenSet) => ({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id,
    })),
    user,
    logout:
      revoke &&
      form(revoke, ({ refreshToken, accessToken }: TokenSet) => ({ token: refreshToken ?? accessToken, client_id })),
  })
}
