import type { AuthBackend } from '../backends/contract.js'
import type { JsonBackendOptions } from '../backends/json.js'
import { isObject } from '../session/json.js'
import { checkDuration, nameOf } from './faults.js'
import type { IssuedTokens } from './sessions.js'
import type { MockUser } from './users.js'

/** A protected resource of a mocked API. */
export interface MockRoute {
  /** Whether it needs no token. @default false */
  readonly isPublic?: boolean | undefined
  /** The role without which it answers 403. @default none */
  readonly role?: string | undefined
  /**
   * What it answers, as JSON; or what makes that of the request. A `Response` is sent as it is.
   *
   * @default `{ method, path, username, body }`
   */
  readonly body?: unknown
}

/** What a login or a refresh has to say, for `answer`. */
export interface MockAnswer extends IssuedTokens {
  /** Which of the two is to answer. */
  readonly endpoint: 'login' | 'refresh'
  /** Who it is, as `profile` shows them. */
  readonly user: unknown
}

/**
 * The options of {@link mockAuthServer}: those of `jsonBackend`, which say how the app calls its server, so that one object
 * serves both; and how the server behaves.
 */
export interface MockAuthServerOptions<Credentials extends object> extends JsonBackendOptions<Credentials, unknown> {
  /** The app's own backend, such as `simpleJwt(…)`, in place of `login`, `refresh` and so on. @default `jsonBackend(options)` */
  backend?: AuthBackend<Credentials, unknown> | undefined
  /**
   * Who may sign in; or a function that knows, by the fields that were sent. Where no password is sent, as with a one-time
   * code, it takes a function.
   *
   * @default johndoe and admin, password123
   */
  users?: readonly MockUser[] | ((fields: Readonly<Record<string, unknown>>) => MockUser | undefined) | undefined
  /**
   * How long access tokens live, in milliseconds. One that lives less than a second counts for clients as expired on
   * arrival, and is used for 30 s all the same: to see a renewal, call `expireAccessTokens()`, or use a fake clock.
   *
   * @default 300_000
   */
  lifetime?: number | undefined
  /** How long what renews a session is good, in milliseconds, or `Infinity`. @default 1_209_600_000 (14 days) */
  refreshLifetime?: number | undefined
  /**
   * Whether each refresh gives a new refresh token; using an old one again then ends the session (reuse detection).
   *
   * @default true
   * @see [RFC 9700, section 4.14.2](https://www.rfc-editor.org/rfc/rfc9700.html#section-4.14.2)
   */
  rotates?: boolean | undefined
  /** How long a spent refresh token is still taken, in milliseconds, or `Infinity`; where tokens rotate. @default 0 */
  grace?: number | undefined
  /** How far the server's clock is ahead of this one, in milliseconds. @default 0 */
  clockSkew?: number | undefined
  /**
   * The resources below `baseUrl`, by path. All others need a token, and answer what they were sent. With `false` there is
   * none: what is no endpoint goes on to the handlers behind these.
   *
   * @default `public` and `admin`, which needs that role
   */
  routes?: Readonly<Record<string, MockRoute>> | false | undefined
  /** How a person looks in answers. @default the user's record without password and claims */
  profile?: ((user: MockUser) => unknown) | undefined
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
const ROUTES: Readonly<Record<string, MockRoute>> = { public: { isPublic: true }, admin: { role: 'admin' } }

/** The resources by path, with no slash before it; `undefined` where the server has none. */
export function routesOf(routes: Readonly<Record<string, MockRoute>> | false | undefined) {
  if (routes === false) return undefined
  for (const path of Object.keys(routes ?? {})) {
    if (/[:*?#]/.test(path)) {
      throw new Error(
        `\`routes\` takes whole paths, and "${path}" is none: use \`server.protect\` in a handler for it.`,
      )
    }
  }
  const named = Object.entries({ ...ROUTES, ...routes }).map(([path, route]) => [nameOf(path), route] as const)
  return new Map<string, MockRoute>(named)
}

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

/** Throws for options that could only fail later, or would do nothing. */
export function checkOptions<Credentials extends object>(options: MockAuthServerOptions<Credentials>): void {
  const { baseUrl, backend, users, lifetime, refreshLifetime, rotates, grace, clockSkew = 0, answer } = options
  if (!baseUrl) throw new Error('`mockAuthServer` needs a `baseUrl`, the same as that of your client.')
  if (/^(?!https?:)[\w+.-]+:/i.test(String(baseUrl))) throw new Error('`baseUrl` must be an http(s) URL, or a path.')
  checkDuration('lifetime', lifetime)
  checkDuration('refreshLifetime', refreshLifetime, Number.POSITIVE_INFINITY)
  checkDuration('grace', grace, Number.POSITIVE_INFINITY)
  checkSkew(clockSkew)
  if (rotates === false && grace !== undefined) throw new Error('`grace` does nothing where nothing rotates.')
  const names = new Set<string>()
  for (const [index, user] of Array.isArray(users) ? users.entries() : []) {
    if (typeof user.username !== 'string' || typeof user.password !== 'string') {
      throw new Error(`\`users[${index}]\` needs a \`username\` and a \`password\`.`)
    }
    if (names.has(user.username)) throw new Error(`There are two users "${user.username}".`)
    names.add(user.username)
  }
  const idle = backend && (['login', 'refresh', 'logout', 'user', 'refreshVia', 'readTokens'] as const)
  const given = idle?.find((name) => options[name] !== undefined)
  if (given) throw new Error(`\`${given}\` does nothing beside \`backend\`.`)
  if (answer) return
  const probe: MockAnswer = { endpoint: 'login', accessToken: 'a', refreshToken: 'r', lifetime: 1000, user: {} }
  for (const reader of [options, options.login, options.refresh]) {
    const read = isObject(reader) ? (reader as { readTokens?: typeof options.readTokens }).readTokens : undefined
    if (read && accessTokenOf(() => read(usualAnswer(probe))) !== 'a') {
      throw new Error('Your `readTokens` does not find the token in what the server answers: give `answer`, too.')
    }
  }
}

/** Throws unless a clock can be ahead by `value`. */
export function checkSkew(value: number): void {
  if (!Number.isFinite(value)) throw new Error('`clockSkew` must be a number of milliseconds.')
}

function accessTokenOf(read: () => { accessToken?: string | undefined }): string | undefined {
  try {
    return read().accessToken
  } catch {
    return undefined
  }
}
