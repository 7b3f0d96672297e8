import type { MockUser } from './users.js'

/** One sign-in, as the server knows it. */
export interface MockSession {
  readonly id: string
  readonly user: MockUser
  /** 1 at the sign-in, and one more with each renewal that the server made. */
  generation: number
  isEnded: boolean
}

/** What a login or a refresh gave out. */
export interface IssuedTokens {
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
  readonly refreshVia: 'body' | 'cookie' | 'access-token'
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

/** A refresh credential that was accepted, or why it was not. */
export type Redeemed =
  | (Known & { readonly credential: string; readonly refusal?: undefined })
  | { readonly session?: MockSession; readonly generation?: number; readonly refusal: string }

/** The sessions of a server, and all tokens that it gave out. */
export function createSessions(parts: SessionParts) {
  const { settings, refreshLifetime, refreshVia, rotates, grace, audience, createAccessToken } = parts
  const sessions = new Set<MockSession>()
  const accessTokens = new Map<string, Known & { expiresAt: number }>()
  const refreshTokens = new Map<string, Known & { readonly expiresAt: number; spentAt?: number }>()
  const byAccessToken = refreshVia === 'access-token'
  const now = (): number => Date.now() + settings.clockSkew

  return {
    /** Begins a session. */
    open(user: MockUser): MockSession {
      const session = { id: crypto.randomUUID(), user, generation: 0, isEnded: false }
      sessions.add(session)
      return session
    },
    /** Gives out the next tokens; `credential` is what bought them, and stays good where nothing rotates. */
    async issue(session: MockSession, credential?: string): Promise<IssuedTokens> {
      session.generation += 1
      const { generation, user } = session
      const { lifetime } = settings
      const at = now()
      let refreshToken: string | undefined
      if (!byAccessToken && (rotates || credential === undefined)) {
        refreshToken = crypto.randomUUID()
        refreshTokens.set(refreshToken, { session, generation, expiresAt: at + refreshLifetime })
      }
      const accessToken = await createAccessToken({
        iss: audience(),
        sub: user.id ?? user.username,
        aud: audience(),
        iat: Math.floor(at / 1000),
        exp: Math.floor((at + lifetime) / 1000),
        jti: crypto.randomUUID(),
        sid: session.id,
        roles: user.roles ?? [],
        ...user.claims,
      })
      accessTokens.set(accessToken, { session, generation, expiresAt: at + lifetime })
      return { accessToken, refreshToken, lifetime }
    },
    /** Takes a refresh credential; one that was used before ends its session, once the grace is over. */
    redeem(credential: string | undefined): Redeemed {
      const token = refreshTokens.get(credential ?? '')
      const known = byAccessToken ? accessTokens.get(credential ?? '') : token
      if (!known || credential === undefined) return { refusal: 'There is no such token.' }
      const { session } = known
      const generation = rotates || byAccessToken ? known.generation : session.generation
      if (session.isEnded) return { session, generation, refusal: 'The session is over.' }
      if (token && !byAccessToken) {
        if (token.expiresAt <= now()) return { session, generation, refusal: 'The token has expired.' }
        if (rotates && token.spentAt !== undefined && now() - token.spentAt >= grace) {
          session.isEnded = true
          return { session, generation, refusal: 'The token was used before: the session is over.' }
        }
        token.spentAt ??= now()
      }
      return { session, generation, credential }
    },
    /** Whose access token it is, if it is good. */
    holder(accessToken: string | undefined): Known | undefined {
      const known = accessTokens.get(accessToken ?? '')
      return known && known.expiresAt > now() && !known.session.isEnded ? known : undefined
    },
    /** Whose token it is, access or refresh, good or not. */
    owner: (token: string | undefined): MockSession | undefined =>
      (refreshTokens.get(token ?? '') ?? accessTokens.get(token ?? ''))?.session,
    /** Ends the sessions of which `isMeant` says so. */
    end(isMeant: (session: MockSession) => boolean): void {
      for (const session of sessions) if (isMeant(session)) session.isEnded = true
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
    },
  }
}

/** The sessions of a server. */
export type Sessions = ReturnType<typeof createSessions>
