import { type Environment, sleep, unlessAborted, within } from '../environment.js'
import { AuthError } from '../errors.js'
import { isSameGeneration, remainingLifetime, type Session } from '../session/session.js'
import type { Backoff } from './backoff.js'

type Signal = AbortSignal | null | undefined

/** Renews sessions, one attempt at a time, and hands out those whose access token can be used. */
export interface Renewal<User> {
  /** Whether an attempt is under way. */
  readonly isBusy: boolean
  /**
   * The successor of `session`, joining the attempt under way if there is one. `isScheduled`: nobody waits for it.
   *
   * @throws AuthError `login_required` when the session has ended, by the attempt or otherwise; `rate_limited` while the
   *   server forbids attempts; else why the attempt failed, and the session is kept.
   */
  renew(session: Session<User>, signal: Signal, cause: string, isScheduled?: boolean): Promise<Session<User>>
  /**
   * `session`, or its successor, with an access token that lives for `need` milliseconds, if such a one can be had; not
   * as a promise where it is `session` itself, as it nearly always is.
   */
  ensure(session: Session<User>, need: number, signal: Signal): Session<User> | Promise<Session<User>>
  /** The successor of `session`, whose access token met a 401; `undefined` where the 401 has to be believed. */
  replace(session: Session<User>, signal: Signal): Promise<Session<User> | undefined>
  /** Learns whether a token that replaced another was accepted. */
  judge(session: Session<User>, isAccepted: boolean): void
  /** Ends the pause in which an attempt may be. */
  hurry(): void
  /** Lets all go on who wait for a token, if the session has moved on, here or in another tab; events are told in any case. */
  arrive(): void
  /** Rejects all who wait; an attempt that has begun goes on. */
  abandon(reason: unknown): void
}

/** What a renewal is made of. */
export interface RenewalParts<User> {
  readonly environment: Environment
  readonly backoff: Backoff
  /** Aborted when the client is disposed of: from then on no attempt begins. */
  readonly life: AbortSignal
  readonly current: () => Session<User> | undefined
  readonly canRenew: (session: Session<User>) => boolean
  /** Ends a session that has expired, with nothing to renew it. */
  readonly end: (session: Session<User>, reason: 'expired') => void
  /** `timeout`: of one attempt, in milliseconds. */
  readonly refresh: { readonly timeout: number }
  /** Exchanges the tokens of `session`, or throws what went wrong; `false` if another tab has failed meanwhile. */
  readonly attempt: (session: Session<User>, cause: string) => Promise<boolean>
  /** Called when an attempt has settled, before its callers go on. */
  readonly onSettled: () => void
}

/** The cause of a renewal for which no token serves that was issued before. */
export const FORCED = 'The app asked for it.'
/** For so long, 401s cause no further renewal after one that did not help. */
const BRAKE = 30_000
/** A caller waits for one attempt, and for so long besides: for the turn, the storage, a pause. */
const SLACK = 8000

/** The error of a call that needs somebody signed in. */
export function loginRequired(cause?: AuthError): AuthError {
  return new AuthError('login_required', 'Nobody is signed in: call login().', { cause })
}

/** An attempt under way. */
interface Flight {
  readonly session: Session<unknown>
  readonly promise: Promise<void>
  readonly settle: (reason: unknown) => void
  /** Whether somebody waits for it. */
  isReal: boolean
}

export function createRenewal<User>(parts: RenewalParts<User>): Renewal<User> {
  const { environment, refresh, backoff, life, current, canRenew, end, attempt, onSettled } = parts
  const { clock, lifecycle } = environment
  let flight: Flight | undefined
  /** Ends the pause. */
  let hurry: AbortController | undefined
  /** The session whose 401s are believed until then; for certain, or until its new token is accepted somewhere. */
  let doubt = { id: '', until: 0, isCertain: false }

  const believe = ({ id }: Session<User>, isCertain: boolean): void => {
    doubt = { id, until: clock.monotonic() + BRAKE, isCertain }
  }

  /** Ends the wait for `mine`; what it still does is its own affair. */
  const land = (mine: Flight | undefined, reason?: unknown): void => {
    if (!mine || mine !== flight) return
    flight = undefined
    hurry?.abort()
    mine.settle(reason)
  }

  const fly = async (mine: Flight, session: Session<User>, cause: string): Promise<void> => {
    while (flight === mine) {
      const [timer, caller, everybody] = backoff.pauses
      if (everybody) {
        const retryAt = clock.now() + everybody
        throw new AuthError('rate_limited', 'The server asked for a pause.', { retryAt })
      }
      if ((caller && !lifecycle.isOnline()) || (timer && !mine.isReal)) throw backoff.error
      if (caller) {
        hurry = new AbortController()
        await sleep(environment, caller, hurry.signal).catch(() => undefined)
      } else if (await attempt(session, cause)) return
    }
  }

  const share = (session: Session<User>, cause: string, isScheduled: boolean): Promise<void> => {
    if (flight) {
      flight.isReal ||= !isScheduled
    } else {
      let settle = (_reason: unknown): void => undefined
      const promise = new Promise<void>((resolve, reject) => {
        settle = (reason) => (reason ? reject(reason) : resolve())
      })
      const mine = { session, promise, settle, isReal: !isScheduled }
      flight = mine
      // The first to hear of it: listeners come before callers, and find the promise settled.
      promise.then(onSettled, onSettled)
      fly(mine, session, cause).then(
        () => land(mine),
        (error: unknown) => land(mine, error),
      )
    }
    return flight.promise
  }

  const renew: Renewal<User>['renew'] = async (session, signal, cause, isScheduled = false) => {
    if (!canRenew(session)) {
      if (remainingLifetime(session, environment) <= 0) end(session, 'expired')
      throw loginRequired()
    }
    life.throwIfAborted()
    const patience = refresh.timeout + SLACK
    const late = new AuthError('timeout', `No renewal in ${patience / 1000} s.`)
    const renewed = async (): Promise<Session<User>> => {
      for (let base = session; ; ) {
        await share(base, cause, isScheduled)
        const next = current()
        if (next?.id !== session.id) throw loginRequired()
        // The flight may have been that of the generation before; and what another tab has renewed may have expired while
        // this page was frozen.
        if (next.generation > base.generation && remainingLifetime(next, environment) > 0) return next
        base = next
      }
    }
    return unlessAborted(within(environment, patience, renewed(), late), signal)
  }

  const ensure: Renewal<User>['ensure'] = (session, need, signal) => {
    const remaining = remainingLifetime(session, environment)
    if (remaining > 0) {
      const lifetime = (session.tokens.expiresAt ?? 0) - session.receivedAt
      // A young token that never lived as long as asked: a renewal could hardly give a better one.
      const isBest = lifetime < need && remaining > lifetime - Math.min(BRAKE, lifetime / 2)
      if (remaining >= need || isBest) return session
    }
    return renew(session, signal, 'A token was needed that lives longer.').catch((error) => {
      const now = current()
      if (signal?.aborted || now?.id !== session.id || remainingLifetime(now, environment) <= 0) throw error
      return now
    })
  }

  return {
    get isBusy() {
      return flight !== undefined
    },
    renew,
    ensure,
    async replace(session, signal) {
      const now = current()
      if (now?.id !== session.id) return undefined
      try {
        if (now.generation > session.generation) return await ensure(now, 0, signal)
        if (!canRenew(now) || (doubt.id === now.id && clock.monotonic() < doubt.until)) return undefined
        const next = await renew(now, signal, 'A request met a 401.')
        believe(next, false)
        return next
      } catch (error) {
        if (signal?.aborted) throw error
        return undefined
      }
    },
    judge(session, isAccepted) {
      if (!isAccepted) believe(session, true)
      else if (!doubt.isCertain) doubt.until = 0
    },
    hurry: () => hurry?.abort(),
    arrive() {
      if (flight && !isSameGeneration(flight.session, current())) land(flight)
      else onSettled()
    },
    abandon: (reason) => land(flight, reason),
  }
}
