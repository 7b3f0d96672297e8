import { type Environment, unlessAborted } from '../environment.js'
import type { AuthError } from '../errors.js'
import type { Events } from '../events.js'
import type { SessionLedger } from '../tabs/ledger.js'
import type { Trace } from '../trace.js'
import type { AuthEvent, AuthEvents, KeeperEvents } from './auth-events.js'
import { isSame } from './json.js'
import { checkUser } from './record.js'
import {
  awaitTokens,
  isSameGeneration,
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
  load(ask: () => Promise<'mark' | 'probe' | false>): Promise<boolean>
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
  /** Takes over what another tab has stored; tells of it what this tab has shown otherwise. */
  follow(stored: StoredSession<User>): void
  /** Lets go of the session in this tab alone. */
  leave(reason: 'never' | LogoutReason, error?: AuthError): void
  /** Ends the session `base` because of `attempt`, which the server refused; `false` if that came too late. */
  refuse(base: Session<User>, attempt: number, error: AuthError): Promise<boolean>
  /** Resolves when ledger and storage know what this tab has done so far. */
  settled(): Promise<unknown>
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
  /** Whether the refresh token is in an HttpOnly cookie: then script neither has nor keeps one. */
  readonly inCookie: boolean
  readonly initial: TokenResponse<User> | undefined
  readonly store: Store<User>
  readonly ledger: SessionLedger
  readonly environment: Environment
  readonly events: Events<KeeperEvents<User>>
  readonly trace: Trace
  readonly plan: RenewalPlan
  /**
   * Called when the session has begun, moved on or ended; `isOther` if not only the tokens have changed, `error` if a server
   * ended the session.
   */
  readonly onChange: (session: Session<User> | undefined, isOther: boolean, error?: AuthError) => void
  /** Called when ledger and storage have changed, for the other tabs to look; `false` if the storage may lack their record. */
  readonly announce: (isComplete?: unknown) => void
}

/** An answer that a worker has kept for longer says little about the server's clock. */
const FRESH = 60_000

export function createKeeper<User>(parts: KeeperParts<User>): Keeper<User> {
  const { inCookie, store, ledger, environment, events, trace, plan, onChange, announce } = parts
  let { initial } = parts
  let current: Session<User> | undefined
  let state: AuthState<User> = LOADING
  /** Why there is no current session. */
  let reason: 'never' | LogoutReason = 'never'
  /** What this tab has done, and not all have been told of. */
  let settling: Promise<unknown> = Promise.resolve()
  /** A sign-in on its way into the ledger, which takes the steps of a session in their order; it waits for no storage. */
  let adopting = settling
  /** Until the storage has been read, nothing is written over what it may hold. */
  let isLoaded = false

  const reveal = (isFirst = false): void => {
    if (state === LOADING && !isFirst) return
    const next = current ? signedIn(current, remainingLifetime(current, environment) <= 0) : signedOut(reason)
    if (isSame(next, state)) return
    state = next
    events.emit('state', next)
  }

  const next = (answer: TokenResponse<User>, previous?: Session<User>, isJustIssued?: boolean): Session<User> => {
    const allowed = inCookie ? { ...answer, refreshToken: undefined } : answer
    const session = nextSession(allowed, previous, environment, plan, isJustIssued)
    checkUser(session.user)
    return session
  }

  const adoptInitial = (): void => {
    if (!initial) return
    current = next(initial, undefined, false)
    initial = undefined
    state = signedIn(current, false)
  }

  /** Holds `session` from now on; a user who says the same stays the same object. */
  const hold = (session: Session<User>): void => {
    current = { ...session, user: isSame(session.user, current?.user) ? current?.user : session.user }
  }

  const amend = (changes: Partial<Session<User>>): void => {
    if (current) hold({ ...current, ...changes })
  }

  /** Lets the others know when all is written down. */
  const settle = (written: Promise<unknown> | undefined): Promise<unknown> => {
    settling = Promise.all([written, settling]).then(([isComplete]) => announce(isComplete))
    return settling
  }

  const save = (session: Session<User>): Promise<unknown> => settle(isLoaded ? store.save(session) : undefined)

  const tell: Keeper<User>['tell'] = (name, details, origin = 'this-tab') => {
    const event = { at: environment.clock.now(), origin, generation: current?.generation ?? 0 }
    events.emit(name, { ...event, ...details } as KeeperEvents<User>[typeof name])
  }

  /** Says that the current session is over; one that was only probed for has never been there. */
  const part = (wanted: typeof reason, origin: AuthEvent['origin'], error?: AuthError): void => {
    reason = current?.isProbe ? 'never' : wanted
    trace.add('signed out', error?.message ?? `The reason is \`${reason}\`.`, current?.generation, origin)
    if (reason !== 'never') tell('logout', { reason, error }, origin)
  }

  /** Ends the current session in this tab. */
  const drop: typeof part = (wanted, origin, error) => {
    part(wanted, origin, error)
    current = undefined
    onChange(current, true, error)
    // That nobody has noticed it does not end `loading`: a redirect login may be about to begin another one.
    reveal(reason !== 'never')
  }

  /** Goes over to `session`. What another tab did before this one has shown anything is no news. */
  const move = (session: Session<User>, why: string, origin: AuthEvent['origin'] = 'this-tab'): void => {
    const isOther = current?.id !== session.id
    const isNews = origin === 'this-tab' || state !== LOADING
    if (current && isOther && isNews) part('replaced', origin)
    hold(session)
    onChange(session, isOther)
    trace.add(isOther ? 'signed in' : 'renewed', why, session.generation, origin)
    reveal(isOther && isNews)
    if (!isNews) return
    if (isOther) tell('login', { user: session.user }, origin)
    else tell('refresh', { expiresAt: session.tokens.expiresAt }, origin)
  }

  const establish: Keeper<User>['establish'] = (answer, isJustIssued, signal) => {
    const session = next(answer, undefined, isJustIssued)
    const adopted = adopting.then(() => ledger.adopt(session))
    const begin = async (): Promise<Written> => {
      await unlessAborted(adopted, signal)
      // No `await` from here on: who is told that it was ended may rely on it.
      signal?.throwIfAborted()
      move(session, 'The backend gave tokens.')
      return { stored: save(session) }
    }
    const begun = begin()
    adopting = begun.catch(async () => (await adopted)())
    settling = Promise.all([settling, adopting])
    return begun
  }

  const end: Keeper<User>['end'] = async (id, wanted, error, origin = 'this-tab') => {
    const session = current
    if (session?.id !== id) return
    drop(wanted, origin, error)
    const ended = adopting.then(() => ledger.end(session, error?.code ?? wanted))
    await settle(store.remove(id).then(() => ended))
  }

  return {
    current: () => current,
    state() {
      adoptInitial()
      return state
    },
    reveal,
    isStale: () => !('freshness' in state) || state.freshness === 'stale',
    async load(ask) {
      const stored = await store.load()
      isLoaded = true
      if (stored) {
        initial = undefined
        current = reviveSession(stored, environment)
      }
      adoptInitial()
      const source = stored ? 'storage' : current ? 'initial' : await ask()
      if (current) {
        // A session that was found has its mark, unless it ends in another tab at this moment.
        if (!stored) {
          onChange(current, true)
          void save(current)
        }
      } else if (source) {
        current = awaitTokens(environment, source === 'probe')
      }
      const why = source ? `By its \`${source}\`.` : 'The storage holds no session of this version and backend.'
      trace.add(source ? 'restoring' : 'not restored', why, current?.generation)
      return !!stored
    },
    establish,
    async advance(base, answer, attempt, cause, age) {
      const isJustIssued = age < FRESH
      const session = next(answer, base, isJustIssued)
      // A sign-in that is ended on its way into the ledger leaves this session there.
      await adopting
      if (!(await ledger.commit(base, attempt)) || !current || !isSameGeneration(base, current)) return undefined
      // A cookie is everybody's: somebody else may have signed in by another tab, which said nothing.
      const [before, now] = [base.claims?.sub, session.claims?.sub]
      if (inCookie && before !== undefined && now !== undefined && before !== now) {
        return establish(answer, isJustIssued)
      }
      // The app may have set another user meanwhile.
      move({ ...session, user: answer.user ?? current.user }, cause)
      return { stored: save(current) }
    },
    end,
    async refuse(base, attempt, error) {
      await adopting
      const refused = ledger.refuse(base, attempt, error.code)
      // A look that finds this in the ledger first would take it for another tab's: nobody would tell the others.
      settling = Promise.all([settling, refused])
      const isEnded = await refused
      if (isEnded) await end(base.id, 'revoked', error)
      return isEnded
    },
    setUser(user) {
      adoptInitial()
      if (!current) return
      checkUser(user)
      amend({ user })
      void save(current)
      reveal()
    },
    follow(stored) {
      if (isSameGeneration(stored, current)) {
        amend({ user: stored.user })
        reveal()
      } else {
        store.drop()
        move(reviveSession(stored, environment, current), 'In another tab.', 'other-tab')
      }
    },
    leave(wanted, error) {
      if (!current) return
      store.drop()
      drop(wanted, 'other-tab', error)
    },
    settled: () => settling,
    amend,
    tell,
  }
}
