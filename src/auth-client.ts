/// <reference lib="esnext.disposable" preserve="true" />
import type { LogoutOptions } from './backends/contract.js'
import { unlessAborted, within } from './environment.js'
import { AuthError, isAuthError } from './errors.js'
import { createEvents, type Unsubscribe } from './events.js'
import { createAuthorizedFetch } from './http/authorized-fetch.js'
import { createDestinations } from './http/destinations.js'
import { createTokenCaller } from './http/token-calls.js'
import { type CoreOptions, resolveOptions } from './options.js'
import { createBackoff } from './refresh/backoff.js'
import { planRenewal } from './refresh/plan.js'
import { createRenewal, loginRequired } from './refresh/renewal.js'
import { createSchedule } from './refresh/schedule.js'
import type { AuthEvents, KeeperEvents } from './session/auth-events.js'
import { createKeeper } from './session/keeper.js'
import { createMark } from './session/mark.js'
import { remainingLifetime, type Session } from './session/session.js'
import type { AuthState, StartResult } from './session/state.js'
import { createStore } from './session/store.js'
import type { TokenResponse } from './session/tokens.js'
import { createSignIn } from './sign-in.js'
import { webStorage } from './storage/web.js'
import { memoryLedger, openLedger } from './tabs/ledger.js'
import { createTrace, type TraceEntry } from './trace.js'

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

/** How to start. */
export interface StartOptions {
  /** In cookie mode, ask the server for a session even where nothing says that there was one. @default false */
  probe?: boolean | undefined
}

/** How long to listen. */
export interface ListenerOptions {
  /** Undoes the subscription when it is aborted. */
  signal?: AbortSignal | undefined
}

/** A restored session is renewed for so long before the state stops to be `loading`. */
const LOADING_AT_MOST = 3000

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
   *   `invalid_response`, `insecure_url`.
   */
  declare readonly login: (...parameters: LoginArguments<Credentials>) => Promise<AuthState<User>>

  /**
   * Adopts tokens that were got elsewhere (a registration, a native shell, a flow of your own) as a new session.
   *
   * @throws {@link AuthError} `invalid_response` when they hold neither an access token nor a refresh token.
   */
  declare readonly setTokens: (tokens: TokenResponse<User>) => Promise<AuthState<User>>

  /**
   * Signs out: state and storage first, then the other tabs, then the server, which is told for 2 s at most. Never
   * rejects because of storage or server, and does nothing where nobody is signed in.
   */
  declare readonly logout: (options?: LogoutOptions) => Promise<void>

  /**
   * The access token, renewed first if it has expired: for WebSockets and HTTP clients of your own.
   *
   * @throws {@link AuthError} `login_required` when nobody is signed in, or else why the token could not be renewed.
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
    const settings = resolveOptions(options)
    const { backend, inCookie, environment, refresh, storageKey } = settings
    const { clock, lifecycle, random } = environment
    const events = createEvents<KeeperEvents<User>>(environment.reportError)
    const trace = createTrace(clock.now)
    const disposal = new AbortController()
    const life = disposal.signal
    let isDegraded = false

    const store = createStore(settings.storage, storageKey, environment, (error) => {
      schedule.arm()
      if (isDegraded) return
      isDegraded = true
      trace.add('storage degraded', error.message)
      keeper.tell('storageDegraded', { error })
      queueMicrotask(events.flush)
    })
    const mark = createMark(environment.marks ?? webStorage('local'), `${storageKey}.mark`)
    const keeper = createKeeper<User>({
      ...settings,
      store,
      ledger: openLedger(environment.ledger ?? memoryLedger(), storageKey),
      events,
      trace,
      plan: (tokens, receivedAt, isWide) => {
        // Only what calls the server needs spreading.
        const spread = refresh.spread !== false && canRenew({ tokens })
        return planRenewal(receivedAt, tokens.expiresAt, isWide, random, { ...refresh, spread })
      },
      onChange: (session, isOther, error) => {
        if (isOther) renewal.abandon(loginRequired(error))
        if (inCookie) mark.set(!!session)
        schedule.arm()
      },
    })
    const { current } = keeper
    const canRenew = ({ tokens }: Pick<Session, 'tokens'>): boolean =>
      !!backend.refresh && (backend.refreshVia === 'body' ? !!tokens.refreshToken : backend.refreshVia !== 'none')
    const expire = ({ id }: Session): void => {
      void keeper.end(id, 'expired')
      events.flush()
    }

    const destinations = createDestinations(settings)
    const call = createTokenCaller({ ...settings, destinations })
    const backoff = createBackoff(environment)
    const parts = { ...settings, trace, life, keeper, current, canRenew, expire, backoff, destinations, call }
    const signIn = createSignIn<User>({
      ...parts,
      onEnter: () => {
        backoff.reset()
        events.flush()
      },
    })

    const attempt = async (base: Session<User>): Promise<void> => {
      try {
        // Of no signal: once on the wire, the refresh token is spent, and the answer has to be kept.
        const exchange = call(
          'refresh',
          async (context) => backend.refresh?.(base.tokens, context),
          new AbortController().signal,
        )
        const late = new AuthError('timeout', 'The backend took longer than `refresh.timeout`.')
        const answer = (await within(environment, refresh.timeout, exchange, late)) as TokenResponse<User>
        if (await keeper.advance(base, answer)) backoff.reset()
        else signIn.revoke(answer)
      } catch (error) {
        if (!isAuthError(error) || current()?.id !== base.id) throw loginRequired()
        if (error.code === 'refresh_rejected') {
          void keeper.end(base.id, isProbe && !base.generation ? 'never' : 'revoked', error)
        } else {
          backoff.fail(error)
          trace.add('not renewed', error.message, base.generation)
          keeper.tell('refreshFailed', { error, attempt: backoff.count, retryAt: clock.now() + backoff.pauses[0] })
          keeper.reveal()
          if (error.code === 'misconfigured') environment.reportError(error)
        }
        throw error
      }
    }
    const renewal = createRenewal<User>({
      ...parts,
      attempt,
      onSettled: () => {
        schedule.arm()
        events.flush()
      },
    })
    const schedule = createSchedule<User>({
      ...parts,
      renewal,
      isOnDemand: refresh.when === 'on-demand',
      isBehind: () => store.isBehind,
      warn: ({ tokens }) => {
        keeper.tell('expiring', { expiresAt: tokens.expiresAt as number })
        events.flush()
      },
      tidy: () => {
        store.retry()
        keeper.reveal()
        events.flush()
      },
    })

    let started: Promise<StartResult<User>> | undefined
    let loaded: Promise<void>
    let isLoaded = false
    /** Whether only `probe` asks for a session: then its absence is no news. */
    let isProbe = false
    let stopListening: Unsubscribe | undefined

    const load = async (probe: boolean): Promise<StartResult<User>['returnTo']> => {
      await keeper.load(async () => {
        const hadSession = inCookie && (await mark.isSet())
        isProbe = inCookie && probe && !hadSession
        return hadSession || isProbe
      })
      const resumed = backend.resume && (await call('resume', async (context) => backend.resume?.(context), life))
      if (resumed) await signIn.enter(true, undefined, async () => resumed)
      return resumed?.returnTo
    }

    /** Renews a restored session that has expired, and asks who it is if the record does not know. */
    const restore = async (): Promise<void> => {
      const session = current()
      if (session && remainingLifetime(session, environment) <= 0) {
        if (canRenew(session) && lifecycle.isOnline()) await renewal.renew(session)
        else schedule.check()
      }
      const renewed = current()
      if (!renewed?.tokens.accessToken || renewed.user !== undefined) return
      const user = await signIn.askUser(renewed.tokens, life)
      if (user !== undefined && current()?.id === renewed.id) keeper.setUser(user)
    }

    const begin = async (probe: boolean): Promise<StartResult<User>> => {
      stopListening = lifecycle.listen((event) => {
        if (event === 'online' || event === 'visibilitychange') {
          backoff.cutShort()
          renewal.hurry()
        }
        schedule.check()
      })
      const loading = unlessAborted(load(probe), life)
      loaded = loading.then(
        () => undefined,
        () => life.throwIfAborted(),
      )
      await loaded
      isLoaded = true
      const restored = restore().catch(() => undefined)
      await (isProbe ? restored : within(environment, LOADING_AT_MOST, restored, undefined).catch(() => undefined))
      const session = current()
      if (isProbe && session?.generation === 0) await keeper.end(session.id, 'never')
      life.throwIfAborted()
      keeper.reveal(true)
      schedule.arm()
      events.flush()
      const returnTo = await loading
      return returnTo === undefined ? keeper.state() : Object.freeze({ ...keeper.state(), returnTo })
    }

    const start = (options?: StartOptions): Promise<StartResult<User>> => {
      if (life.aborted) return Promise.reject(life.reason)
      started ??= begin(options?.probe === true)
      return started
    }

    /** Nothing to wait for, once the storage has been read. */
    const ready = (signal?: AbortSignal | null): Promise<void> | undefined => {
      if (isLoaded && !life.aborted) return undefined
      start().catch(() => undefined)
      return unlessAborted(life.aborted ? Promise.reject(life.reason) : loaded, signal)
    }

    const dispose = (): void => {
      disposal.abort(new AuthError('disposed', 'This client has been disposed of: create another one.'))
      schedule.arm()
      stopListening?.()
      events.clear()
      renewal.abandon(life.reason)
    }

    const methods: Omit<AuthClient<Credentials, User>, 'state' | typeof Symbol.dispose> = {
      fetch: createAuthorizedFetch({ ...parts, renewal, ready }),
      start,
      async login(...[credentials, { signal } = {}]) {
        await ready(signal)
        const obtain = (wanted: AbortSignal): Promise<TokenResponse<User>> =>
          call('login', (context) => backend.login(credentials as Credentials, context), wanted)
        await signIn.enter(true, signal, obtain)
        return keeper.state()
      },
      async setTokens(tokens) {
        await ready()
        await signIn.enter(false, undefined, async () => tokens)
        return keeper.state()
      },
      async logout(options) {
        // No `await` when the storage is read: from here on no request may leave with a token.
        const loading = ready()
        if (loading) await loading
        signIn.cancel('A logout has ended this login.')
        const session = current()
        if (!session) return
        const ended = keeper.end(session.id, 'logout')
        events.flush()
        await ended
        await signIn.leave(session.tokens, options)
      },
      async getAccessToken({ rejected, minValidity = 0, forceRefresh, signal } = {}) {
        const loading = ready(signal)
        if (loading) await loading
        signal?.throwIfAborted()
        let session = current()
        if (session && forceRefresh) session = await renewal.renew(session, signal)
        else if (session && rejected === session.tokens.accessToken)
          session = (await renewal.replace(session, signal)) ?? current()
        else if (session) session = await renewal.ensure(session, minValidity, signal)
        if (!session) throw loginRequired()
        return session.tokens.accessToken
      },
      setUser(user) {
        keeper.setUser(user)
        events.flush()
      },
      subscribe: (listener) => events.on('state', listener),
      on: (event, listener, { signal } = {}) => events.on(event, listener as never, signal),
      explain: trace.list,
      dispose,
    }
    // Own properties that need no `this`: they may be detached, and work behind a Vue or MobX proxy.
    Object.assign(this, methods)
    Object.defineProperty(this, 'state', { get: keeper.state, enumerable: true })
    if (Symbol.dispose) Object.defineProperty(this, Symbol.dispose, { value: dispose })
  }
}
