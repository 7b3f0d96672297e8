import type { Environment } from '../environment.js'
import type { Events } from '../events.js'
import type { KeeperEvents } from '../session/auth-events.js'
import type { Keeper } from '../session/keeper.js'
import { NEVER, remainingLifetime, type Session, untilRenewal } from '../session/session.js'
import type { Store } from '../session/store.js'
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
  readonly refresh: { readonly when?: string | undefined }
  readonly life: AbortSignal
  readonly events: Events<KeeperEvents<User>>
  readonly store: Store
  readonly keeper: Keeper<User>
  readonly backoff: Backoff
  readonly renewal: Renewal<User>
  readonly canRenew: (session: Session<User>) => boolean
  /** Ends `session`, whose token has expired. */
  readonly end: (session: Session<User>, reason: 'expired') => void
}

/** How soon a write that failed is tried again. */
const REWRITE = 15_000
/** Browsers keep delays in 32 bits: a longer one would ring at once. */
const LONGEST = 2 ** 31 - 1

export function createSchedule<User>(parts: ScheduleParts<User>): Schedule {
  const { environment, refresh, life, events, store, keeper, backoff, renewal, canRenew, end } = parts
  const isOnDemand = refresh.when === 'on-demand'
  const { timers, lifecycle } = environment
  let timer: unknown
  /** The session and generation whose end was announced. */
  let warned = ''

  /** What is to be done about `session`, and in how many milliseconds. */
  const tasks = (session: Session<User>): readonly [delay: number, act?: () => void][] => {
    const remaining = remainingLifetime(session, environment)
    const due = untilRenewal(session, environment)
    if (canRenew(session)) {
      const mayRenew = !isOnDemand && lifecycle.isOnline()
      const renew = (): unknown =>
        renewal.renew(session, undefined, 'Its moment had come.', true).catch(() => undefined)
      // A renewal may have to wait: the token expires first, and the state has to say so.
      return [[mayRenew ? Math.max(due, backoff.pauses[0]) : NEVER, renew], [keeper.isStale() ? NEVER : remaining]]
    }
    const name = session.id + session.generation
    const warn = (): void => {
      warned = name
      keeper.tell('expiring', { expiresAt: session.tokens.expiresAt as number })
      events.flush()
    }
    return [
      [remaining, () => end(session, 'expired')],
      [isOnDemand || warned === name ? NEVER : due, warn],
    ]
  }

  const arm = (): void => {
    timers.clear(timer)
    if (life.aborted || isOnDemand || renewal.isBusy) return
    const session = keeper.current()
    const delays = session ? tasks(session).map(([delay]) => delay) : []
    const delay = Math.min(store.isBehind ? REWRITE : NEVER, ...delays)
    if (delay < NEVER) timer = timers.set(check, Math.min(Math.max(0, Math.ceil(delay)), LONGEST))
  }

  const check = (): void => {
    if (life.aborted) return
    store.retry()
    keeper.reveal()
    events.flush()
    const session = keeper.current()
    if (session) tasks(session).find(([delay]) => delay <= 0)?.[1]?.()
    arm()
  }

  return { check, arm }
}
