import ky, { type KyInstance, type Options } from 'ky'
import { AuthClient as CoreClient } from './auth-client.js'
import { browserEnvironment } from './browser.js'
import type { LoginFields } from './call-options.js'
import { AuthError } from './errors.js'
import type { Pin } from './http/authorized-fetch.js'
import type { CoreOptions } from './options.js'

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
    /** A retry of ky's is for the session of the first attempt. ky hands on to `fetch` what it does not know. */
    const pin = (init: Options): void => {
      Object.assign(init, { pin: {} satisfies Pin })
    }
    /** Not for browsers, but for tests whose `Request` is Node's, and knows of no page. */
    const resolvePrefix = (init: { prefix?: string | URL }): void => {
      const page = location()
      if (!page)
        throw new AuthError('invalid_option', '`baseUrl` is relative, and there is no page: give the whole URL.')
      if (init.prefix) init.prefix = new URL(String(init.prefix), page)
    }
    this.http = ky.create({
      ...http,
      timeout: http?.timeout ?? 30_000,
      hooks: { ...http?.hooks, init: [pin, ...(needsPage ? [resolvePrefix] : []), ...(http?.hooks?.init ?? [])] },
      ...(baseUrl !== undefined && { prefix: String(baseUrl) }),
      fetch: this.fetch,
    })
  }
}
