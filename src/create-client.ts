import type { LogoutOptions } from './backends/contract.js'
import type { AccessTokenOptions, ListenerOptions, LoginArguments, StartOptions } from './call-options.js'
import { AuthError } from './errors.js'
import { createEvents, type Unsubscribe } from './events.js'
import { createAuthorizedFetch } from './http/authorized-fetch.js'
import { createDestinations } from './http/destinations.js'
import { createTokenCaller } from './http/token-calls.js'
import type { Inspection } from './inspection.js'
import { type CoreOptions, resolveOptions } from './options.js'
import { createAttempts } from './refresh/attempt.js'
import { createBackoff } from './refresh/backoff.js'
import { createExchange } from './refresh/exchange.js'
import { canRenew, planRenewal } from './refresh/plan.js'
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
  const { backend, inCookie, environment, refresh, storageKey } = settings
  const events = createEvents<KeeperEvents<User>>(environment.reportError)
  const trace = createTrace(environment.clock.now)
  const disposal = new AbortController()
  const life = disposal.signal
  let isDegraded = false
  /** How often `logout` was called. */
  let departures = 0

  const isRenewable = ({ tokens }: Pick<Session, 'tokens'>): boolean => canRenew(backend, tokens)

  const mark = createMark(environment.marks ?? webStorage('local'), `${storageKey}.mark`)
  const store = createStore(settings.storage, storageKey, environment, life, (error) => {
    schedule.arm()
    if (isDegraded) return
    isDegraded = true
    trace.add('storage degraded', error.message)
    keeper.tell('storageDegraded', { error })
    queueMicrotask(events.flush)
  })
  // Who else sees the storage decides what there is to agree on; a refresh cookie is seen by all.
  const scope = settings.storage.scope ?? 'origin'
  const nameOf = ({ id }: Entry): string => (scope === 'tab' ? id : storageKey)
  const ledger =
    inCookie && scope !== 'origin'
      ? takeTurns({ environment, trace }, storageKey)
      : openLedger({ environment, trace, nameOf, isPrivate: () => scope === 'memory' || store.isDenied })
  const hints = createHints(environment, storageKey, trace, (hint) => follower?.hear(hint))
  const keeper = createKeeper<User>({
    ...settings,
    store,
    ledger,
    events,
    trace,
    plan: (tokens, receivedAt, isWide) => {
      // Only what calls the server needs spreading.
      const spread = refresh.spread !== false && canRenew(backend, tokens)
      return planRenewal(receivedAt, tokens.expiresAt, isWide, environment.random, { ...refresh, spread })
    },
    onChange: (session, isOther, error) => {
      if (isOther) renewal.abandon(loginRequired(error))
      if (inCookie) mark.set(!!session)
      schedule.arm()
    },
    announce: (isComplete) => hints.send(isComplete === false ? 'wanted' : 'changed'),
  })
  const { current, state } = keeper
  const { flush } = events

  const destinations = createDestinations(settings)
  const call = createTokenCaller({ ...settings, destinations })
  const backoff = createBackoff(environment)
  const end = ({ id }: Session, reason: LogoutReason, error?: AuthError): void => {
    void keeper.end(id, reason, error)
    flush()
  }
  const settled = (): void => {
    schedule.arm()
    flush()
  }
  const follower =
    scope === 'memory' || (inCookie && scope === 'tab')
      ? undefined
      : createFollower<User>({
          ...settings,
          scope,
          life,
          store,
          ledger,
          keeper,
          hints,
          onMove: () => {
            backoff.reset()
            renewal.arrive()
            renewal.hurry()
          },
          onFailure: (failure) => attempts.heed(failure),
          onSettled: settled,
        })
  const exchange = createExchange<User>({ ...settings, isPrivate: inCookie && scope !== 'origin', trace, call })
  const parts = {
    ...settings,
    events,
    trace,
    life,
    mark,
    store,
    keeper,
    current,
    canRenew: isRenewable,
    end,
    destinations,
    call,
    backoff,
    ledger,
    hints,
    follower,
    exchange,
    turns: createTurns({ ...settings, trace, life }),
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
    onLate: flush,
  })
  const renewal = createRenewal<User>({ ...parts, attempt: attempts.make, onSettled: settled })
  const schedule = createSchedule<User>({ ...parts, renewal })
  const { start, ready, caughtUp, stop } = createStartup<User>({ ...parts, signIn, renewal, schedule })

  return {
    state,
    fetch: createAuthorizedFetch({ ...parts, renewal, ready: caughtUp, departures: () => departures }),
    start: ({ probe = false }: StartOptions = {}): Promise<StartResult<User>> => start(probe),
    async login(...[credentials, { signal } = {}]: LoginArguments<Credentials>): Promise<AuthState<User>> {
      await signIn.enter(true, signal, async (wanted) => {
        await ready(wanted)
        return call('login', (context) => backend.login((credentials ?? {}) as Credentials, context), wanted)
      })
      return state()
    },
    async setTokens(tokens: TokenResponse<User>): Promise<AuthState<User>> {
      await signIn.enter(false, undefined, async (wanted) => {
        await ready(wanted)
        return tokens
      })
      return state()
    },
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
      if (session && forceRefresh) session = await renewal.renew(session, signal, FORCED)
      else if (session && rejected === session.tokens.accessToken)
        session = (await renewal.replace(session, signal)) ?? current()
      else if (session) {
        const ensured = renewal.ensure(session, minValidity, signal)
        session = ensured instanceof Promise ? await ensured : ensured
      }
      if (!session) throw loginRequired()
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
    inspection: { settings, keeper, schedule, flush } satisfies Inspection<User>,
    dispose(): void {
      disposal.abort(new AuthError('disposed', 'This client has been disposed of: create another one.'))
      schedule.arm()
      stop()
      exchange.close()
      events.close()
      renewal.abandon(life.reason)
    },
  }
}
