import type { TokenStorage } from '../storage/contract.js'

/** Remembers that there was a session in an HttpOnly cookie: a reload then asks for it, and anonymous visitors do not. */
export interface Mark {
  isSet(): Promise<boolean>
  set(isSignedIn: boolean): void
}

/** Keeps the mark in `storage`, and does without where that is denied. */
export function createMark(storage: TokenStorage, key: string): Mark {
  return {
    async isSet() {
      try {
        return (await storage.getItem(key)) !== null
      } catch {
        return false
      }
    },
    set(isSignedIn) {
      try {
        if (isSignedIn) storage.setItem(key, '1')
        else storage.removeItem(key)
      } catch {}
    },
  }
}
