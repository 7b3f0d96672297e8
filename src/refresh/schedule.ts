import type { Environment } from '../environment.js'
import { remainingLifetime, type Session, untilRenewal } from '../session/session.js'
import type { Backoff } from './backoff.js'
import type { Renewal } from './renewal.js'

/** Does what is due, by one timer: renews, tells that a session is about to end, ends it. */
export interface Schedule {
  /** Does what is due now: the timer has rung, or the page woke up. */
  check(): void
  /** Sets the timer to what is due next; after each change. */
  arm(): void
}

/** What a schedule is made of. */
export interface ScheduleParts<User> {
  readonly environment: Environment
  readonly backoff: Backoff
  readonly renewal: Renewal<User>
  readonly isOnDemand: boolean
  /** Whether the state says that the token has expired. */
  readonly isStale: () => boolean
  readonly life: AbortSignal
  readonly current: () => Session<User> | undefined
  readonly canRenew: (session: Session<User>) => boolean
  /** Tells that `session` is about to end. */
  readonly warn: (session: Session<User>) => void
  /** Ends `session`, whose token has expired. */
  readonly expire: (session: Session<User>) => void
  /** Shows that the token has become stale, and writes again what could not be written. */
  readonly tidy: () => void
  /** Whether a write is owed to the storage. */
  readonly isBehind: () => boolean
}

/** How soon a write that failed is tried again. */
const REWRITE = 15_000
/** Browsers keep delays in 32 bits: a longer one would ring at once. */
const LONGEST = 2 ** 31 - 1

export function createSchedule<User>(parts: ScheduleParts<User>): Schedule {
  const { environment, backoff, renewal, isOnDemand, isStale, life, current, canRenew, warn, expire, tidy, isBehind } =
    parts
  const { timers, lifecycle } = environment
  let timer: unknown
  /** The session and generation whose end was announced. */
  let warned = ''

  /** What to do next about `session`, and in how many milliseconds. */
  const next = (session: Session<User>): [delay: number, act: () => void] => {
    const remaining = remainingLifetime(session, environment)
    const due = untilRenewal(session, environment)
    if (canRenew(session)) {
      const renewAfter = lifecycle.isOnline() ? Math.max(due, backoff.pauses[0]) : Number.POSITIVE_INFINITY
      // A renewal that has to wait: the token expires first, and the state has to say so.
      if (renewAfter > 0 && remaining < renewAfter && !isStale()) return [remaining, tidy]
      return [renewAfter, () => void renewal.renew(session, undefined, 'Its moment had come.').catch(() => undefined)]
    }
    const name = session.id + session.generation
    if (warned === name || remaining <= 0) return [remaining, () => expire(session)]
    return [
      due,
      () => {
        warned = name
        warn(session)
      },
    ]
  }

  const arm = (): void => {
    timers.clear(timer)
    if (life.aborted || isOnDemand || renewal.isBusy) return
    const session = current()
    const delay = Math.min(
      session ? next(session)[0] : Number.POSITIVE_INFINITY,
      isBehind() ? REWRITE : Number.POSITIVE_INFINITY,
    )
    if (delay < Number.POSITIVE_INFINITY) timer = timers.set(check, Math.min(Math.max(0, Math.ceil(delay)), LONGEST))
  }

  const check = (): void => {
    if (life.aborted) return
    tidy()
    const session = current()
    if (session && !(isOnDemand && canRenew(session))) {
      const [delay, act] = next(session)
      if (delay <= 0) act()
    }
    arm()
  }

  return { check, arm }
}
