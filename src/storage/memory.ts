import type { TokenStorage } from './contract.js'

/**
 * Keeps the record in this page's memory: nothing to steal from a disk, and gone with the page.
 *
 * Together with a refresh token in an HttpOnly cookie (`refreshVia: 'cookie'`) it is the set-up that good practice asks
 * for: a reload gets a new access token from the cookie.
 */
export function memoryStorage(): TokenStorage {
  const items = new Map<string, string>()
  return {
    scope: 'memory',
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  }
}
