import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { ResolvedConfig } from './config.ts'

/** A refresh token that was just made, and the family that it belongs to. */
export interface IssuedRefreshToken {
  /** Told once, to the client; the server keeps a hash. */
  readonly token: string
  readonly familyId: string
  readonly userId: string
  /** When the family ends, in epoch milliseconds; refreshing does not move it. */
  readonly expiresAt: number
}

/** Keeps the families: all refresh tokens that descend from one sign-in. */
export interface RefreshTokens {
  /** Begins a family, at sign-in. */
  begin(userId: string): IssuedRefreshToken
  /** Trades a token for its successor. A token that was spent before ends its family: one of its two holders stole it. */
  rotate(token: string): IssuedRefreshToken | undefined
  /** Ends the family of a token, which may be unknown. */
  end(token: string): void
  endAllOf(userId: string): void
  isLive(familyId: string): boolean
}

interface Family {
  readonly id: string
  readonly userId: string
  readonly expiresAt: number
  /** Hashes of all its tokens, the spent ones too, or their return would go unnoticed. */
  readonly hashes: Set<string>
  current: string
  previous?: { readonly hash: string; readonly graceUntil: number }
}

type Config = Pick<ResolvedConfig, 'refreshTokenLifetime' | 'refreshGraceMs' | 'now'>

/**
 * Makes a store of refresh tokens in memory.
 *
 * In a database `rotate` must be one transaction: of two calls with one token only one may find it unspent.
 *
 * @param onReuse Called when a spent token came back: the moment to warn the user.
 * @see [RFC 9700, section 4.14: refresh token protection](https://www.rfc-editor.org/rfc/rfc9700.html#section-4.14)
 */
export function createRefreshTokens(config: Config, onReuse: (userId: string) => void): RefreshTokens {
  const { refreshTokenLifetime, refreshGraceMs, now } = config
  const families = new Map<string, Family>()
  const familyByHash = new Map<string, Family>()

  function issue(family: Family): IssuedRefreshToken {
    const token = randomBytes(32).toString('base64url')
    family.current = hashToken(token)
    family.hashes.add(family.current)
    familyByHash.set(family.current, family)
    return { token, familyId: family.id, userId: family.userId, expiresAt: family.expiresAt }
  }

  function endFamily(family: Family): void {
    families.delete(family.id)
    for (const hash of family.hashes) familyByHash.delete(hash)
  }

  /** All families live equally long, so the first in the map are the first to expire. */
  function forgetExpired(): void {
    for (const family of families.values()) {
      if (family.expiresAt > now()) return
      endFamily(family)
    }
  }

  return {
    begin(userId) {
      forgetExpired()
      const expiresAt = now() + refreshTokenLifetime * 1000
      const family: Family = { id: randomUUID(), userId, expiresAt, hashes: new Set(), current: '' }
      families.set(family.id, family)
      return issue(family)
    },

    rotate(token) {
      forgetExpired()
      const hash = hashToken(token)
      const family = familyByHash.get(hash)
      if (!family) return undefined

      if (hash === family.current) {
        family.previous = { hash, graceUntil: now() + refreshGraceMs }
        return issue(family)
      }
      // The answer with the successor got lost, and the client asks again. That successor is spent from now on.
      if (hash === family.previous?.hash && now() < family.previous.graceUntil) return issue(family)

      endFamily(family)
      onReuse(family.userId)
      return undefined
    },

    end(token) {
      const family = familyByHash.get(hashToken(token))
      if (family) endFamily(family)
    },

    endAllOf(userId) {
      for (const family of families.values()) if (family.userId === userId) endFamily(family)
    },

    isLive(familyId) {
      forgetExpired()
      return families.has(familyId)
    },
  }
}

/** A fast hash is enough here: unlike a password, 256 random bits cannot be guessed. */
function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
