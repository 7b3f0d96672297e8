import { type Environment, type LedgerFailure, sleep, within } from '../environment.js'
import { AuthError, FINAL, isAuthError } from '../errors.js'
import { type Follower, lostRefresh } from '../session/follower.js'
import type { Keeper } from '../session/keeper.js'
import { isSameGeneration, type Session } from '../session/session.js'
import type { TokenResponse, TokenSet } from '../session/tokens.js'
import type { Hints } from '../tabs/hints.js'
import type { SessionLedger, Turn } from '../tabs/ledger.js'
import type { Turns } from '../tabs/turns.js'
import type { Trace } from '../trace.js'
import type { Backoff } from './backoff.js'
import type { Exchange } from './exchange.js'
import { FORCED, loginRequired } from './renewal.js'

/** Attempts to renew sessions. */
export interface Attempts<User> {
  /**
   * Takes this tab's turn, and exchanges the tokens of `session` unless another tab has. `false` while the pause after a
   * failure of another tab holds here, too. A refusal ends the session, any other failure begins a pause for all
   * tabs; both are thrown.
   *
   * @see [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749.html#section-6)
   */
  make(session: Session<User>, cause: string): Promise<boolean>
  /** Heeds a failure of another tab. */
  heed(failure: LedgerFailure): void
}

/** What attempts are made of. */
export interface AttemptParts<User> {
  readonly inCookie: boolean
  readonly environment: Environment
  readonly refresh: { readonly timeout: number }
  readonly life: AbortSignal
  readonly keeper: Keeper<User>
  readonly ledger: SessionLedger
  /** The name of a session's lock; `undefined` where nobody else can renew it. */
  readonly lockOf: (session: Session<User>) => string | undefined
  readonly turns: Turns
  readonly hints: Hints
  readonly follower: Pick<Follower, 'look'> | undefined
  readonly backoff: Backoff
  readonly trace: Trace
  readonly exchange: Exchange<User>
  /** Takes back tokens that came too late; `kept` are those that the answer leaves out. */
  readonly revoke: (answer: TokenResponse<User>, kept: TokenSet) => void
  /** Called when the session has been renewed. */
  readonly onSuccess: () => void
}

/** The request of a dead tab may still be on its way to the server for so long; its answer reaches nobody. */
const ON_ITS_WAY = 1000
/** A page that still lives so long after a call broke off was not about to go. */
const LAST_WORDS = 100
/** After so many equal refusals, which end nothing, the developer is told how they could. */
const WEARY = 3
/** How long to wait at most before looking again, while another tab is at work. */
const LOOK_AGAIN = 500
/** Where the storage alone tells tabs what they do, it has to have come here first. */
const STORAGE_DELAY = 25

export function createAttempts<User>(parts: AttemptParts<User>): Attempts<User> {
  const { inCookie, environment, refresh, life, keeper, ledger, lockOf, turns, hints, follower } = parts
  const { backoff, trace, exchange, revoke, onSuccess } = parts
  const { clock, reportError } = environment

  /** The same refusal in a row. */
  let refusals = { message: '', count: 0 }

  const tell = (error: AuthError, origin?: 'other-tab'): void => {
    trace.add('not renewed', error.message, keeper.current()?.generation, origin)
    const { count = 0 } = backoff.failure ?? {}
    keeper.tell('refreshFailed', { error, attempt: count, retryAt: clock.now() + backoff.pauses[0] }, origin)
    keeper.reveal()
  }

  /** A server may say in a way of its own that the session is over. */
  const suspect = ({ code, status = 0, message }: AuthError): void => {
    if (code !== 'server_error' || status < 400 || status >= 500 || status === 408) return
    refusals = { message, count: message === refusals.message ? refusals.count + 1 : 1 }
    if (refusals.count !== WEARY) return
    reportError(
      new AuthError('server_error', `${message} Again and again: is it final? \`isFinal\` says so.`, { status }),
    )
  }

  const heed = (failure: LedgerFailure, isNews = true): void => {
    if (failure.at === backoff.failure?.at) return
    backoff.heed(failure)
    if (isNews) tell(backoff.error as AuthError, 'other-tab')
  }

  /** Whether `session` has moved on; throws if it is over. */
  const hasMoved = ({ id, generation }: Session<User>): boolean => {
    const now = keeper.current()
    if (now?.id !== id) throw loginRequired()
    return now.generation !== generation
  }

  /** Looks what others have done since; whether the session has moved on. */
  const lookAgain = async (session: Session<User>): Promise<boolean> => {
    await follower?.look()
    return hasMoved(session)
  }

  /** What an attempt that failed means for `session`: `true` if it has moved on all the same. */
  const fail = async (session: Session<User>, turn: Turn, error: unknown): Promise<boolean> => {
    const { attempt = 0, isHeir, failure: before } = turn
    const failure = isAuthError(error) ? error : new AuthError('server_error', 'The renewal broke off.')
    // The calls of a page that is about to go break off while it can still write: what it leaves is to be an orphan.
    if (failure.code === 'network' && follower) await sleep(environment, LAST_WORDS, life).catch(() => undefined)
    // Nobody is to wait for an attempt that is over, and all heed what the server said, whoever is signed in here by now.
    if (keeper.current()?.id !== session.id)
      await ledger.fail(session, attempt, failure.retryable ? backoff.fail(failure, turn) : before)
    if (hasMoved(session)) return true
    if (failure !== error) reportError(error)
    if (FINAL.includes(failure.code)) {
      const why = isHeir && failure.code === 'refresh_rejected' ? lostRefresh(failure) : failure
      if (await keeper.refuse(session, attempt, why)) throw why
      return lookAgain(session)
    }
    const known = backoff.fail(failure)
    suspect(failure)
    tell(failure)
    if (!turns.isAway) await ledger.fail(session, attempt, known)
    hints.send('changed')
    if (failure.code === 'misconfigured') reportError(failure)
    throw failure
  }

  /** One call to the server; `false` if it has to be tried again. */
  const call = async (session: Session<User>, cause: string, turn: Turn): Promise<boolean> => {
    const { attempt = 0, delay = 0 } = turn
    let stored: Promise<unknown> | undefined
    const renew = async (): Promise<void> => {
      const { answer = {}, age } = await exchange.make(session, cause === FORCED, delay)
      const advance = () => keeper.advance(session, answer, attempt, cause, age)
      let done = await advance()
      if (!done) {
        // While a session goes on, its tokens may share a family with these: revoking one would end all.
        const isLate = await lookAgain(session).catch(() => revoke(answer, session.tokens))
        // A login that was broken off in another tab has stood in the way.
        if (isLate === false) done = await advance()
      }
      if (!done) return
      refusals.count = 0
      onSuccess()
      stored = done.stored.then(() => exchange.forget(session))
    }
    try {
      const late = new AuthError('timeout', 'The backend took longer than `refresh.timeout`.')
      await within(environment, refresh.timeout + delay, renew(), late)
      await stored
      return hasMoved(session)
    } catch (error) {
      return fail(session, turn, error)
    }
  }

  const takeTurn = async (
    session: Session<User>,
    cause: string,
    before: LedgerFailure | undefined,
    isLocked: () => boolean,
  ): Promise<boolean> => {
    for (;;) {
      life.throwIfAborted()
      if (!ledger.isShared && follower) {
        await sleep(environment, STORAGE_DELAY, life)
        await follower.look()
      }
      if (hasMoved(session)) return true
      if (backoff.failure !== before && backoff.pauses[0]) return false
      const isHosted = await exchange.isHosted()
      const turn = await ledger.begin(session, {
        // A cookie that the dead tab asked for may still come; without the lock it may be alive. Its own failure comes first.
        patience: isLocked() && !inCookie ? ON_ITS_WAY : refresh.timeout + ON_ITS_WAY,
        isHosted,
        failedAt: backoff.failure?.at,
      })
      const { attempt, delay, failure } = turn
      if (failure) heed(failure, !attempt)
      if (attempt) {
        if (!life.aborted && isSameGeneration(keeper.current(), session)) return call(session, cause, turn)
        await ledger.fail(session, attempt, failure)
      } else if (delay) {
        await sleep(environment, Math.min(delay, LOOK_AGAIN), life)
        await follower?.look()
      } else if (!failure && follower && !(await follower.look())) {
        const message = 'Another tab has renewed the session, but the storage cannot be read.'
        return fail(session, turn, new AuthError('storage_unavailable', message))
      }
    }
  }

  return {
    make(session, cause) {
      const lock = lockOf(session)
      const { failure } = backoff
      if (lock === undefined) return takeTurn(session, cause, failure, () => true)
      const began = async (): Promise<number | undefined> => (await ledger.read(session))?.attempt
      return turns.take(lock, (isMine) => takeTurn(session, cause, failure, isMine), began)
    },
    heed,
  }
}
