import type { Environment } from '../environment.js'
import type { AuthError } from '../errors.js'
import type { Events } from '../events.js'
import type { SessionLedger } from '../tabs/ledger.js'
import type { Trace } from '../trace.js'
import type { AuthEvent, AuthEvents, KeeperEvents } from './auth-events.js'
import { isSame } from './json.js'
import { decodeRecord, encodeRecord } from './record.js'
import {
  awaitTokens,
  nextSession,
  type RenewalPlan,
  remainingLifetime,
  reviveSession,
  type Session,
} from './session.js'
import { type AuthState, LOADING, type LogoutReason, signedIn, signedOut } from './state.js'
import type { Store } from './store.js'
import type { TokenResponse } from './tokens.js'

/** Holds the current session, and is the only one to change it: in memory, storage, ledger, state and events alike. */
export interface Keeper<User> {
  readonly current: () => Session<User> | undefined
  readonly state: () => AuthState<User>
  /** Reads the storage; `ask` tells why the server should be asked for a session where the storage has none. */
  load(ask: () => Promise<'mark' | 'probe' | undefined>): Promise<void>
  /** Whether only `probe` asks for a session so far: its absence would be no news. */
  isProbing(): boolean
  /** Shows the session as it is now; `isFirst` ends the state `loading`, which else goes on. */
  reveal(isFirst?: boolean): void
  /** Whether the state says that the access token has expired. */
  isStale(): boolean
  /** Begins a new session; `isJustIssued` if its tokens are. */
  establish(answer: TokenResponse<User>, isJustIssued: boolean): Promise<void>
  /** Moves on from `base` because of `cause`; `false` if the answer came too late. */
  advance(base: Session<User>, answer: TokenResponse<User>, cause: string): Promise<boolean>
  /** Ends the session `id`, if it is the current one. `never`: nobody had noticed it. */
  end(id: string, reason: 'never' | LogoutReason, error?: AuthError): Promise<void>
  setUser(user: User): void
  /** Queues an event about the current session. */
  tell<K extends keyof AuthEvents<User>>(name: K, details: Omit<AuthEvents<User>[K], keyof AuthEvent>): void
}

/** What a keeper is made of. */
export interface KeeperParts<User> {
  readonly backend: { readonly id: string }
  /** Whether the refresh token is in an HttpOnly cookie: then script neither has nor keeps one. */
  readonly inCookie: boolean
  readonly initial: TokenResponse<User> | undefined
  readonly store: Store
  readonly ledger: SessionLedger
  readonly environment: Environment
  readonly events: Events<KeeperEvents<User>>
  readonly trace: Trace
  readonly plan: RenewalPlan
  /** Called after each change; `isOther` if not only the tokens have changed, `error` if a server ended the session. */
  readonly onChange: (session: Session<User> | undefined, isOther: boolean, error?: AuthError) => void
}

const WHY: Record<LogoutReason, string> = {
  logout: 'The app called logout().',
  expired: 'The access token expired, and there was nothing to renew it with.',
  revoked: 'The server refused to renew the session.',
  replaced: 'Somebody signed in over it.',
  'storage-cleared': 'The record was deleted from the storage.',
}

export function createKeeper<User>(parts: KeeperParts<User>): Keeper<User> {
  const { backend, inCookie, store, ledger, environment, events, trace, plan, onChange } = parts
  let { initial } = parts
  let current: Session<User> | undefined
  let state: AuthState<User> = LOADING
  let isProbe = false
  /** Until the storage has been read, nothing is written over what it may hold. */
  let isLoaded = false

  /** Shows `next` as the state, unless it says the same as the one before. */
  const show = (next: AuthState<User>): void => {
    if (isSame(next, state)) return
    state = next
    events.emit('state', next)
  }

  const reveal = (isFirst = false): void => {
    if (state === LOADING && !isFirst) return
    if (current) show(signedIn(current, remainingLifetime(current, environment) <= 0))
    else if (state === LOADING) show(signedOut('never'))
  }

  const next = (answer: TokenResponse<User>, previous?: Session<User>, isJustIssued?: boolean): Session<User> => {
    const allowed = inCookie ? { ...answer, refreshToken: undefined } : answer
    return nextSession(allowed, previous, environment, plan, isJustIssued)
  }

  const adoptInitial = (): void => {
    if (!initial) return
    current = next(initial, undefined, false)
    initial = undefined
    state = signedIn(current, false)
  }

  /** Makes `session` the current one, for this page and for the next. */
  const keep = (session: Session<User>, record = encodeRecord(session, backend.id)): Promise<void> => {
    const isOther = current?.id !== session.id
    current = session
    if (!isLoaded) return Promise.resolve()
    onChange(session, isOther)
    return store.save(record)
  }

  const tell: Keeper<User>['tell'] = (name, details) => {
    const event = { at: environment.clock.now(), origin: 'this-tab', generation: current?.generation ?? 0 }
    events.emit(name, { ...event, ...details } as KeeperEvents<User>[typeof name])
  }

  const isProbing = (): boolean => isProbe && current?.generation === 0

  const tellLogout = (reason: LogoutReason, error?: AuthError): void => {
    trace.add('signed out', error?.message ?? WHY[reason], current?.generation)
    tell('logout', { reason, error })
  }

  return {
    current: () => current,
    state() {
      adoptInitial()
      return state
    },
    reveal,
    isStale: () => state.status === 'authenticated' && state.freshness === 'stale',
    isProbing,
    async load(ask) {
      const text = await store.load()
      isLoaded = true
      const stored = text === null ? undefined : decodeRecord<User>(text, backend.id)
      if (stored) {
        initial = undefined
        current = reviveSession(stored, environment)
        onChange(current, true)
        trace.add('restored', 'The storage held a session.', stored.generation)
      } else {
        const why = text === null ? 'The storage is empty.' : 'The record is damaged, or of another version or backend.'
        trace.add('not restored', why)
        adoptInitial()
        const reason = current ? 'initial' : await ask()
        if (current) void keep(current)
        else if (reason) current = awaitTokens(environment)
        isProbe = reason === 'probe'
        if (current) trace.add('restoring', `By \`${reason}\`.`, current.generation)
      }
      if (current) await ledger.adopt(current)
    },
    async establish(answer, isJustIssued) {
      const session = next(answer, undefined, isJustIssued)
      const record = encodeRecord(session, backend.id)
      if (current && !isProbing()) tellLogout('replaced')
      const done = [keep(session, record), ledger.adopt(session)]
      trace.add('signed in', 'The backend gave tokens.', session.generation)
      reveal(true)
      tell('login', { user: session.user })
      await Promise.all(done)
    },
    async advance(base, answer, cause) {
      const session = next(answer, base)
      const record = encodeRecord(session, backend.id)
      if (!(await ledger.commit(base)) || current?.id !== base.id) return false
      // The app may have set another user meanwhile.
      if (answer.user !== undefined || session.user === current.user) void keep(session, record)
      else void keep({ ...session, user: current.user })
      trace.add('renewed', cause, session.generation)
      reveal()
      tell('refresh', { expiresAt: session.tokens.expiresAt })
      return true
    },
    async end(id, wanted, error) {
      if (current?.id !== id) return
      const reason = isProbing() ? 'never' : wanted
      if (reason !== 'never') tellLogout(reason, error)
      current = undefined
      onChange(current, true, error)
      const done = [store.save(null), ledger.end(id)]
      show(signedOut(reason))
      await Promise.all(done)
    },
    setUser(user) {
      adoptInitial()
      if (!current) return
      void keep({ ...current, user: isSame(user, current.user) ? current.user : user })
      reveal()
    },
    tell,
  }
}
