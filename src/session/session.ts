import type { Environment } from '../environment.js'
import { type Claims, decodeClaims } from './claims.js'
import { requireAccessToken, type TokenResponse, type TokenSet } from './tokens.js'

/** One sign-in of one person, as of one generation of its tokens. */
export interface Session<User = unknown> {
  readonly id: string
  /** 1 at the sign-in, and one more with each refresh; 0 while its first tokens are still to come. */
  readonly generation: number
  readonly tokens: TokenSet
  readonly user: User | undefined
  readonly claims: Claims | undefined
  readonly idClaims: Claims | undefined
  /** When these tokens arrived. */
  readonly receivedAt: number
  /** When to renew them, decided once for all tabs. */
  readonly renewAt: number | undefined
  /** How far the server's clock is ahead of this one, in milliseconds; 0 up to a minute. */
  readonly clockOffset: number
  /** The monotonic clock at the access token's end: setting the wall clock back does not make a token live longer. */
  readonly endsAt: number | undefined
  /** Whether only `probe` asks for it so far: its absence would be no news. */
  readonly isProbe?: boolean
}

/** What a session keeps when it is stored. */
export type StoredSession<User = unknown> = Omit<Session<User>, 'claims' | 'idClaims' | 'endsAt'>

/** Which session, and how far it has come. */
type Step = Pick<Session, 'id' | 'generation'>

/** Decides when tokens that arrived at `receivedAt` are renewed; `isWide` after a login, or after they had expired. */
export type RenewalPlan = (tokens: TokenSet & { expiresAt: number }, receivedAt: number, isWide: boolean) => number

/** Longer than anything lives. */
export const NEVER = Number.POSITIVE_INFINITY
const MINUTE = 60_000
/** A token that lives shorter counts as expired on arrival: to renew it is to begin again. */
const SHORTEST = 1000
/** How long a token that is expired on arrival is used all the same; also the pause between two renewals of such. */
const GRACE = 30_000

/** Completes a stored session with what only this page can know; an ID token that `previous` had is not read again. */
export function reviveSession<User>(
  stored: StoredSession<User>,
  { clock }: Environment,
  previous?: Session<User>,
  claims = decodeClaims(stored.tokens.accessToken),
): Session<User> {
  const { tokens, receivedAt } = stored
  return {
    ...stored,
    claims,
    idClaims: tokens.idToken === previous?.tokens.idToken ? previous?.idClaims : decodeClaims(tokens.idToken),
    endsAt: tokens.expiresAt && clock.monotonic() + tokens.expiresAt - Math.max(clock.now(), receivedAt),
  }
}

/** A session of which only an HttpOnly cookie knows so far: its tokens are still to come. */
export function awaitTokens<User>({ createId }: Environment, isProbe: boolean): Session<User> {
  const tokens = { accessToken: '' }
  return { id: createId(), generation: 0, tokens, receivedAt: 0, clockOffset: 0, isProbe } as Session<User>
}

/**
 * The session that an answer makes: a new one, or the next generation of `previous`, of which it keeps the refresh
 * token, ID token, user and scope that the answer leaves out (RFC 6749, section 6).
 */
export function nextSession<User>(
  answer: TokenResponse<User>,
  previous: Session<User> | undefined,
  environment: Environment,
  plan: RenewalPlan,
  isJustIssued = true,
): Session<User> {
  const accessToken = requireAccessToken(answer)
  const kept = previous?.tokens
  const tokens = {
    accessToken,
    refreshToken: answer.refreshToken || kept?.refreshToken,
    idToken: answer.idToken ?? kept?.idToken,
    scope: answer.scope ?? kept?.scope,
    keyId: answer.keyId ?? kept?.keyId,
  }
  const receivedAt = environment.clock.now()
  const claims = decodeClaims(accessToken)
  const end = Number(claims?.exp) * 1000
  let clockOffset = previous?.clockOffset ?? 0
  let expiresAt = isNumber(answer.lifetime) ? receivedAt + answer.lifetime : answer.expiresAt
  if (!isNumber(expiresAt) && isNumber(end)) {
    if (previous?.endsAt && kept?.expiresAt) {
      // The wall clock was set since, or the page slept, which stops the monotonic one: either way the tokens are
      // taken to live as long as the ones before.
      const jump = receivedAt - environment.clock.monotonic() - (kept.expiresAt - previous.endsAt)
      const lifetime = kept.expiresAt - previous.receivedAt
      const wasExpired = lifetime === GRACE && previous.renewAt === kept.expiresAt
      if (Math.abs(jump) > MINUTE) clockOffset = end - receivedAt - (wasExpired ? 0 : lifetime)
    } else {
      const ahead = Number(claims?.iat) * 1000 - receivedAt
      // A token that was got elsewhere may simply be old; only one from the future proves that the clock is slow.
      if (ahead > MINUTE || (isJustIssued && ahead < -MINUTE)) clockOffset = ahead
    }
    expiresAt = end - clockOffset
  }
  let renewAt: number | undefined
  if (!isNumber(expiresAt)) {
    expiresAt = undefined
  } else if (expiresAt < receivedAt + SHORTEST) {
    expiresAt = receivedAt + GRACE
    renewAt = expiresAt
  } else if (expiresAt !== kept?.expiresAt) {
    const isWide = !previous || remainingLifetime(previous, environment) <= 0
    renewAt = plan({ ...tokens, expiresAt }, receivedAt, isWide)
  } else {
    // A server that gives back the same token has not renewed it: asking again sooner and sooner would not help.
    const before = previous?.renewAt ?? 0
    renewAt = before > receivedAt ? before : expiresAt
  }
  return reviveSession(
    {
      id: previous?.id ?? environment.createId(),
      generation: (previous?.generation ?? 0) + 1,
      tokens: { ...tokens, expiresAt },
      user: answer.user ?? previous?.user,
      receivedAt,
      renewAt,
      clockOffset,
    },
    environment,
    previous,
    claims,
  )
}

/** Whether both are of the same session, and as far. */
export function isSameGeneration(left: Step | undefined, right: Step | undefined): boolean {
  return left?.id === right?.id && left?.generation === right?.generation
}

/** How long the access token still lives, in milliseconds: by the wall clock or the monotonic one, whichever says less. */
export function remainingLifetime({ tokens, endsAt = NEVER }: Session, { clock }: Environment): number {
  const { accessToken, expiresAt = NEVER } = tokens
  return accessToken ? Math.min(expiresAt - clock.now(), endsAt - clock.monotonic()) : -NEVER
}

/** How long until the moment decided for the renewal, in milliseconds; infinite where none is known. */
export function untilRenewal(session: Session, environment: Environment): number {
  const { expiresAt = 0 } = session.tokens
  return remainingLifetime(session, environment) - expiresAt + (session.renewAt ?? expiresAt)
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value)
}
