import type { Environment } from '../environment.js'
import type { AuthError } from '../errors.js'
import type { Events } from '../events.js'
import type { SessionLedger } from '../tabs/ledger.js'
import type { Trace } from '../trace.js'
import type { AuthEvent, AuthEvents, KeeperEvents } from './auth-events.js'
import { isSame } from './json.js'
import { decodeRecord, encodeRecord, isRecordOf } from './record.js'
import {
  awaitTokens,
  nextSession,
  type RenewalPlan,
  remainingLifetime,
  reviveSession,
  type Session,
  type StoredSession,
} from './session.js'
import { type AuthState, LOADING, type LogoutReason, signedIn, signedOut } from './state.js'
import type { Store } from './store.js'
import type { TokenResponse } from './tokens.js'

/** Holds the current session, and is the only one to change it: in memory, storage, ledger, state and events alike. */
export interface Keeper<User> {
  readonly current: () => Session<User> | undefined
  readonly state: () => AuthState<User>
  /**
   * Reads the storage; `ask` tells why the server should be asked for a session where the storage has none. Resolves with
   * whether the storage had one.
   */
  load(ask: () => Promise<'mark' | 'probe' | undefined>): Promise<boolean>
  /** Whether only `probe` asks for a session so far: its absence would be no news. */
  isProbing(): boolean
  /** Shows the session as it is now; `isFirst` ends the state `loading`, which else goes on. */
  reveal(isFirst?: boolean): void
  /** Whether the state says that the access token has expired, or says nothing yet. */
  isStale(): boolean
  /** Begins a new session, unless `signal` is aborted before the ledger knows it; `isJustIssued` if its tokens are. */
  establish(answer: TokenResponse<User>, isJustIssued: boolean, signal?: AbortSignal): Promise<Written>
  /** Moves on from `base` by `attempt`, because of `cause`; `undefined` if the answer, which is `age` old, came too late. */
  advance(
    base: Session<User>,
    answer: TokenResponse<User>,
    attempt: number,
    cause: string,
    age: number,
  ): Promise<Written | undefined>
  /** Ends the session `id` for all tabs, if it is the current one. `never`: nobody had noticed it. */
  end(id: string, reason: 'never' | LogoutReason, error?: AuthError, origin?: AuthEvent['origin']): Promise<void>
  setUser(user: User): void
  /** Takes over what another tab has stored. */
  follow(stored: StoredSession<User>): void
  /** Lets go of the session in this tab alone. */
  leave(reason: 'never' | LogoutReason, error?: AuthError): void
  /** Ends the session `base` because of `attempt`, which the server refused; `false` if that came too late. */
  refuse(base: Session<User>, attempt: number, error: AuthError): Promise<boolean>
  /** Resolves when ledger and storage know what this tab has begun or ended. */
  settled(): Promise<unknown>
  /** Stores the session once more. */
  store(): Promise<void>
  /** Sees the current session otherwise, in this tab alone. */
  amend(changes: Partial<Session<User>>): void
  /** Queues an event about the current session. */
  tell<K extends keyof AuthEvents<User>>(
    name: K,
    details: Omit<AuthEvents<User>[K], keyof AuthEvent>,
    origin?: AuthEvent['origin'],
  ): void
}

/** A change that this page has seen; `stored` resolves when storage and other tabs know it, too. */
export interface Written {
  readonly stored: Promise<unknown>
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
  /** Called when ledger and storage have changed, for the other tabs to look; `false` if the storage may lack their record. */
  readonly announce: (isComplete?: unknown) => void
}

/** An answer that a worker has kept for longer says little about the server's clock. */
const FRESH = 60_000
const WHY: Record<LogoutReason, string> = {
  logout: 'The app called logout().',
  expired: 'The access token expired, and there was nothing to renew it with.',
  revoked: 'The server refused to renew the session.',
  replaced: 'Somebody signed in over it.',
  'storage-cleared': 'The record was deleted from the storage.',
}

export function createKeeper<User>(parts: KeeperParts<User>): Keeper<User> {
  const { backend, inCookie, store, ledger, environment, events, trace, plan, onChange, announce } = parts
  let { initial } = parts
  let current: Session<User> | undefined
  let state: AuthState<User> = LOADING
  let isProbe = false
  let adopting: Promise<unknown> = Promise.resolve()
  let settling: Promise<unknown> = adopting
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

  const tell: Keeper<User>['tell'] = (name, details, origin = 'this-tab') => {
    const event = { at: environment.clock.now(), origin, generation: current?.generation ?? 0 }
    events.emit(name, { ...event, ...details } as KeeperEvents<User>[typeof name])
  }

  const isProbing = (): boolean => isProbe && current?.generation === 0

  const tellLogout = (reason: LogoutReason, origin: AuthEvent['origin'], error?: AuthError): void => {
    trace.add('signed out', error?.message ?? WHY[reason], current?.generation, origin)
    tell('logout', { reason, error }, origin)
  }

  /** Ends the current session in this tab. */
  const drop = (wanted: 'never' | LogoutReason, origin: AuthEvent['origin'], error?: AuthError): void => {
    const reason = isProbing() ? 'never' : wanted
    if (reason !== 'never') tellLogout(reason, origin, error)
    current = undefined
    onChange(current, true, error)
    show(signedOut(reason))
  }

  /** Lets the others know when all is written down. */
  const settle = (written: Promise<unknown>): Promise<unknown> => {
    settling = Promise.all([written, settling]).then(([isComplete]) => announce(isComplete))
    return settling
  }

  const establish: Keeper<User>['establish'] = async (answer, isJustIssued, signal) => {
    const session = next(answer, undefined, isJustIssued)
    const record = encodeRecord(session, backend.id)
    const adopt = async (): Promise<void> => {
      const undo = await ledger.adopt(session)
      if (!signal?.aborted) return
      await undo()
      throw signal.reason
    }
    const adopted = adopt()
    adopting = adopted.catch(() => undefined)
    settling = Promise.all([settling, adopting])
    await adopted
    if (current && !isProbing()) tellLogout('replaced', 'this-tab')
    const stored = keep(session, record)
    trace.add('signed in', 'The backend gave tokens.', session.generation)
    reveal(true)
    tell('login', { user: session.user })
    return { stored: settle(stored) }
  }

  const end: Keeper<User>['end'] = async (id, reason, error, origin = 'this-tab') => {
    if (current?.id !== id) return
    const session = current
    drop(reason, origin, error)
    const ended = adopting.then(() => ledger.end(session, endingOf(reason, error)))
    await settle(store.remove(isRecordOf(id, backend.id)).then(() => ended))
  }

  return {
    current: () => current,
    state() {
      adoptInitial()
      return state
    },
    reveal,
    isStale: () => state === LOADING || (state.status === 'authenticated' && state.freshness === 'stale'),
    isProbing,
    async load(ask) {
      const text = await store.load()
      isLoaded = true
      const stored = text ? decodeRecord<User>(text, backend.id) : undefined
      if (stored) {
        initial = undefined
        current = reviveSession(stored, environment)
        onChange(current, true)
        trace.add('restored', 'The storage held a session.', stored.generation)
        return true
      }
      const why = text ? 'The record is damaged, or of another version or backend.' : 'The storage is empty.'
      trace.add('not restored', why)
      adoptInitial()
      const reason = current ? 'initial' : await ask()
      if (current) void keep(current)
      else if (reason) current = awaitTokens(environment)
      isProbe = reason === 'probe'
      if (current) trace.add('restoring', `By \`${reason}\`.`, current.generation)
      return false
    },
    establish,
    async advance(base, answer, attempt, cause, age) {
      const session = next(answer, base, age < FRESH)
      const record = encodeRecord(session, backend.id)
      // A sign-in that is ended on its way into the ledger leaves this session there.
      await adopting
      if (!(await ledger.commit(base, attempt))) return undefined
      if (current?.id !== base.id || current.generation !== base.generation) return undefined
      // A cookie is everybody's: somebody else may have signed in by another tab, which said nothing.
      const [before, now] = [base.claims?.sub, session.claims?.sub]
      if (inCookie && before !== undefined && now !== undefined && before !== now) {
        return establish(answer, age < FRESH)
      }
      // The app may have set another user meanwhile.
      const isAsked = answer.user !== undefined || session.user === current.user
      const kept = isAsked ? keep(session, record) : keep({ ...session, user: current.user })
      trace.add('renewed', cause, session.generation)
      reveal()
      tell('refresh', { expiresAt: session.tokens.expiresAt })
      return { stored: kept.then(() => announce()) }
    },
    end,
    async refuse(base, attempt, error) {
      await adopting
      const isEnded = await ledger.refuse(base, attempt, endingOf('revoked', error))
      if (isEnded) await end(base.id, 'revoked', error)
      return isEnded
    },
    setUser(user) {
      adoptInitial()
      if (!current) return
      void keep({ ...current, user: isSame(user, current.user) ? current.user : user }).then(() => announce())
      reveal()
    },
    follow(stored) {
      const before = current
      const user = isSame(stored.user, before?.user) ? before?.user : stored.user
      const isOther = before?.id !== stored.id
      if (before && !isOther && before.generation === stored.generation) {
        current = { ...before, user }
        return reveal()
      }
      const session = reviveSession({ ...stored, user }, environment)
      const isShown = state !== LOADING
      if (isOther && before && isShown && !isProbing()) tellLogout('replaced', 'other-tab')
      store.drop()
      current = session
      onChange(session, isOther)
      if (isOther && isShown) {
        trace.add('signed in', 'In another tab.', session.generation, 'other-tab')
        reveal()
        tell('login', { user: session.user }, 'other-tab')
      } else {
        trace.add('renewed', 'By another tab.', session.generation, 'other-tab')
        reveal()
        if (isShown) tell('refresh', { expiresAt: session.tokens.expiresAt }, 'other-tab')
      }
    },
    leave(reason, error) {
      if (!current) return
      store.drop()
      if (reason === 'never') trace.add('not restored', 'The session has ended in another tab.', current.generation)
      drop(reason, 'other-tab', error)
    },
    settled: () => settling,
    store: () => (current ? keep(current) : Promise.resolve()),
    amend(changes) {
      if (current) current = { ...current, ...changes }
    },
    tell,
  }
}

/** Why a session ended, as the ledger says it. */
function endingOf(reason: string, error: AuthError | undefined): string {
  return error && error.code !== 'refresh_rejected' ? error.code : reason
}
