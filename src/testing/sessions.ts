import type { MockUser } from './users.js'

/** One sign-in, as the server knows it. */
export interface MockSession {
  readonly id: string
  readonly user: MockUser
  /** 1 at the sign-in, and one more with each renewal that the server made. */
  generation: number
  /** The newest generation whose answer has left. */
  delivered: number
  isEnded: boolean
}

/** What a login or a refresh gave out. */
export interface IssuedTokens {
  /** What opens the API. */
  readonly accessToken: string
  /** Absent where a renewal kept the old one, or where the access token renews itself. */
  readonly refreshToken: string | undefined
  /** How long the access token lives, in milliseconds. */
  readonly lifetime: number
}

/** What may be changed while the server runs. */
export interface TokenSettings {
  /** How long access tokens live, in milliseconds. */
  lifetime: number
  /** How far the server's clock is ahead, in milliseconds. */
  clockSkew: number
}

/** What sessions are made of. */
export interface SessionParts {
  readonly settings: TokenSettings
  readonly refreshLifetime: number
  readonly refreshVia: 'body' | 'cookie' | 'access-token' | 'none'
  readonly rotates: boolean
  readonly grace: number
  /** `iss` and `aud` of the tokens. */
  readonly audience: () => string
  readonly createAccessToken: (claims: Readonly<Record<string, unknown>>) => string | Promise<string>
}

interface Known {
  readonly session: MockSession
  readonly generation: number
}

interface Renewable extends Known {
  readonly renewableUntil: number
  spentAt?: number
}

/** A refresh credential that was accepted, or why it was not. */
export type Redeemed =
  | (Known & { readonly credential: string; readonly refusal?: undefined })
  | { readonly session?: MockSession; readonly generation?: number; readonly refusal: string }

/** The sessions of a server, and all tokens that it gave out. */
export function createSessions(parts: SessionParts) {
  const { settings, refreshLifetime, refreshVia, rotates, grace, audience, createAccessToken } = parts
  const sessions = new Set<MockSession>()
  const accessTokens = new Map<string, Renewable & { expiresAt: number }>()
  const refreshTokens = new Map<string, Renewable>()
  const issued: IssuedTokens[] = []
  const byAccessToken = refreshVia === 'access-token'
  const hasRefreshTokens = refreshVia === 'body' || refreshVia === 'cookie'
  const now = (): number => Date.now() + settings.clockSkew

  return {
    /** All that was given out. */
    issued,
    /** Begins a session. */
    open(user: MockUser): MockSession {
      const session = { id: crypto.randomUUID(), user, generation: 0, delivered: 0, isEnded: false }
      sessions.add(session)
      return session
    },
    /** Gives out the next tokens; `credential` is what bought them, and stays good where nothing rotates. */
    async issue(session: MockSession, credential?: string): Promise<IssuedTokens> {
      session.generation += 1
      const { generation, user } = session
      const { lifetime } = settings
      const at = now()
      const known: Renewable = { session, generation, renewableUntil: at + refreshLifetime }
      let refreshToken: string | undefined
      if (hasRefreshTokens && (rotates || credential === undefined)) {
        refreshToken = `refresh-${crypto.randomUUID()}`
        refreshTokens.set(refreshToken, { ...known })
      }
      const claims = {
        iss: audience(),
        sub: String(user.id ?? user.username),
        aud: audience(),
        iat: Math.floor(at / 1000),
        exp: Math.floor((at + lifetime) / 1000),
        jti: crypto.randomUUID(),
        sid: session.id,
        roles: user.roles ?? [],
        ...user.claims,
      }
      const made = createAccessToken(claims)
      const accessToken = typeof made === 'string' ? made : await made
      const tokens = { accessToken, refreshToken, lifetime }
      // Nothing of it, if all was forgotten meanwhile.
      if (!sessions.has(session)) return tokens
      accessTokens.set(accessToken, { ...known, expiresAt: at + lifetime })
      issued.push(tokens)
      return tokens
    },
    /** Takes a refresh credential; one that was used before ends its session, once the grace is over. */
    redeem(credential: string | undefined): Redeemed {
      const known = (byAccessToken ? accessTokens : refreshTokens).get(credential ?? '')
      if (!known || credential === undefined) return { refusal: 'There is no such token.' }
      const { session } = known
      const isLasting = !rotates && !byAccessToken
      // One token for all generations: those that overlap come with the same.
      const generation = isLasting ? Math.max(1, session.delivered) : known.generation
      if (session.isEnded) return { session, generation, refusal: 'The session is over.' }
      if (known.renewableUntil <= now()) return { session, generation, refusal: 'The token has expired.' }
      if (isLasting || byAccessToken) return { session, generation, credential }
      if (known.spentAt !== undefined && now() - known.spentAt >= grace) {
        session.isEnded = true
        return { session, generation, refusal: 'The token was used before: the session is over.' }
      }
      known.spentAt ??= now()
      return { session, generation, credential }
    },
    /** Whose access token it is, if it is good. */
    holder(accessToken: string | undefined): Known | undefined {
      const known = accessTokens.get(accessToken ?? '')
      return known && known.expiresAt > now() && !known.session.isEnded ? known : undefined
    },
    /** Whose token it is, access or refresh, good or not. */
    owner: (token: string | undefined): Known | undefined =>
      refreshTokens.get(token ?? '') ?? accessTokens.get(token ?? ''),
    /** Ends the sessions of `username`, or all; tells how many that name has had. */
    end(username: string | undefined): number {
      const meant = [...sessions].filter(({ user }) => username === undefined || user.username === username)
      for (const session of meant) session.isEnded = true
      return meant.length
    },
    /** From now on no access token is good that was given out until now. */
    expireAccessTokens(): void {
      for (const token of accessTokens.values()) token.expiresAt = Number.NEGATIVE_INFINITY
    },
    /** Forgets all. */
    clear(): void {
      sessions.clear()
      accessTokens.clear()
      refreshTokens.clear()
      issued.length = 0
    },
  }
}

/** The sessions of a server. */
export type Sessions = ReturnType<typeof createSessions>
