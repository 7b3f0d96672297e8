import type { Environment, LedgerFailure } from '../environment.js'
import { AuthError } from '../errors.js'

/** Who may try again when, after renewals that failed. */
export interface Backoff {
  /** The last failure, until a renewal succeeds. */
  readonly error: AuthError | undefined
  /** The last failure as the other tabs have to know it. */
  readonly failure: LedgerFailure | undefined
  /** How long the timer, a caller in need of a token, and everybody has to wait, in milliseconds. */
  readonly pauses: readonly [timer: number, caller: number, everybody: number]
  /** Notes a failure of this tab; one of a session that is over here, whose turn was `other`, for the other tabs alone. */
  fail(error: AuthError, other?: { readonly failure?: LedgerFailure | undefined }): LedgerFailure
  /** Heeds a failure of another tab. */
  heed(failure: LedgerFailure): void
  /** Lets all try at once whom the server does not forbid it: the page is online or visible again. */
  cutShort(): void
  reset(): void
}

/**
 * Equal jitter from 15 s to 300 s for the timer, five times as long each time: the first retry forgives a hiccup, and in an
 * outage of ten minutes a server gets 3.5 times its usual calls at most. (Doubled, it gets up to 4.4 times; see `npm run
 * simulate`.) 0.5 s to 5 s, doubled, for callers, who have somebody waiting. A `Retry-After` binds both, and the timer
 * comes up to twice as late, so that not all clients come back in that second.
 */
export function createBackoff({ clock, random }: Environment): Backoff {
  let error: AuthError | undefined
  let failure: LedgerFailure | undefined
  let delays: LedgerFailure['pauses'] = [0, 0, 0]
  /** When the delays began, by both clocks: one of them stands still in a sleep, the other may be set. */
  let since = { wall: 0, monotonic: 0 }
  const begin = (next: LedgerFailure, why: AuthError): void => {
    error = why
    failure = next
    delays = next.pauses
    // A failure from the future: the clock was set back since.
    const age = Math.max(0, clock.now() - next.at)
    since = { wall: clock.now() - age, monotonic: clock.monotonic() - age }
  }
  return {
    get error() {
      return error
    },
    get failure() {
      return failure
    },
    get pauses() {
      const elapsed = Math.max(clock.now() - since.wall, clock.monotonic() - since.monotonic)
      return delays.map((delay) => Math.max(0, Math.ceil(delay - elapsed))) as [number, number, number]
    },
    fail(why, other) {
      const at = clock.now()
      const { count = 0 } = (other ?? { failure }).failure ?? {}
      const pause = Math.max(0, (why.retryAt ?? 0) - at)
      const timer = Math.max(pause, Math.min(300_000, 15_000 * 5 ** count) / 2) * (1 + random())
      const caller = Math.max(pause, Math.min(5000, 500 * 2 ** count))
      const next: LedgerFailure = { at, count: count + 1, pauses: [timer, caller, pause], code: why.code }
      if (!other) begin(next, why)
      return next
    },
    heed(next) {
      const retryAt = next.pauses[2] ? next.at + next.pauses[2] : undefined
      begin(next, new AuthError(next.code, 'Another tab could not renew.', { retryAt }))
    },
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
