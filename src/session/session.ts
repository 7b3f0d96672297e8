import type { Environment } from '../environment.js'
import { type Claims, decodeClaims } from './claims.js'
import { isSame } from './json.js'
import { requireAccessToken, type TokenResponse, type TokenSet } from './tokens.js'

/** One sign-in of one person, as of one generation of its tokens. */
export interface Session<User = unknown> {
  readonly id: string
  /** Grows by one with each refresh. */
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
}

/** What a session keeps when it is stored. */
export type StoredSession<User = unknown> = Omit<Session<User>, 'claims' | 'idClaims' | 'endsAt'>

/** Decides when tokens are renewed; `isWide` after a login, or after they had expired. */
export type RenewalPlan = (receivedAt: number, expiresAt: number, isWide: boolean) => number

const MINUTE = 60_000
/** How long a token that is expired on arrival is used all the same; also the pause between two renewals of such. */
export const GRACE = 30_000

/** Completes a stored session with what only this page can know. */
export function reviveSession<User>(stored: StoredSession<User>, { clock }: Environment): Session<User> {
  const { tokens, receivedAt } = stored
  const remaining = (tokens.expiresAt ?? 0) - Math.max(clock.now(), receivedAt)
  return {
    ...stored,
    claims: decodeClaims(tokens.accessToken),
    idClaims: decodeClaims(tokens.idToken),
    endsAt: tokens.expiresAt === undefined ? undefined : clock.monotonic() + remaining,
  }
}

/** A session of which only an HttpOnly cookie knows so far: its tokens are still to come. */
export function awaitTokens<User>({ clock, createId }: Environment): Session<User> {
  return {
    id: createId(),
    generation: 0,
    tokens: { accessToken: '' },
    user: undefined,
    claims: undefined,
    idClaims: undefined,
    receivedAt: clock.now(),
    renewAt: undefined,
    clockOffset: 0,
    endsAt: undefined,
  }
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
  isFresh = true,
): Session<User> {
  const { clock, createId } = environment
  const accessToken = requireAccessToken(answer)
  const receivedAt = clock.now()
  const claims = decodeClaims(accessToken)
  const { clockOffset, ...expiry } = expiryOf(answer, claims, previous, environment, isFresh)
  let { expiresAt } = expiry
  let renewAt: number | undefined
  if (expiresAt !== undefined) {
    if (expiresAt <= receivedAt) renewAt = expiresAt = receivedAt + GRACE
    // A server that gives back the same token has not renewed it: asking again sooner and sooner would not help.
    else if (previous?.tokens.accessToken === accessToken) renewAt = (previous.renewAt ?? 0) > receivedAt ? previous.renewAt : expiresAt
    else renewAt = plan(receivedAt, expiresAt, !previous || remainingLifetime(previous, environment) <= 0)
  }
  const kept = previous?.tokens
  const idToken = answer.idToken ?? kept?.idToken
  const user = answer.user ?? previous?.user
  const stored = {
    id: previous?.id ?? createId(),
    generation: (previous?.generation ?? 0) + 1,
    tokens: {
      accessToken,
      refreshToken: answer.refreshToken || kept?.refreshToken,
      idToken,
      expiresAt,
      scope: answer.scope ?? kept?.scope,
    },
    user: isSame(user, previous?.user) ? previous?.user : user,
    receivedAt,
    renewAt,
    clockOffset,
  }
  return reviveSession(stored, environment)
}

function expiryOf(
  { lifetime, expiresAt }: TokenResponse,
  claims: Claims | undefined,
  previous: Session | undefined,
  { clock }: Environment,
  isFresh: boolean,
): { expiresAt: number | undefined; clockOffset: number } {
  const now = clock.now()
  let clockOffset = previous?.clockOffset ?? 0
  if (Number.isFinite(lifetime)) return { expiresAt: now + (lifetime as number), clockOffset }
  if (Number.isFinite(expiresAt)) return { expiresAt, clockOffset }
  if (!Number.isFinite(claims?.exp)) return { expiresAt: undefined, clockOffset }

  if (!previous?.tokens.accessToken && Number.isFinite(claims?.iat)) {
    const ahead = (claims?.iat as number) * 1000 - now
    // A token that was got elsewhere may simply be old; one that was issued in the future is sure proof.
    if (ahead > MINUTE || (isFresh && ahead < -MINUTE)) clockOffset = ahead
  }
  let end = (claims?.exp as number) * 1000 - clockOffset
  if (previous?.tokens.expiresAt !== undefined && previous.endsAt !== undefined) {
    // Between two renewals the wall clock may have been set, or the page may have slept, which stops only the monotonic
    // one. It was set if the token then lives about as long as the one before.
    const usual = previous.tokens.expiresAt - previous.receivedAt
    const jump = now - clock.monotonic() - (previous.tokens.expiresAt - previous.endsAt)
    const strangeness = (lives: number): number => Math.abs(lives - usual)
    if (Math.abs(jump) > MINUTE && strangeness(end + jump - now) < strangeness(end - now)) {
      clockOffset -= jump
      end += jump
    }
  }
  return { expiresAt: end, clockOffset }
}

/** How long the access token still lives, in milliseconds: by the wall clock or the monotonic one, whichever says less. */
export function remainingLifetime({ tokens, endsAt }: Session, { clock }: Environment): number {
  if (!tokens.accessToken) return Number.NEGATIVE_INFINITY
  if (tokens.expiresAt === undefined || endsAt === undefined) return Number.POSITIVE_INFINITY
  return Math.min(tokens.expiresAt - clock.now(), endsAt - clock.monotonic())
}

/** How long until the moment decided for the renewal, in milliseconds; infinite where none is known. */
export function untilRenewal(session: Session, environment: Environment): number {
  const { tokens, renewAt } = session
  if (!tokens.accessToken) return 0
  if (renewAt === undefined || tokens.expiresAt === undefined) return Number.POSITIVE_INFINITY
  return remainingLifetime(session, environment) - (tokens.expiresAt - renewAt)
}
