import type { TokenStorage } from './contract.js'

/**
 * Keeps the record in `localStorage` (`'local'`: all tabs, survives a restart) or `sessionStorage` (`'session'`: this
 * tab, until it is closed). The browser's storage is touched only when it is used.
 *
 * Any script on the page can read it: an XSS hole then costs the refresh token too. Prefer a refresh token in an
 * HttpOnly cookie where your server can set one.
 *
 * @see [OWASP HTML5 Security Cheat Sheet, local storage](https://cheatsheetseries.owasp.org/cheatsheets/HTML5_Security_Cheat_Sheet.html#local-storage)
 */
export function webStorage(area: 'local' | 'session'): TokenStorage {
  const storage = (): Storage => globalThis[`${area}Storage`]
  return {
    scope: area === 'local' ? 'origin' : 'tab',
    getItem: (key) => storage().getItem(key),
    setItem: (key, value) => storage().setItem(key, value),
    removeItem: (key) => storage().removeItem(key),
  }
}
