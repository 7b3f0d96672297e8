import type { TokenStorage } from '../storage/contract.js'

/** Remembers that there was a session in an HttpOnly cookie: a reload then asks for it, and anonymous visitors do not. */
export interface Mark {
  isSet(): Promise<boolean>
  /** `isNew`: somebody has signed in, or out; else the session only goes on. */
  set(isSignedIn: boolean, isNew: boolean): Promise<void>
}

/** Keeps the mark in `storage`, and does without where that is denied. */
export function createMark(storage: TokenStorage, key: string): Mark {
  /** What this tab knows of it: whoever finds a session in the storage need not look. */
  let last: boolean | undefined = true
  return {
    async isSet() {
      try {
        last = (await storage.getItem(key)) !== null
        return last
      } catch {
        return false
      }
    },
    async set(isSignedIn, isNew) {
      // Another tab may have signed out since: a renewal in this one does not take that back.
      if (isSignedIn === last && !isNew) return
      last = isSignedIn
      try {
        await (isSignedIn ? storage.setItem(key, '1') : storage.removeItem(key))
      } catch {
        last = undefined
      }
    },
  }
}
