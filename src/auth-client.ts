/// <reference lib="esnext.disposable" preserve="true" />
import type { LogoutOptions } from './backends/contract.js'
import type { AccessTokenOptions, ListenerOptions, LoginArguments, LoginFields, StartOptions } from './call-options.js'
import { createClient } from './create-client.js'
import type { Unsubscribe } from './events.js'
import type { CoreOptions } from './options.js'
import type { AuthEvents } from './session/auth-events.js'
import type { AuthState, StartResult } from './session/state.js'
import type { TokenResponse } from './session/tokens.js'
import type { TraceEntry } from './trace.js'

/**
 * Signs a person in to a token backend and keeps them signed in: stores the tokens, puts them on requests, renews them
 * before they expire, and tells the app what happened.
 *
 * Its methods may be detached, destructured and called through a proxy. All but `subscribe`, `on`, `explain`, `setUser`
 * and `dispose` begin with `start()`, unless that was called before.
 */
export class AuthClient<Credentials extends object = LoginFields, User = unknown> {
  /** What to show; synchronous, frozen, and the same object until something in it changes. */
  declare readonly state: AuthState<User>

  /**
   * A `fetch` that puts the access token on requests to `baseUrl` and `attachTo`, renews it when it has expired, and
   * sends a request again that met a 401. Other requests pass through as they are. Fits wherever a `fetch` can be
   * handed in.
   *
   * @throws {@link AuthError} `login_required` when the session ended while the request waited; `insecure_url`; or why
   *   an expired token could not be renewed: `network`, `timeout`, `rate_limited`, `server_error`, …
   * @see [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750.html#section-2.1)
   */
  declare readonly fetch: typeof globalThis.fetch

  /**
   * Restores the session, if there is one; after a redirect login it completes that. May be called any number of times.
   *
   * Resolves when the state is no longer `loading`: at once where the storage has a good access token, after 3 s at most
   * where an expired one has to be renewed.
   *
   * @throws {@link AuthError} what a redirect login failed with; the state is settled all the same.
   */
  declare readonly start: (options?: StartOptions) => Promise<StartResult<User>>

  /**
   * Signs in. The state, the storage and the events know when it resolves.
   *
   * @throws {@link AuthError} `invalid_credentials` when the server refused, its answer in `data`; `aborted` when a
   *   logout or a newer login came; `misconfigured`, `network`, `timeout`, `rate_limited`, `server_error`,
   *   `invalid_response`, `insecure_url`; `refresh_rejected` by the second step of a login in two.
   */
  declare readonly login: (...parameters: LoginArguments<Credentials>) => Promise<AuthState<User>>

  /**
   * Adopts tokens that were got elsewhere (a registration, a native shell, a flow of your own) as a new session.
   *
   * @throws {@link AuthError} `invalid_response` when they hold neither an access token nor a refresh token.
   */
  declare readonly setTokens: (tokens: TokenResponse<User>) => Promise<AuthState<User>>

  /**
   * Signs out: state and storage first, then the server, which is told for 2 s at most. Never
   * rejects because of storage or server, and does nothing where nobody is signed in.
   */
  declare readonly logout: (options?: LogoutOptions) => Promise<void>

  /**
   * The access token, renewed first if it has expired: for WebSockets and HTTP clients of your own.
   *
   * @throws {@link AuthError} `login_required` when nobody is signed in; without `rejected` also why an expired token
   *   could not be renewed.
   */
  declare readonly getAccessToken: (options?: AccessTokenOptions) => Promise<string>

  /** Replaces the user, after a profile edit say; does nothing where nobody is signed in. */
  declare readonly setUser: (user: User) => void

  /**
   * Calls `listener` with each new state. React's `useSyncExternalStore` takes it as it is.
   *
   * @returns its undo
   */
  declare readonly subscribe: (listener: (state: AuthState<User>) => void) => Unsubscribe

  /**
   * Calls `listener` at each `event`, until it is undone or `signal` is aborted.
   *
   * @returns its undo
   */
  declare readonly on: <K extends keyof AuthEvents<User>>(
    event: K,
    listener: (event: AuthEvents<User>[K]) => void,
    options?: ListenerOptions,
  ) => Unsubscribe

  /** The last 50 transitions, oldest first: why somebody was signed out, why a request carried no token. */
  declare readonly explain: () => readonly TraceEntry[]

  /**
   * Undoes all that `start()` began. A renewal on the wire is let finish and stored, since its refresh token is spent;
   * other requests are aborted, and later calls reject with `disposed`. The session stays in the storage.
   */
  declare readonly dispose: () => void

  /** `dispose`, for `using`. */
  declare readonly [Symbol.dispose]: () => void

  /**
   * Builds the parts, and touches no storage, network or timer: `start()` does, `dispose()` undoes it.
   *
   * @throws {@link AuthError} `invalid_option` when an option cannot work.
   */
  constructor(options: CoreOptions<Credentials, User>) {
    const client: Omit<AuthClient<Credentials, User>, typeof Symbol.dispose> = createClient<Credentials, User>(options)
    // Own properties that need no `this`: they may be detached, and work behind a Vue or MobX proxy.
    Object.defineProperties(this, Object.getOwnPropertyDescriptors(client))
    if (Symbol.dispose) Object.defineProperty(this, Symbol.dispose, { value: client.dispose })
  }
}
