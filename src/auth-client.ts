/// <reference lib="esnext.disposable" preserve="true" />
import type { AuthBackend } from './backends/contract.js'
import { unlessAborted, within } from './environment.js'
import { AuthError, isAuthError } from './errors.js'
import { createEvents, type Events, type Unsubscribe } from './events.js'
import { createAuthorizedFetch } from './http/authorized-fetch.js'
import { createDestinations } from './http/destinations.js'
import { createTokenCaller, type TokenCaller } from './http/token-calls.js'
import { type CoreOptions, resolveOptions, type Settings } from './options.js'
import { type Backoff, createBackoff } from './refresh/backoff.js'
import { createDemand, type Demand, loginRequired } from './refresh/demand.js'
import { createPlan } from './refresh/plan.js'
import { createRefresher, type Refresher } from './refresh/refresher.js'
import { createSchedule, type Schedule } from './refresh/schedule.js'
import { type AuthEvents, createKeeper, type Keeper, type KeeperEvents } from './session/keeper.js'
import { createMark, type Mark } from './session/mark.js'
import { remainingLifetime, type Session } from './session/session.js'
import type { AuthState, StartResult } from './session/state.js'
import { createStore, type Store } from './session/store.js'
import type { TokenResponse, TokenSet } from './session/tokens.js'
import { webStorage } from './storage/web.js'
import { memoryLedger, openLedger, type SessionLedger } from './tabs/ledger.js'
import { createTrace, type Trace, type TraceEntry } from './trace.js'

/** What `login` takes where nothing more is known: the fields of a sign-in form. A typed form fits, an interface too. */
export type LoginFields = object

/** The arguments of `login`: none are needed where every credential is optional. */
export type LoginArguments<Credentials> = [keyof Credentials] extends [never]
  ? [credentials: Credentials, options?: LoginOptions]
  : Partial<Credentials> extends Credentials
    ? [credentials?: Credentials, options?: LoginOptions]
    : [credentials: Credentials, options?: LoginOptions]

/** How to sign in. */
export interface LoginOptions {
  /** Ends this login alone; it then rejects with the signal's reason, as `fetch` does. */
  signal?: AbortSignal | undefined
}

/** Which access token is wanted. */
export interface AccessTokenOptions {
  /**
   * The token that met a 401. If the current one is newer it is the answer, else the tokens are renewed; again at the
   * earliest in 30 s, if the new one is refused too.
   */
  rejected?: string | undefined
  /** How long the token must live at least, in milliseconds, if such a one can be had. @default 0 */
  minValidity?: number | undefined
  /** Renew the tokens even if they are good: the person's rights have changed. @default false */
  forceRefresh?: boolean | undefined
  /** Ends the wait of this caller alone. */
  signal?: AbortSignal | undefined
}

/** A restored session is renewed for so long before the state stops to be `loading`. */
const LOADING_AT_MOST = 3000
/** The server is told of a sign-out for so long. */
const FAREWELL_AT_MOST = 2000

/**
 * Signs a person in to a token backend and keeps them signed in: stores the tokens, puts them on requests, renews them
 * before they expire, and tells the app what happened.
 *
 * Its methods may be detached, destructured and called through a proxy. All but `subscribe`, `on`, `explain`, `setUser`
 * and `dispose` begin with `start()`, unless that was called before.
 */
export class AuthClient<Credentials extends object = LoginFields, User = unknown> {
  readonly #settings: Settings<Credentials, User>
  readonly #trace: Trace
  readonly #events: Events<KeeperEvents<User>>
  readonly #store: Store
  readonly #mark: Mark
  readonly #ledger: SessionLedger
  readonly #keeper: Keeper<User>
  readonly #backoff: Backoff
  readonly #refresher: Refresher<User>
  readonly #schedule: Schedule
  readonly #demand: Demand<User>
  readonly #call: TokenCaller
  /** Aborted by `dispose()`, and with it all that the client waits for. */
  readonly #life = new AbortController()
  #started: Promise<StartResult<User>> | undefined
  #loaded: Promise<void> | undefined
  #isLoaded = false
  #isDegraded = false
  /** Whether only `probe` asks for a session: then its absence is no news. */
  #isProbe = false
  #login: AbortController | undefined
  #stopListening: Unsubscribe | undefined

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
  readonly fetch: typeof globalThis.fetch

  declare readonly [Symbol.dispose]: () => void

  /**
   * Builds the parts, and touches no storage, network or timer: `start()` does, `dispose()` undoes it.
   *
   * @throws {@link AuthError} `invalid_option` when an option cannot work.
   */
  constructor(options: CoreOptions<Credentials, User>) {
    const settings = resolveOptions(options)
    const { backend, environment, refresh, storage, storageKey } = settings
    const inCookie = backend.refreshVia === 'cookie'
    const current = (): Session<User> | undefined => this.#keeper.current
    const canRenew = (session: Session): boolean => isRenewable(backend, session.tokens)
    const expire = ({ id }: Session): void => {
      void this.#keeper.end(id, 'expired')
      this.#events.flush()
    }

    this.#settings = settings
    this.#trace = createTrace(environment.clock.now)
    this.#events = createEvents(environment.reportError)
    this.#mark = createMark(environment.marks ?? webStorage('local'), `${storageKey}.mark`)
    this.#ledger = openLedger(environment.ledger ?? memoryLedger(), storageKey)
    this.#backoff = createBackoff(environment)
    this.#store = createStore(storage, storageKey, environment, (error) => this.#degrade(error))
    this.#keeper = createKeeper({
      backendId: backend.id,
      inCookie,
      initial: settings.initial,
      store: this.#store,
      ledger: this.#ledger,
      environment,
      events: this.#events,
      trace: this.#trace,
      plan: createPlan({ ...refresh, random: environment.random }),
      onChange: (session) => {
        if (inCookie) this.#mark.set(session !== undefined)
        this.#schedule.arm()
      },
    })
    this.#refresher = createRefresher({
      environment,
      backoff: this.#backoff,
      timeout: refresh.timeout,
      life: this.#life.signal,
      attempt: (base) => this.#attempt(base),
      onSettled: () => {
        this.#schedule.arm()
        this.#events.flush()
      },
    })
    this.#schedule = createSchedule({
      environment,
      refresher: this.#refresher,
      backoff: this.#backoff,
      isOnDemand: refresh.isOnDemand,
      current,
      canRenew,
      expire,
      warn: ({ tokens }) => {
        this.#keeper.tell('expiring', { expiresAt: tokens.expiresAt as number })
        this.#events.flush()
      },
      tidy: () => {
        this.#store.retry()
        this.#keeper.refreshState()
        this.#events.flush()
      },
      isBehind: () => this.#store.isBehind,
    })
    this.#demand = createDemand({ environment, refresher: this.#refresher, current, canRenew, expire })

    const destinations = createDestinations({ ...settings, location: environment.location })
    this.#call = createTokenCaller({ ...settings, destinations, timeout: refresh.timeout })
    this.fetch = createAuthorizedFetch({
      ...settings,
      destinations,
      demand: this.#demand,
      trace: this.#trace,
      current,
      ready: (signal) => this.#ready(signal),
      untilDisposed: (signal) => (signal ? AbortSignal.any([signal, this.#life.signal]) : this.#life.signal),
    })

    // Own properties: behind a Vue or MobX proxy a getter of the prototype would not find its private fields.
    Object.defineProperty(this, 'state', { get: () => this.#keeper.state, enumerable: true })
    if (Symbol.dispose) Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() })
  }

  /**
   * Restores the session, if there is one; after a redirect login it completes that. May be called any number of times.
   *
   * Resolves when the state is no longer `loading`: at once where the storage has a good access token, after 3 s at most
   * where an expired one has to be renewed.
   *
   * @param options `probe`: in cookie mode ask the server for a session even where nothing says that there was one.
   * @throws {@link AuthError} what a redirect login failed with; the state is settled all the same.
   */
  readonly start = (options: { probe?: boolean | undefined } = {}): Promise<StartResult<User>> => {
    if (this.#life.signal.aborted) return Promise.reject(this.#life.signal.reason)
    this.#started ??= this.#begin(options.probe ?? false)
    return this.#started
  }

  /**
   * Signs in. The state, the storage and the events know when it resolves.
   *
   * @throws {@link AuthError} `invalid_credentials` when the server refused, its answer in `data`; `aborted` when a
   *   logout or a newer login came; `misconfigured`, `network`, `timeout`, `rate_limited`, `server_error`,
   *   `invalid_response`, `insecure_url`.
   */
  readonly login = async (...[credentials, options]: LoginArguments<Credentials>): Promise<AuthState<User>> => {
    const { backend } = this.#settings
    await this.#ready(options?.signal)
    return this.#signIn(true, options?.signal, (signal) =>
      this.#call('login', (context) => backend.login(credentials as Credentials, context), signal),
    )
  }

  /**
   * Adopts tokens that were got elsewhere (a registration, a native shell, a flow of your own) as a new session.
   *
   * @throws {@link AuthError} `invalid_response` when they hold neither an access token nor a refresh token.
   */
  readonly setTokens = async (tokens: TokenResponse<User>): Promise<AuthState<User>> => {
    await this.#ready()
    return this.#signIn(false, undefined, async () => tokens)
  }

  /**
   * Signs out: state and storage first, then the other tabs, then the server, which is told for 2 s at most. Never
   * rejects because of storage or server, and does nothing where nobody is signed in.
   *
   * @param options `returnTo`: where a provider's sign-out page leads back to, for backends that have one.
   */
  readonly logout = async (options?: { returnTo?: string | undefined }): Promise<void> => {
    // No `await` when the storage is read: from here on no request may leave with a token.
    const loading = this.#ready()
    if (loading) await loading
    this.#login?.abort(new AuthError('aborted', 'A logout has ended this login.'))
    const session = this.#keeper.current
    if (!session) return
    const ended = this.#keeper.end(session.id, 'logout')
    this.#events.flush()
    await ended
    await this.#tellServer(session.tokens, options)
  }

  /**
   * The access token, renewed first if it has expired: for WebSockets and HTTP clients of your own.
   *
   * @throws {@link AuthError} `login_required` when nobody is signed in, or else why the token could not be renewed.
   */
  readonly getAccessToken = async (options: AccessTokenOptions = {}): Promise<string> => {
    if (!this.#isLoaded || this.#life.signal.aborted) await this.#ready(options.signal)
    const session = this.#keeper.current
    if (!session) throw loginRequired()
    const { rejected, minValidity = 0, forceRefresh, signal } = options
    signal?.throwIfAborted()
    if (forceRefresh) return (await this.#demand.renew(session, signal)).tokens.accessToken
    if (rejected === session.tokens.accessToken) {
      const next = await this.#demand.replace(session, signal)
      if (!this.#keeper.current) throw loginRequired()
      return (next ?? session).tokens.accessToken
    }
    return (await this.#demand.ensure(session, minValidity, signal)).tokens.accessToken
  }

  /** Replaces the user, after a profile edit say; does nothing where nobody is signed in. */
  readonly setUser = (user: User): void => {
    this.#keeper.setUser(user)
    this.#events.flush()
  }

  /**
   * Calls `listener` with each new state. React's `useSyncExternalStore` takes it as it is.
   *
   * @returns its undo
   */
  readonly subscribe = (listener: (state: AuthState<User>) => void): Unsubscribe => this.#events.on('state', listener)

  /**
   * Calls `listener` at each `event`, until it is undone or `signal` is aborted.
   *
   * @returns its undo
   */
  readonly on = <K extends keyof AuthEvents<User>>(
    event: K,
    listener: (event: AuthEvents<User>[K]) => void,
    options: { signal?: AbortSignal | undefined } = {},
  ): Unsubscribe => this.#events.on(event, listener as (event: KeeperEvents<User>[K]) => void, options.signal)

  /** The last 50 transitions, oldest first: why somebody was signed out, why a request carried no token. */
  readonly explain = (): readonly TraceEntry[] => this.#trace.list()

  /**
   * Undoes all that `start()` began. A renewal on the wire is let finish and stored, since its refresh token is spent;
   * other requests are aborted, and later calls reject with `disposed`. The session stays in the storage.
   */
  readonly dispose = (): void => {
    this.#schedule.stop()
    this.#stopListening?.()
    this.#events.clear()
    this.#life.abort(new AuthError('disposed', 'This client has been disposed of: create another one.'))
    this.#refresher.hurry()
  }

  /** Nothing to wait for, once the storage has been read. */
  #ready(signal?: AbortSignal | null): Promise<void> | undefined {
    if (this.#life.signal.aborted) return Promise.reject(this.#life.signal.reason)
    if (this.#isLoaded) return undefined
    this.start().catch(() => undefined)
    return unlessAborted(this.#loaded as Promise<void>, signal)
  }

  async #begin(probe: boolean): Promise<StartResult<User>> {
    const { backend, environment } = this.#settings
    this.#stopListening = environment.lifecycle.listen((event) => {
      if (event === 'online' || event === 'visibilitychange') {
        this.#backoff.cutShort()
        this.#refresher.hurry()
      }
      this.#schedule.check()
    })
    let returnTo: string | undefined
    let failure: unknown
    const load = async (): Promise<void> => {
      await this.#keeper.load(async () => {
        if (backend.refreshVia !== 'cookie') return false
        const hadSession = await this.#mark.isSet()
        this.#isProbe = !hadSession && probe
        return hadSession || probe
      })
      try {
        returnTo = await this.#resume()
      } catch (error) {
        failure = error
      }
      this.#isLoaded = true
    }
    this.#loaded = unlessAborted(load(), this.#life.signal)
    await this.#loaded

    const restored = this.#restore().catch(() => undefined)
    await (this.#isProbe ? restored : within(environment, LOADING_AT_MOST, restored, () => undefined).catch(() => undefined))
    const session = this.#keeper.current
    if (this.#isProbe && session?.generation === 0) await this.#keeper.end(session.id, 'never')
    this.#life.signal.throwIfAborted()
    this.#keeper.reveal()
    this.#schedule.arm()
    this.#events.flush()
    if (failure) throw failure
    return returnTo === undefined ? this.state : Object.freeze({ ...this.state, returnTo })
  }

  /** Completes a login that left the page; resolves with where the app wanted to return to. */
  async #resume(): Promise<string | undefined> {
    const { backend } = this.#settings
    const answer = await backend.resume && (await this.#call('resume', async (context) => backend.resume?.(context), this.#life.signal))
    if (answer) await this.#signIn(true, undefined, async () => answer)
    return answer?.returnTo
  }

  /** Renews a restored session that has expired, and asks who it is if the record does not know. */
  async #restore(): Promise<void> {
    const { backend, environment } = this.#settings
    const session = this.#keeper.current
    if (!session) return
    if (remainingLifetime(session, environment) <= 0) {
      if (!isRenewable(backend, session.tokens)) this.#schedule.check()
      else if (environment.lifecycle.isOnline()) await this.#refresher.renew(session)
    }
    const { current } = this.#keeper
    if (!current?.tokens.accessToken || current.user !== undefined || !backend.user) return
    const user = await this.#call('user', async (context) => backend.user?.(current.tokens, context), this.#life.signal)
    if (this.#keeper.current?.id === current.id && user !== undefined) this.#keeper.setUser(user)
  }

  async #signIn(
    isFresh: boolean,
    callerSignal: AbortSignal | undefined,
    obtain: (signal: AbortSignal) => Promise<TokenResponse<User>>,
  ): Promise<AuthState<User>> {
    this.#login?.abort(new AuthError('aborted', 'A newer login has ended this one.'))
    const login = new AbortController()
    this.#login = login
    const signal = AbortSignal.any([login.signal, this.#life.signal, ...(callerSignal ? [callerSignal] : [])])
    let answer: TokenResponse<User> | undefined
    try {
      answer = await obtain(signal)
      answer = await this.#complete(answer, signal)
      signal.throwIfAborted()
    } catch (error) {
      if (answer && signal.aborted) this.#revoke(answer, login)
      throw error
    } finally {
      if (this.#login === login) this.#login = undefined
    }
    const established = this.#keeper.establish(answer, isFresh)
    this.#backoff.reset()
    this.#events.flush()
    await established
    return this.state
  }

  /** Fetches what a login's answer may lack: the access token of a login in two steps, and the user. */
  async #complete(answer: TokenResponse<User>, signal: AbortSignal): Promise<TokenResponse<User>> {
    const { backend } = this.#settings
    let whole = answer
    if (!answer?.accessToken && answer?.refreshToken) {
      const next = await this.#call('refresh', async (context) => backend.refresh?.(tokensOf(answer), context), signal)
      const { refreshToken, idToken, user } = answer
      whole = { ...next, refreshToken: next?.refreshToken ?? refreshToken, idToken: next?.idToken ?? idToken, user: next?.user ?? user }
    }
    if (!backend.user) return whole
    try {
      const user = await this.#call('user', async (context) => backend.user?.(tokensOf(whole), context), signal)
      return { ...whole, user }
    } catch {
      signal.throwIfAborted()
      return whole
    }
  }

  /** One attempt to renew `base`: resolves when it has a successor. */
  async #attempt(base: Session<User>): Promise<void> {
    const { backend, environment, refresh } = this.#settings
    const startedAt = environment.clock.now()
    try {
      if (!(await this.#ledger.begin(base, startedAt))) throw loginRequired()
      // Of no signal: once on the wire, the refresh token is spent, and the answer has to be kept.
      const exchange = this.#call('refresh', async (context) => backend.refresh?.(base.tokens, context), new AbortController().signal)
      const late = (): AuthError => new AuthError('timeout', `The backend took longer than ${refresh.timeout / 1000} s.`)
      const answer = (await within(environment, refresh.timeout, exchange, late)) ?? {}
      if (await this.#keeper.advance(base, startedAt, answer)) {
        this.#backoff.reset()
        return
      }
      this.#revoke(answer)
      throw loginRequired()
    } catch (error) {
      if (!isAuthError(error) || this.#keeper.current?.id !== base.id) throw loginRequired()
      if (error.code === 'refresh_rejected') {
        void this.#keeper.end(base.id, this.#isProbe && base.generation === 0 ? 'never' : 'revoked', error)
      } else {
        this.#fail(base, error)
      }
      throw error
    }
  }

  #fail(base: Session<User>, error: AuthError): void {
    const { clock, reportError } = this.#settings.environment
    this.#backoff.fail(error)
    this.#trace.add('not renewed', error.message, base.generation)
    this.#keeper.tell('refreshFailed', {
      error,
      attempt: this.#backoff.count,
      retryAt: clock.now() + this.#backoff.untilTimer(),
    })
    this.#keeper.refreshState()
    if (error.code === 'misconfigured') reportError(error)
  }

  #degrade(error: AuthError): void {
    if (this.#isDegraded) return
    this.#isDegraded = true
    this.#trace.add('storage degraded', error.message)
    this.#keeper.tell('storageDegraded', { error })
    queueMicrotask(() => this.#events.flush())
  }

  /** Takes back tokens that came too late. A cookie is everybody's: it is left alone once somebody has signed in again. */
  #revoke(answer: TokenResponse<User>, login?: AbortController): void {
    const isTaken = this.#keeper.current !== undefined || (this.#login !== undefined && this.#login !== login)
    if (this.#settings.backend.refreshVia !== 'cookie' || !isTaken) void this.#tellServer(tokensOf(answer))
  }

  async #tellServer(tokens: TokenSet, options?: { returnTo?: string | undefined }): Promise<void> {
    const { backend, environment } = this.#settings
    if (!backend.logout) return
    const told = this.#call('logout', async (context) => backend.logout?.(tokens, context), this.#life.signal, options)
    await within(environment, FAREWELL_AT_MOST, told, () => undefined).catch(() => undefined)
  }
}

function tokensOf({ accessToken = '', refreshToken, idToken }: TokenResponse): TokenSet {
  return { accessToken, refreshToken, idToken }
}

/** Whether there is anything to renew `tokens` with. */
function isRenewable({ refresh, refreshVia }: Pick<AuthBackend, 'refresh' | 'refreshVia'>, tokens: TokenSet): boolean {
  if (!refresh || refreshVia === 'none') return false
  return refreshVia !== 'body' || Boolean(tokens.refreshToken)
}
