import type { Environment } from '../environment.js'
import type { AuthError } from '../errors.js'

/** Who may try again when, after renewals that failed. */
export interface Backoff {
  /** The last failure, until a renewal succeeds. */
  readonly error: AuthError | undefined
  /** How often it failed in a row. */
  readonly count: number
  /** How long the timer, a caller in need of a token, and everybody has to wait, in milliseconds. */
  readonly pauses: readonly [timer: number, caller: number, everybody: number]
  fail(error: AuthError): void
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
  let count = 0
  let delays = [0, 0, 0]
  /** When the delays began, by both clocks: one of them stands still in a sleep, the other may be set. */
  let since = [0, 0] as [wall: number, monotonic: number]
  const elapsed = (): number => Math.max(clock.now() - since[0], clock.monotonic() - since[1])
  return {
    get error() {
      return error
    },
    get count() {
      return count
    },
    get pauses() {
      return delays.map((delay) => Math.max(0, delay - elapsed())) as [number, number, number]
    },
    fail(failure) {
      error = failure
      const pause = Math.max(0, (failure.retryAt ?? 0) - clock.now())
      const timer = Math.max(pause, Math.min(300_000, 15_000 * 2 ** count) / 2) * (1 + random())
      const caller = Math.max(pause, Math.min(5000, 500 * 2 ** count))
      delays = [timer, caller, pause]
      since = [clock.now(), clock.monotonic()]
      count += 1
    },
    cutShort() {
      delays.fill(delays[2] as number)
    },
    reset() {
      error = undefined
      count = 0
      delays = [0, 0, 0]
    },
  }
}
