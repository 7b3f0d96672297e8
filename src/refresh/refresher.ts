import { type Environment, unlessAborted, within } from '../environment.js'
import { AuthError } from '../errors.js'
import type { Session } from '../session/session.js'
import type { Backoff } from './backoff.js'

/** Renews a session, one attempt at a time. */
export interface Refresher<User> {
  /**
   * Resolves when `base` has a successor, joining the attempt under way if there is one.
   *
   * @throws AuthError `refresh_rejected` when the session has ended by it, `login_required` when it had ended before,
   *   `rate_limited` while the server forbids an attempt; else why the attempt failed, and the session is kept.
   */
  renew(base: Session<User>): Promise<void>
  /** Whether an attempt is under way. */
  readonly isBusy: boolean
  /** Ends the pause that an attempt may be waiting for. */
  hurry(): void
}

/** What a refresher is made of. */
export interface RefresherParts<User> {
  readonly environment: Environment
  readonly backoff: Backoff
  /** The deadline of one attempt, in milliseconds. */
  readonly timeout: number
  /** Aborted when nobody waits any more; an attempt that has begun goes on. */
  readonly life: AbortSignal
  /** Makes the attempt: exchanges the tokens of `base`, and commits the answer. Throws what went wrong. */
  readonly attempt: (base: Session<User>) => Promise<void>
  /** Called when an attempt has settled, before its callers go on. */
  readonly onSettled: () => void
}

/** What callers wait beyond one attempt: the pause before it, at most 5 s, and what storage and tabs may take. */
const SLACK = 8000

export function createRefresher<User>(parts: RefresherParts<User>): Refresher<User> {
  const { environment, backoff, timeout, life, attempt, onSettled } = parts
  const { clock, timers, lifecycle } = environment
  let flight: { base: Session<User>; promise: Promise<void> } | undefined
  let hurry: (() => void) | undefined

  const pause = (delay: number): Promise<void> =>
    new Promise<void>((resolve) => {
      const timer = timers.set(resolve, delay)
      hurry = () => {
        timers.clear(timer)
        resolve()
      }
    })

  const run = async (base: Session<User>): Promise<void> => {
    const forbidden = backoff.untilAllowed()
    if (forbidden > 0) {
      const retryAt = clock.now() + forbidden
      throw new AuthError('rate_limited', 'The server asked for a pause before the next renewal.', { retryAt })
    }
    const delay = backoff.untilCaller()
    if (delay > 0) {
      if (!lifecycle.isOnline()) throw backoff.error
      await pause(delay)
      life.throwIfAborted()
    }
    await attempt(base)
  }

  return {
    get isBusy() {
      return flight !== undefined
    },
    hurry: () => hurry?.(),
    renew(base) {
      if (flight?.base.id === base.id) return flight.promise
      const late = (): AuthError => new AuthError('timeout', 'The renewal took too long; it goes on.')
      const promise = within(environment, timeout + SLACK, unlessAborted(run(base), life), late).finally(() => {
        if (flight?.promise === promise) flight = undefined
      })
      flight = { base, promise }
      // The first to hear that it has settled: listeners come before callers, and find the promise resolved.
      promise.then(onSettled, onSettled)
      return promise
    },
  }
}
