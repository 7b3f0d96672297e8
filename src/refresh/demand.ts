import { type Environment, unlessAborted } from '../environment.js'
import { AuthError, isAuthError } from '../errors.js'
import { remainingLifetime, type Session } from '../session/session.js'
import type { Refresher } from './refresher.js'

type Signal = AbortSignal | null | undefined

/** Hands out sessions whose access token can be used. */
export interface Demand<User> {
  /** `session`, or its successor, with an access token that lives for `need` milliseconds, if such a one can be had. */
  ensure(session: Session<User>, need: number, signal: Signal): Promise<Session<User>>
  /** The successor of `session`, whose access token is renewed whatever it still lives. */
  renew(session: Session<User>, signal: Signal): Promise<Session<User>>
  /** The successor of `session`, whose access token met a 401; `undefined` where the 401 has to be believed. */
  replace(session: Session<User>, signal: Signal): Promise<Session<User> | undefined>
  /** Learns whether a token that replaced another was accepted. */
  judge(session: Session<User>, isAccepted: boolean): void
}

/** What a demand is made of. */
export interface DemandParts<User> {
  readonly environment: Environment
  readonly refresher: Refresher<User>
  readonly current: () => Session<User> | undefined
  readonly canRenew: (session: Session<User>) => boolean
  /** Ends a session that has expired, with nothing to renew it. */
  readonly expire: (session: Session<User>) => void
}

/** For so long, 401s cause no further renewal after one that did not help. */
const BRAKE = 30_000

/** The error of a call that needs somebody signed in. */
export function loginRequired(cause?: AuthError): AuthError {
  return new AuthError('login_required', 'Nobody is signed in, or not any more: call login().', cause && { cause })
}

export function createDemand<User>(parts: DemandParts<User>): Demand<User> {
  const { environment, refresher, current, canRenew, expire } = parts
  const { clock } = environment
  /** A renewal for a 401 is on probation until a request with its token was answered. */
  let probation = { id: '', until: 0 }
  let brake = { id: '', until: 0 }

  const holds = ({ id, until }: typeof brake, session: Session<User>): boolean =>
    id === session.id && clock.monotonic() < until

  const renew = async (session: Session<User>, signal: Signal): Promise<Session<User>> => {
    if (!canRenew(session)) {
      if (remainingLifetime(session, environment) <= 0) expire(session)
      throw loginRequired()
    }
    try {
      await unlessAborted(refresher.renew(session), signal)
    } catch (error) {
      throw isAuthError(error) && error.code === 'refresh_rejected' ? loginRequired(error) : error
    }
    const next = current()
    if (next?.id !== session.id) throw loginRequired()
    return next
  }

  const ensure: Demand<User>['ensure'] = async (session, need, signal) => {
    const remaining = remainingLifetime(session, environment)
    if (remaining > 0 && (remaining >= need || isLongest(session, need, clock.now()))) return session
    try {
      return await renew(session, signal)
    } catch (error) {
      const now = current()
      if (signal?.aborted || now?.id !== session.id || remainingLifetime(now, environment) <= 0) throw error
      return now
    }
  }

  return {
    ensure,
    renew,
    async replace(session, signal) {
      const now = current()
      if (now?.id !== session.id) return undefined
      const isBelievable = holds(brake, now) || holds(probation, now) || !canRenew(now)
      try {
        if (now.generation > session.generation) return await ensure(now, 0, signal)
        if (isBelievable) return undefined
        const next = await renew(now, signal)
        probation = { id: next.id, until: clock.monotonic() + BRAKE }
        return next
      } catch (error) {
        if (signal?.aborted) throw error
        return undefined
      }
    },
    judge({ id }, isAccepted) {
      if (isAccepted) probation = { id: '', until: 0 }
      else brake = { id, until: clock.monotonic() + BRAKE }
    },
  }
}

/** Whether a renewal could hardly give a token that lives longer: this one is young, and never lived as long as asked. */
function isLongest({ tokens, receivedAt }: Session, need: number, now: number): boolean {
  const lifetime = (tokens.expiresAt ?? 0) - receivedAt
  return lifetime < need && now - receivedAt < Math.min(BRAKE, lifetime / 2)
}
