/**
 * Where the session's record is kept. `localStorage`, `sessionStorage`, React Native's AsyncStorage and the like fit as
 * they are. A storage that throws, or does not answer in 3 s, is done without: the session lives in memory, and
 * `storageDegraded` tells.
 */
export interface TokenStorage {
  /** The value under `key`, or `null`. */
  getItem(key: string): string | null | Promise<string | null>
  /** Keeps `value` under `key`. */
  setItem(key: string, value: string): unknown
  /** Forgets what is under `key`. */
  removeItem(key: string): unknown
  /** Who else sees it: every tab of the origin, a duplicated tab only, or nobody. @default 'origin' */
  readonly scope?: 'origin' | 'tab' | 'memory'
}
