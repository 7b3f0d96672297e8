/** What a person is asked to sign for: a signature for one is good for nothing else. */
export type Ceremony = 'registration' | 'sign-in'

/** Remembers the challenges that were given out. */
export interface Challenges {
  /** Gives a challenge out, for anybody or for one user alone. */
  remember(challenge: string, ceremony: Ceremony, userId?: string): void
  /** Whether it was given out for this, to this user, and not too long ago. Once seen it is gone, whatever the answer. */
  spend(challenge: string, ceremony: Ceremony, userId: string): boolean
}

/** How long a person may take. */
export interface ChallengesOptions {
  readonly lifetimeMs: number
  readonly now: () => number
}

/**
 * Makes a store of challenges in memory.
 *
 * @see [Web Authentication, section 13.4.3: cryptographic challenges](https://www.w3.org/TR/webauthn-3/#sctn-cryptographic-challenges)
 */
export function createChallenges({ lifetimeMs, now }: ChallengesOptions): Challenges {
  const given = new Map<string, { ceremony: Ceremony; userId: string | undefined; expiresAt: number }>()

  /** All challenges live equally long, so the first in the map are the first to expire. */
  function forgetExpired(): void {
    for (const [challenge, { expiresAt }] of given) {
      if (expiresAt > now()) return
      given.delete(challenge)
    }
  }

  return {
    remember(challenge, ceremony, userId) {
      forgetExpired()
      given.set(challenge, { ceremony, userId, expiresAt: now() + lifetimeMs })
    },
    spend(challenge, ceremony, userId) {
      forgetExpired()
      const found = given.get(challenge)
      given.delete(challenge)
      return found?.ceremony === ceremony && (found.userId ?? userId) === userId
    },
  }
}
