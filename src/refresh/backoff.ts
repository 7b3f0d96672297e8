import type { Environment, LedgerFailure } from '../environment.js'
import type { AuthError } from '../errors.js'

/** Who may try again when, after renewals that failed. */
export interface Backoff {
  /** The last failure, until a renewal succeeds. */
  readonly error: AuthError | undefined
  /** The last failure as the other tabs have to know it. */
  readonly failure: LedgerFailure | undefined
  /** How long the timer, a caller in need of a token, and everybody has to wait, in milliseconds. */
  readonly pauses: readonly [timer: number, caller: number, everybody: number]
  /** Notes a failure of this tab. */
  fail(error: AuthError): LedgerFailure
  /** Heeds a failure of another tab. */
  heed(failure: LedgerFailure, error: AuthError): void
  /** Lets all try at once whom the server does not forbid it: the page is online or visible again. */
  cutShort(): void
  reset(): void
}

/**
 * Equal jitter from 15 s to 300 s for the timer, and 0.5 s to 5 s for callers, who have somebody waiting. A
 * `Retry-After` binds both, and the timer comes up to twice as late, so that not all clients come back in that second.
 */
export function createBackoff({ clock, random }: Environment): Backoff {
  let error: AuthError | undefined
  let failure: LedgerFailure | undefined
  let delays: readonly [number, number, number] = [0, 0, 0]
  /** When the delays began, by both clocks: one of them stands still in a sleep, the other may be set. */
  let since = [0, 0] as [wall: number, monotonic: number]
  const elapsed = (): number => Math.max(clock.now() - since[0], clock.monotonic() - since[1])
  const heed = (next: LedgerFailure, why: AuthError): void => {
    error = why
    failure = next
    delays = next.pauses
    // A failure from the future: the clock was set back since.
    const age = Math.max(0, clock.now() - next.at)
    since = [clock.now() - age, clock.monotonic() - age]
  }
  return {
    get error() {
      return error
    },
    get failure() {
      return failure
    },
    get pauses() {
      return delays.map((delay) => Math.max(0, delay - elapsed())) as [number, number, number]
    },
    fail(why) {
      const at = clock.now()
      const count = failure?.count ?? 0
      const pause = Math.max(0, (why.retryAt ?? 0) - at)
      const timer = Math.max(pause, Math.min(300_000, 15_000 * 2 ** count) / 2) * (1 + random())
      const caller = Math.max(pause, Math.min(5000, 500 * 2 ** count))
      const next: LedgerFailure = { at, count: count + 1, pauses: [timer, caller, pause], code: why.code }
      heed(next, why)
      return next
    },
    heed,
    cutShort() {
      delays = [delays[2], delays[2], delays[2]]
    },
    reset() {
      error = undefined
      failure = undefined
      delays = [0, 0, 0]
    },
  }
}
