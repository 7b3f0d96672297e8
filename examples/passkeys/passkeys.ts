import type { WebAuthnCredential } from '@simplewebauthn/server'

/** A passkey as the server keeps it: the public half. Nothing here helps a thief to sign in. */
export interface Passkey extends WebAuthnCredential {
  readonly userId: string
  readonly createdAt: number
  /** Synced between devices; such a passkey has no counter. */
  readonly isSynced: boolean
  usedAt?: number
}

/** Keeps who has which passkeys. */
export interface Passkeys {
  /** Adds one; `false` if its id is taken, which may be another person's. */
  add(passkey: Passkey): boolean
  byId(id: string): Passkey | undefined
  of(userId: string): readonly Passkey[]
}

/** Makes a store of passkeys in memory. */
export function createPasskeys(): Passkeys {
  const passkeys = new Map<string, Passkey>()

  return {
    add(passkey) {
      if (passkeys.has(passkey.id)) return false
      passkeys.set(passkey.id, passkey)
      return true
    },
    byId: (id) => passkeys.get(id),
    of: (userId) => [...passkeys.values()].filter((passkey) => passkey.userId === userId),
  }
}
