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

  const showState = (): void => {
    keeper.reveal()
    events.flush()
  }

  /** What to do next about `session`, and in how many milliseconds. */
  const next = (session: Session<User>): [delay: number, act: () => void] => {
    const remaining = remainingLifetime(session, environment)
    const due = untilRenewal(session, environment)
    if (canRenew(session)) {
      const renewAfter = lifecycle.isOnline() ? Math.max(due, backoff.pauses[0]) : NEVER
      // A renewal that has to wait: the token expires first, and the state has to say so.
      if (renewAfter > 0 && remaining < renewAfter && !keeper.isStale()) return [remaining, showState]
      return [
        renewAfter,
        () => void renewal.renew(session, undefined, 'Its moment had come.', true).catch(() => undefined),
      ]
    }
    const name = session.id + session.generation
    if (warned === name || remaining <= 0) return [remaining, () => end(session, 'expired')]
    return [
      due,
      () => {
        warned = name
        keeper.tell('expiring', { expiresAt: session.tokens.expiresAt as number })
        events.flush()
      },
    ]
  }

  const arm = (): void => {
    timers.clear(timer)
    if (life.aborted || isOnDemand || renewal.isBusy) return
    const session = keeper.current()
    const delay = Math.min(session ? next(session)[0] : NEVER, store.isBehind ? REWRITE : NEVER)
    if (delay < NEVER) timer = timers.set(check, Math.min(Math.max(0, Math.ceil(delay)), LONGEST))
  }

  const check = (): void => {
    if (life.aborted) return
    store.retry()
    showState()
    const session = keeper.current()
    if (session && !(isOnDemand && canRenew(session))) {
      const [delay, act] = next(session)
      if (delay <= 0) act()
    }
    arm()
  }

  return { check, arm }
}
