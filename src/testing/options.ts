import type { JsonBackendOptions } from '../backends/json.js'
import type { IssuedTokens } from './sessions.js'
import type { MockUser } from './users.js'

/** A protected resource of a mocked API. */
export interface MockRoute {
  /** Whether it needs no token. @default false */
  readonly isPublic?: boolean | undefined
  /** The role without which it answers 403. @default none */
  readonly role?: string | undefined
  /** What it answers, as JSON. @default `{ method, path, username }` */
  readonly body?: unknown
}

/** What a login or a refresh has to say, for `answer`. */
export interface MockAnswer extends IssuedTokens {
  readonly endpoint: 'login' | 'refresh'
  /** Who it is: the user's record without password and claims. */
  readonly user: Readonly<Record<string, unknown>>
}

/**
 * The options of {@link mockAuthServer}: those of `jsonBackend`, which say how the app calls its server, so that one object
 * serves both; and how the server behaves.
 */
export interface MockAuthServerOptions<Credentials extends object> extends JsonBackendOptions<Credentials, unknown> {
  /** Who may sign in; or a function that knows, by the fields that were sent. @default johndoe and admin, password123 */
  users?: readonly MockUser[] | ((fields: Readonly<Record<string, unknown>>) => MockUser | undefined) | undefined
  /** How long access tokens live, in milliseconds. @default 300_000 */
  lifetime?: number | undefined
  /** How long refresh tokens live, in milliseconds. @default 1_209_600_000 (14 days) */
  refreshLifetime?: number | undefined
  /**
   * Whether each refresh gives a new refresh token; using an old one again then ends the session (reuse detection).
   *
   * @default true
   * @see [RFC 9700, section 4.14.2](https://www.rfc-editor.org/rfc/rfc9700.html#section-4.14.2)
   */
  rotates?: boolean | undefined
  /** How long a spent refresh token is still taken, in milliseconds. @default 0 */
  grace?: number | undefined
  /** How far the server's clock is ahead of this one, in milliseconds. @default 0 */
  clockSkew?: number | undefined
  /** The resources below `baseUrl`, by path. All others need a token. @default `public` and `admin`, which needs that role */
  routes?: Readonly<Record<string, MockRoute>> | undefined
  /**
   * The body of a good login or refresh, in the words of your own server; a `Response` is sent as it is.
   *
   * @default `{ access_token, token_type, expires_in, refresh_token }`, and `user` at login
   */
  answer?: ((issued: MockAnswer) => unknown) | undefined
  /** Makes the access tokens, such as opaque ones: `() => crypto.randomUUID()`. @default JWTs signed by ES256 */
  createAccessToken?: ((claims: Readonly<Record<string, unknown>>) => string | Promise<string>) | undefined
}

/** The resources that a server has which is told of none. */
export const ROUTES: Readonly<Record<string, MockRoute>> = { public: { isPublic: true }, admin: { role: 'admin' } }

/** The body that most servers answer. */
export function usualAnswer({ endpoint, accessToken, refreshToken, lifetime, user }: MockAnswer): object {
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: lifetime / 1000,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(endpoint === 'login' && { user }),
  }
}
