import type { LogoutOptions } from './backends/contract.js'
import type { AccessTokenOptions, ListenerOptions, LoginArguments, StartOptions } from './call-options.js'
import { AuthError } from './errors.js'
import { createEvents, type Unsubscribe } from './events.js'
import { createAuthorizedFetch } from './http/authorized-fetch.js'
import { createDestinations } from './http/destinations.js'
import { createTokenCaller } from './http/token-calls.js'
import { allowInspection } from './inspection.js'
import { type CoreOptions, resolveOptions } from './options.js'
import { createAttempts } from './refresh/attempt.js'
import { createBackoff } from './refresh/backoff.js'
import { createExchange } from './refresh/exchange.js'
import { canRenew, createPlan } from './refresh/plan.js'
import { createRenewal, FORCED, loginRequired } from './refresh/renewal.js'
import { createSchedule } from './refresh/schedule.js'
import type { AuthEvents, KeeperEvents } from './session/auth-events.js'
import { createFollower } from './session/follower.js'
import { createKeeper } from './session/keeper.js'
import { createMark } from './session/mark.js'
import type { Session } from './session/session.js'
import type { AuthState, LogoutReason, StartResult } from './session/state.js'
import { createStore } from './session/store.js'
import type { TokenResponse } from './session/tokens.js'
import { createSignIn } from './sign-in.js'
import { createStartup } from './startup.js'
import { webStorage } from './storage/web.js'
import { createHints } from './tabs/hints.js'
import { type Entry, openLedger, takeTurns } from './tabs/ledger.js'
import { createTurns } from './tabs/turns.js'
import { createTrace } from './trace.js'

/** Joins the rooms: builds every part, and hands back what the client can do. */
export function createClient<Credentials extends object, User>(options: CoreOptions<Credentials, User>) {
  const settings = resolveOptions(options)
  const { backend, inCookie, environment, storageKey, storage } = settings
  const events = createEvents<KeeperEvents<User>>(environment.reportError)
  const { flush } = events
  const trace = createTrace(environment.clock.now)
  const disposal = new AbortController()
  const life = disposal.signal
  const backoff = createBackoff(environment)
  let isDegraded = false
  /** How often `logout` was called. */
  let departures = 0

  const isRenewable = ({ tokens }: Pick<Session, 'tokens'>): boolean => canRenew(backend, tokens)

  const mark = createMark(environment.marks ?? webStorage('local'), `${storageKey}.mark`)
  const store = createStore<User>(storage, storageKey, backend.id, environment, life, (error) => {
    schedule.arm()
    if (isDegraded) return
    isDegraded = true
    trace.add('storage degraded', error.message)
    keeper.tell('storageDegraded', { error })
    queueMicrotask(flush)
  })
  // Who else sees the storage decides what there is to agree on; a refresh cookie is seen by all.
  const { scope = 'origin' } = storage
  const isPrivate = inCookie && scope !== 'origin'
  const nameOf = ({ id }: Entry): string => (scope === 'tab' ? id : storageKey)
  const base = {
    ...settings,
    events,
    trace,
    life,
    mark,
    store,
    backoff,
    destinations: createDestinations(settings),
    hints: createHints(environment, storageKey, trace, (hint) => follower?.hear(hint)),
  }
  const ledger = isPrivate
    ? takeTurns(base, storageKey)
    : openLedger({ ...base, nameOf, isPrivate: () => scope === 'memory' || store.isDenied })
  const call = createTokenCaller(base)
  const keeper = createKeeper<User>({
    ...base,
    ledger,
    plan: createPlan(base),
    onChange: (session, isOther, error) => {
      if (isOther) renewal.abandon(loginRequired(error))
      backoff.reset()
      if (inCookie) void mark.set(!!session, isOther)
      schedule.arm()
    },
    announce: (isComplete) => base.hints.send(isComplete === false ? 'wanted' : 'changed'),
  })
  const { current, state } = keeper
  const settled = (): void => {
    schedule.arm()
    flush()
  }
  const shared = { ...base, ledger, call, keeper }
  const follower =
    scope === 'memory' || isPrivate
      ? undefined
      : createFollower<User>({
          ...shared,
          scope,
          onFailure: (failure) => attempts.heed(failure),
          onSettled: () => renewal.arrive(),
        })
  const exchange = createExchange<User>({ ...shared, isPrivate })
  const parts = {
    ...shared,
    current,
    canRenew: isRenewable,
    end: ({ id }: Session, reason: LogoutReason, error?: AuthError): void => {
      void keeper.end(id, reason, error)
      flush()
    },
    follower,
    exchange,
    turns: createTurns(base),
  }

  const signIn = createSignIn<User>(parts)
  const attempts = createAttempts<User>({
    ...parts,
    lockOf: (session) => (inCookie ? storageKey : scope === 'memory' ? undefined : nameOf(session)),
    revoke: signIn.revoke,
    onSuccess: () => {
      renewal.arrive()
      void signIn.introduce()
    },
  })
  const renewal = createRenewal<User>({ ...parts, attempt: attempts.make, onSettled: settled })
  const schedule = createSchedule<User>({ ...parts, renewal })
  const { start, ready, caughtUp } = createStartup<User>({ ...parts, signIn, renewal, schedule })

  const enter = async (
    isJustIssued: boolean,
    signal: AbortSignal | undefined,
    obtain: (signal: AbortSignal) => Promise<TokenResponse<User>>,
  ): Promise<AuthState<User>> => {
    await signIn.enter(isJustIssued, signal, async (wanted) => {
      await ready(wanted)
      return obtain(wanted)
    })
    return state()
  }

  const client = {
    get state(): AuthState<User> {
      return state()
    },
    fetch: createAuthorizedFetch({ ...parts, renewal, ready: caughtUp, departures: () => departures }),
    start: ({ probe = false }: StartOptions = {}): Promise<StartResult<User>> => start(probe),
    login: (
      ...[credentials = {} as Credentials, { signal } = {}]: LoginArguments<Credentials>
    ): Promise<AuthState<User>> =>
      enter(true, signal, (wanted) => call('login', (context) => backend.login(credentials, context), wanted)),
    setTokens: (tokens: TokenResponse<User>): Promise<AuthState<User>> => enter(false, undefined, async () => tokens),
    async logout(how: LogoutOptions = {}): Promise<void> {
      signIn.cancel('A logout has ended this login.')
      departures += 1
      // No `await` when the storage is read: from here on no request may leave with a token.
      const loading = ready()
      if (loading) await loading
      const session = current()
      if (!session) return
      const ended = keeper.end(session.id, 'logout')
      exchange.forget()
      flush()
      await ended
      await signIn.leave(session.tokens, how)
    },
    async getAccessToken(wanted: AccessTokenOptions = {}): Promise<string> {
      const { rejected, minValidity = 0, forceRefresh, signal } = wanted
      const loading = caughtUp(signal)
      if (loading) await loading
      signal?.throwIfAborted()
      let session = current()
      const id = session?.id
      if (session && forceRefresh) session = await renewal.renew(session, signal, FORCED)
      else if (session && rejected === session.tokens.accessToken)
        session = (await renewal.replace(session, signal)) ?? current()
      else if (session) {
        const ensured = renewal.ensure(session, minValidity, signal)
        session = ensured instanceof Promise ? await ensured : ensured
      }
      // Somebody else may have signed in meanwhile: whoever asked did not mean them.
      if (!session || session.id !== id) throw loginRequired()
      return session.tokens.accessToken
    },
    setUser(user: User): void {
      if (life.aborted) return
      keeper.setUser(user)
      flush()
    },
    subscribe: (listener: (state: AuthState<User>) => void): Unsubscribe => events.on('state', listener),
    on: <K extends keyof AuthEvents<User>>(
      event: K,
      listener: (event: AuthEvents<User>[K]) => void,
      { signal }: ListenerOptions = {},
    ): Unsubscribe => events.on(event, listener as (event: KeeperEvents<User>[K]) => void, signal),
    explain: trace.list,
    dispose(): void {
      disposal.abort(new AuthError('disposed', 'This client has been disposed of: create another one.'))
      schedule.arm()
      exchange.close()
      events.close()
      renewal.abandon(life.reason)
    },
  }
  allowInspection<User>(client, { settings, keeper, schedule, flush })
  return client
}
