import type { Environment } from '../environment.js'
import type { AuthError } from '../errors.js'
import type { Events } from '../events.js'
import type { SessionLedger } from '../tabs/ledger.js'
import type { Trace } from '../trace.js'
import { isSame } from './json.js'
import { decodeRecord, encodeRecord } from './record.js'
import { awaitTokens, nextSession, type RenewalPlan, remainingLifetime, reviveSession, type Session } from './session.js'
import { type AuthState, LOADING, type LogoutReason, signedIn, signedOut } from './state.js'
import type { Store } from './store.js'
import { requireAccessToken, type TokenResponse } from './tokens.js'

/** What every event carries. */
export interface AuthEvent {
  /** When, in epoch milliseconds. */
  readonly at: number
  /** Which tab did it. */
  readonly origin: 'this-tab' | 'other-tab'
  /** The generation of the session that it is about. */
  readonly generation: number
}

/** What the client tells its listeners; each event once in each tab. */
export interface AuthEvents<User = unknown> {
  /** Somebody signed in; not told when a session is restored. */
  login: AuthEvent & { readonly user: User | undefined }
  /** The session is over: exactly one for each session and tab. `error` tells more where a server ended it. */
  logout: AuthEvent & { readonly reason: LogoutReason; readonly error?: AuthError | undefined }
  /** The tokens were renewed. */
  refresh: AuthEvent & { readonly expiresAt: number | undefined }
  /** A renewal failed, the session goes on: the `attempt`-th failure in a row, tried again at `retryAt`. */
  refreshFailed: AuthEvent & {
    readonly error: AuthError
    readonly attempt: number
    readonly retryAt: number | undefined
  }
  /** The session is about to end at `expiresAt`: there is nothing to renew it with. */
  expiring: AuthEvent & { readonly expiresAt: number }
  /** The storage is denied, full or broken: the session is kept in memory. Told once. */
  storageDegraded: AuthEvent & { readonly error: AuthError }
}

/** The public events, and the one behind `subscribe`. */
export type KeeperEvents<User> = AuthEvents<User> & { state: AuthState<User> }

/** Holds the current session, and is the only one to change it: in memory, storage, ledger, state and events alike. */
export interface Keeper<User> {
  readonly current: Session<User> | undefined
  readonly state: AuthState<User>
  /** Reads the storage. `hadSession` tells whether to ask the server where the storage has nothing. */
  load(hadSession: () => Promise<boolean>): Promise<void>
  /** Ends the state `loading`. */
  reveal(): void
  /** Looks again whether the access token has become stale. */
  refreshState(): void
  /** Begins a new session; `isFresh` if its tokens were issued just now. */
  establish(answer: TokenResponse<User>, isFresh: boolean): Promise<void>
  /** Moves on from `base` by an answer to the attempt `startedAt`; `false` if that came too late. */
  advance(base: Session<User>, startedAt: number, answer: TokenResponse<User>): Promise<boolean>
  /** Ends the session `id`, if it is the current one. `never`: nobody had noticed it. */
  end(id: string, reason: 'never' | LogoutReason, error?: AuthError): Promise<void>
  setUser(user: User): void
  /** Queues an event about the current session. */
  tell<K extends keyof AuthEvents<User>>(name: K, details: Omit<AuthEvents<User>[K], keyof AuthEvent>): void
}

/** What a keeper is made of. */
export interface KeeperParts<User> {
  readonly backendId: string
  /** Whether the refresh token is in an HttpOnly cookie: then script neither has nor keeps one. */
  readonly inCookie: boolean
  readonly initial: TokenResponse<User> | undefined
  readonly store: Store
  readonly ledger: SessionLedger
  readonly environment: Environment
  readonly events: Events<KeeperEvents<User>>
  readonly trace: Trace
  readonly plan: RenewalPlan
  /** Called after each change: sets the timer, and the mark of cookie mode. */
  readonly onChange: (session: Session<User> | undefined) => void
}

export function createKeeper<User>(parts: KeeperParts<User>): Keeper<User> {
  const { backendId, inCookie, store, ledger, environment, events, trace, plan, onChange } = parts
  let { initial } = parts
  let current: Session<User> | undefined
  let state: AuthState<User> = LOADING
  let isRevealed = false

  const event = (generation = current?.generation ?? 0): AuthEvent => ({
    at: environment.clock.now(),
    origin: 'this-tab',
    generation,
  })

  /** Shows `next` as the state, unless it says the same as the one before. */
  const show = (next: AuthState<User>): void => {
    isRevealed = true
    if (isSame(next, state)) return
    state = next
    events.emit('state', next)
  }

  const reveal = (): void =>
    show(current ? signedIn(current, remainingLifetime(current, environment) <= 0) : signedOut('never'))

  const refreshState = (): void => {
    if (isRevealed && current) reveal()
  }

  const scrub = (answer: TokenResponse<User>): TokenResponse<User> =>
    ({ ...answer, ...(inCookie && { refreshToken: undefined }) })

  const adoptInitial = (): void => {
    if (!initial) return
    current = nextSession(scrub(initial), undefined, environment, plan, false)
    initial = undefined
    reveal()
  }

  /** Makes `session` the current one, for this page and for the next. */
  const keep = (session: Session<User>): Promise<void> => {
    current = session
    onChange(session)
    return store.save(encodeRecord(session, backendId))
  }

  const tell: Keeper<User>['tell'] = (name, details) =>
    events.emit(name, { ...event(), ...details } as KeeperEvents<User>[typeof name])

  const end: Keeper<User>['end'] = async (id, reason, error) => {
    if (current?.id !== id) return
    const { generation } = current
    current = undefined
    onChange(undefined)
    const done = Promise.all([store.save(null), ledger.end(id)])
    show(signedOut(reason))
    if (reason !== 'never') {
      trace.add('signed out', error?.message ?? WHY[reason], generation)
      events.emit('logout', { ...event(generation), reason, error })
    }
    await done
  }

  return {
    get current() {
      return current
    },
    get state() {
      adoptInitial()
      return state
    },
    reveal,
    refreshState,
    async load(hadSession) {
      const text = await store.load()
      const stored = text === null ? undefined : decodeRecord<User>(text, backendId)
      if (stored) {
        initial = undefined
        current = reviveSession(stored, environment)
        onChange(current)
        trace.add('restored', 'The storage held a session.', stored.generation)
      } else {
        trace.add('nothing restored', text === null ? 'The storage is empty.' : UNREADABLE)
        adoptInitial()
        if (current) void keep(current)
        else if (await hadSession()) current = awaitTokens(environment)
      }
      if (current) await ledger.adopt(current)
    },
    async establish(answer, isFresh) {
      const session = nextSession(scrub(answer), undefined, environment, plan, isFresh)
      if (current) {
        const { generation } = current
        trace.add('signed out', WHY.replaced, generation)
        events.emit('logout', { ...event(generation), reason: 'replaced', error: undefined })
      }
      const done = Promise.all([keep(session), ledger.adopt(session)])
      trace.add('signed in', 'The backend gave tokens.', session.generation)
      reveal()
      tell('login', { user: session.user })
      await done
    },
    async advance(base, startedAt, answer) {
      requireAccessToken(answer)
      const isCommitted = await ledger.commit(base, startedAt)
      if (!isCommitted || current?.id !== base.id) return false
      // From the current session, not from `base`: the app may have set another user meanwhile.
      const session = nextSession(scrub(answer), current, environment, plan)
      void keep(session)
      trace.add('renewed', 'The backend gave new tokens.', session.generation)
      refreshState()
      tell('refresh', { expiresAt: session.tokens.expiresAt })
      return true
    },
    end,
    setUser(user) {
      if (!current) return
      void keep({ ...current, user: isSame(user, current.user) ? current.user : user })
      refreshState()
    },
    tell,
  }
}

const UNREADABLE = 'The record in the storage is damaged, of another version, or of another backend.'

const WHY: Record<LogoutReason, string> = {
  logout: 'The app called logout().',
  expired: 'The access token expired, and there was nothing to renew it with.',
  revoked: 'The server refused to renew the session.',
  replaced: 'Somebody signed in over it.',
  'storage-cleared': 'The record was deleted from the storage.',
}
