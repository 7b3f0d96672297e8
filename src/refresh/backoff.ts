import type { Environment } from '../environment.js'
import type { AuthError } from '../errors.js'

/** Who may try again when, after renewals that failed. Moments are of the monotonic clock. */
export interface Backoff {
  /** The last failure, until a renewal succeeds. */
  readonly error: AuthError | undefined
  /** How often it failed in a row. */
  readonly count: number
  /** How long the timer waits, in milliseconds. */
  untilTimer(): number
  /** How long a caller in need of a token waits, in milliseconds. */
  untilCaller(): number
  /** How long the server forbids any attempt, in milliseconds. */
  untilAllowed(): number
  fail(error: AuthError): void
  /** Lets everybody try at once, unless the server forbids it: the page is online or visible again. */
  cutShort(): void
  reset(): void
}

/**
 * Equal jitter from 15 s to 300 s for the timer, and 0.5 s to 5 s for callers, who have somebody waiting. A
 * `Retry-After` binds both, and the timer comes up to twice as late, so that not all clients come back in that second.
 */
export function createBackoff({ clock, random }: Environment): Backoff {
  let error: AuthError | undefined
  let count = 0
  let [timerAt, callerAt, allowedAt] = [0, 0, 0]
  const until = (moment: number): number => Math.max(0, moment - clock.monotonic())
  return {
    get error() {
      return error
    },
    get count() {
      return count
    },
    untilTimer: () => until(timerAt),
    untilCaller: () => until(callerAt),
    untilAllowed: () => until(allowedAt),
    fail(failure) {
      error = failure
      const now = clock.monotonic()
      const ceiling = Math.min(300_000, 15_000 * 2 ** count)
      const pause = failure.retryAt === undefined ? 0 : Math.max(0, failure.retryAt - clock.now())
      allowedAt = now + pause
      callerAt = now + Math.max(pause, Math.min(5000, 500 * 2 ** count))
      timerAt = now + Math.max(pause * (1 + random()), (ceiling / 2) * (1 + random()))
      count += 1
    },
    cutShort() {
      timerAt = callerAt = allowedAt
    },
    reset() {
      error = undefined
      count = timerAt = callerAt = allowedAt = 0
    },
  }
}
