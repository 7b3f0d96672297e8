/**
 * The library's own code around one client: session, plan, schedule and backoff as they are in `src`. What it knows about
 * the client is lent to it, so that one instance serves a million of them, one after the other.
 */
import { failureOf } from '../../src/backends/failure.ts'
import type { Environment, LedgerFailure } from '../../src/environment.ts'
import { AuthError, FINAL } from '../../src/errors.ts'
import { createBackoff } from '../../src/refresh/backoff.ts'
import { createPlan } from '../../src/refresh/plan.ts'
import { createSchedule, type ScheduleParts } from '../../src/refresh/schedule.ts'
import { NEVER, nextSession, remainingLifetime, type Session } from '../../src/session/session.ts'
import type { Fate } from './token-endpoint.ts'

/** How long the library waits for an answer, by default. */
export const TIMEOUT = 10_000

/** What a client knows between two moments at which it acts. */
export interface Memory {
  readonly receivedAt: number
  readonly expiresAt: number
  readonly renewAt: number
  /** Whether its state says that the token has expired. */
  readonly isStale: boolean
  readonly failure: LedgerFailure | undefined
}

/** What a client wants next: a call to the server, or to be woken at a moment. */
export type Wish = 'call' | number

export type OneClient = ReturnType<typeof createOneClient>

/** What the server gives back; opaque, for what is in them does not matter here. */
const TOKENS = { accessToken: 'access', refreshToken: 'refresh' }
const LATE = new AuthError('timeout', 'No answer came in time.')
/** What a timer begins, nobody waits for. */
const IGNORED = { catch: () => undefined }

/** `random` is that of the client whose memory is lent. */
export function createOneClient(random: () => number) {
  let now = 0
  /** One object for all: making a new one each time took a tenth of the time. */
  const lent = {
    id: 'session',
    generation: 1,
    tokens: { ...TOKENS, expiresAt: 0 },
    user: undefined,
    claims: undefined,
    idClaims: undefined,
    receivedAt: 0,
    renewAt: 0,
    clockOffset: 0,
    endsAt: 0,
  }
  let session: Session | undefined
  let isStale = false
  let isBusy = false
  let wakeAt = NEVER
  const environment = {
    clock: { now: () => now, monotonic: () => now },
    timers: {
      set(_ring: () => void, delay: number) {
        wakeAt = now + delay
        return 1
      },
      clear() {
        wakeAt = NEVER
      },
    },
    lifecycle: { isOnline: () => true, listen: () => () => undefined },
    random,
    createId: () => 'session',
  } as Partial<Environment> as Environment
  const backoff = createBackoff(environment)
  const backend = { refreshVia: 'body', refresh: () => Promise.reject(LATE) } as const
  const plan = createPlan({ environment, backend, refresh: {}, backoff })
  const reveal = (): void => {
    if (session) isStale = remainingLifetime(session, environment) <= 0
  }
  const schedule = createSchedule({
    environment,
    refresh: {},
    life: new AbortController().signal,
    events: { flush: () => undefined },
    store: { retry: () => undefined, isBehind: false },
    keeper: { current: () => session, reveal, isStale: () => isStale, tell: () => undefined },
    backoff,
    renewal: {
      get isBusy() {
        return isBusy
      },
      renew() {
        isBusy = true
        return IGNORED
      },
    },
    canRenew: () => true,
    end: () => undefined,
  } as unknown as ScheduleParts<unknown>)
  const wish = (): Wish => (isBusy ? 'call' : wakeAt)
  const arm = (): Wish => {
    reveal()
    isBusy = false
    schedule.arm()
    return wish()
  }

  return {
    /** Lends it a client, at a moment; `memory` is `undefined` before the sign-in. */
    lend(at: number, memory: Memory | undefined): void {
      now = at
      isBusy = false
      wakeAt = NEVER
      if (!memory) {
        session = undefined
        isStale = false
        backoff.reset()
        return
      }
      const { receivedAt, expiresAt, renewAt, failure } = memory
      lent.receivedAt = receivedAt
      lent.renewAt = renewAt
      lent.tokens.expiresAt = expiresAt
      lent.endsAt = expiresAt
      session = lent
      isStale = memory.isStale
      if (failure) backoff.heed(failure)
      else backoff.reset()
    },
    get isStale() {
      return isStale
    },
    /** Takes it back. */
    get memory(): Memory {
      const { receivedAt, renewAt = NEVER, tokens } = session as Session
      return { receivedAt, renewAt, expiresAt: tokens.expiresAt ?? NEVER, isStale, failure: backoff.failure }
    },
    /** Its timer rings. */
    ring(): Wish {
      schedule.check()
      return wish()
    },
    /** The page was loaded again: what is fresh is kept, as are the failures that the ledger knows. */
    reload: arm,
    /** Tokens came. */
    receive(lifetime: number): Wish {
      session = nextSession({ ...TOKENS, lifetime }, session, environment, plan)
      backoff.reset()
      return arm()
    },
    /** The call failed; `undefined` if the session is over. */
    fail(fate: Exclude<Fate, 'tokens'>): Wish | undefined {
      const isSilent = fate === 'silence'
      const answer = isSilent ? undefined : { status: fate.status, headers: headersOf(fate), body: undefined }
      const error = failureOf('refresh', isSilent ? LATE : undefined, answer, undefined, now)
      if (FINAL.includes(error.code)) return undefined
      backoff.fail(error)
      return arm()
    },
    /** Somebody needs a token: whether it has expired, and if so, in how long a call may be made; `undefined` if none. */
    ask(): number | undefined {
      if (session && remainingLifetime(session, environment) > 0) return undefined
      const [, pause, forbidden] = backoff.pauses
      return forbidden > 0 ? undefined : pause
    },
  }
}

const HEADERS = new Map<string | undefined, Headers>()

function headersOf({ retryAfter }: { readonly retryAfter?: string }): Headers {
  const known = HEADERS.get(retryAfter) ?? new Headers(retryAfter ? { 'Retry-After': retryAfter } : {})
  HEADERS.set(retryAfter, known)
  return known
}
