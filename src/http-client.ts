import ky, { type Input, type KyInstance, type Options } from 'ky'
import { AuthClient as CoreClient } from './auth-client.js'
import { browserEnvironment } from './browser.js'
import type { LoginFields } from './call-options.js'
import { AuthError } from './errors.js'
import type { Pin } from './http/authorized-fetch.js'
import type { CoreOptions } from './options.js'

const METHODS = ['get', 'post', 'put', 'patch', 'head', 'delete', 'query'] as const

/** The options of {@link AuthClient}. One of `baseUrl` and `backend` is needed. */
export interface AuthClientOptions<Credentials extends object = LoginFields, User = unknown>
  extends CoreOptions<Credentials, User> {
  /** Passed on to ky: `timeout` (30_000 here), `retry`, `hooks`, … */
  http?: Options | undefined
}

/**
 * Signs a person in to a token backend and keeps them signed in: stores the tokens, puts them on requests, renews them
 * before they expire, and tells the app what happened.
 *
 * Its methods may be detached, destructured and called through a proxy. All but `subscribe`, `on`, `explain`, `setUser`
 * and `dispose` begin with `start()`, unless that was called before.
 *
 * @example
 * const auth = new AuthClient({ baseUrl: 'https://api.example.com' })
 * await auth.login({ username: 'johndoe', password: 'password123' })
 * const todos = await auth.http.get('todos').json()
 */
export class AuthClient<Credentials extends object = LoginFields, User = unknown> extends CoreClient<
  Credentials,
  User
> {
  /**
   * A [ky](https://github.com/sindresorhus/ky) on top of `fetch`: paths are joined to `baseUrl`, an error status throws
   * ky's `HTTPError`. Its own retries come after ours, and never see the first 401. Other origins are for `fetch`.
   */
  readonly http: KyInstance

  /**
   * Builds the parts, and touches no storage, network or timer: `start()` does, `dispose()` undoes it.
   *
   * @throws {@link AuthError} `invalid_option` when an option cannot work.
   */
  constructor(options: AuthClientOptions<Credentials, User>) {
    super(options)
    const { baseUrl, http } = options
    const { location } = { ...browserEnvironment, ...options.environment }
    const needsPage = baseUrl !== undefined && !/^https?:/i.test(String(baseUrl))
    /** Browsers resolve a relative prefix by themselves; a `Request` of Node's, in tests, knows of no page. */
    const absolute = (given?: Options): Options | undefined => {
      const { prefix } = given ?? {}
      if (!needsPage || !prefix || /^https?:/i.test(String(prefix))) return given
      const page = location()
      if (page) return { ...given, prefix: new URL(prefix, page).href }
      throw new AuthError('invalid_option', '`baseUrl` is relative, and there is no page: give the whole URL.')
    }
    const defaults = baseUrl === undefined ? http : { ...http, prefix: String(baseUrl) }
    const create = (): KyInstance =>
      ky.create({ ...absolute(defaults), timeout: http?.timeout ?? 30_000, fetch: this.fetch })
    this.http = pinned(create, absolute)
  }
}

/**
 * The ky that `create` makes at the first call, each call with a {@link Pin} of its own: a retry of ky's is for the
 * session of the first attempt. ky hands on to `fetch` what it does not know. (A hook could set the pin, too, but with
 * one ky copies its options and hooks at each call.)
 */
function pinned(create: () => KyInstance, absolute: (options?: Options) => Options | undefined): KyInstance {
  let instance: KyInstance | undefined
  const api = (): KyInstance => {
    instance ??= create()
    return instance
  }
  const pin = (options?: Options): Options => ({ ...absolute(options), pin: {} satisfies Pin }) as Options
  const call = ((input, options) => api()(input, pin(options))) as KyInstance
  Object.assign(call, { create: ky.create, stop: ky.stop, retry: ky.retry })
  for (const method of METHODS) call[method] = (input: Input, options?: Options) => api()[method](input, pin(options))
  call.extend = (defaults) => {
    const made = typeof defaults === 'function' ? defaults : () => defaults
    return pinned(() => api().extend((parents) => absolute(made(parents)) ?? {}), absolute)
  }
  return call
}
