import type { Environment } from '../environment.js'
import { remainingLifetime, type Session, untilRenewal } from '../session/session.js'
import { createAlarm } from './alarm.js'
import type { Backoff } from './backoff.js'
import type { Refresher } from './refresher.js'

/** Does what is due, by one timer: renews, tells that a session is about to end, ends it. */
export interface Schedule {
  /** Does what is due now; the timer, or the page waking up. */
  check(): void
  /** Sets the timer to what is due next; after each change. */
  arm(): void
  stop(): void
}

/** What a schedule is made of. */
export interface ScheduleParts<User> {
  readonly environment: Environment
  readonly refresher: Refresher<User>
  readonly backoff: Backoff
  readonly isOnDemand: boolean
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

export function createSchedule<User>(parts: ScheduleParts<User>): Schedule {
  const { environment, refresher, backoff, isOnDemand, current, canRenew, warn, expire, tidy, isBehind } = parts
  /** The generation whose end was announced. */
  let warned: string | undefined
  let isStopped = false

  const nameOf = ({ id, generation }: Session): string => `${id} ${generation}`

  const next = (session: Session<User>): number => {
    const remaining = remainingLifetime(session, environment)
    if (!canRenew(session)) return warned === nameOf(session) ? remaining : untilRenewal(session, environment)
    const renewal = Math.max(untilRenewal(session, environment), backoff.untilTimer())
    return backoff.error && remaining > 0 ? Math.min(renewal, remaining) : renewal
  }

  const arm = (): void => {
    const session = current()
    if (isStopped || isOnDemand || !session || refresher.isBusy) alarm.clear()
    else alarm.set(isBehind() ? Math.min(next(session), REWRITE) : next(session))
  }

  const check = (): void => {
    const session = current()
    if (isStopped || !session) return
    tidy()
    const isOver = remainingLifetime(session, environment) <= 0
    const isDue = untilRenewal(session, environment) <= 0
    if (canRenew(session)) {
      if (isDue && !isOnDemand && backoff.untilTimer() <= 0) refresher.renew(session).catch(() => undefined)
    } else if (isOver) {
      expire(session)
    } else if (isDue && warned !== nameOf(session)) {
      warned = nameOf(session)
      warn(session)
    }
    arm()
  }

  const alarm = createAlarm(environment, check)
  return {
    check,
    arm,
    stop() {
      isStopped = true
      alarm.clear()
    },
  }
}
