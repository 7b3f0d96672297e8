import { AuthError } from '../errors.js'
import type { TokenStorage } from './contract.js'

/** How {@link cookieStorage} sets its cookies. */
export interface CookieOptions {
  /** The path that the cookies are sent to. @default '/' */
  path?: string | undefined
  /** The domain that the cookies are sent to. @default this host alone */
  domain?: string | undefined
  /** How long the cookies are kept, in milliseconds. @default until the browser is closed */
  maxAge?: number | undefined
  /** Which navigations from other sites send them. @default 'strict' */
  sameSite?: 'strict' | 'lax' | 'none' | undefined
  /** Send them over https only. @default whether this page is on https */
  secure?: boolean | undefined
}

/** What fits in one cookie of 4096 bytes beside its name and attributes. */
const CHUNK = 3600

/**
 * Keeps the record in cookies that script can read, for a server that renders with them. A value over 4 KB is split
 * into `<key>.0`, `<key>.1`, … and written wholly or not at all.
 *
 * Each request to the site carries these cookies, images and scripts too: two JWTs are easily 3 KB of header every
 * time, and many servers refuse more than 8 KB in all. Script can read them, so they are no safer than `localStorage`;
 * for safety have the *server* set an HttpOnly cookie, and use `refreshVia: 'cookie'`.
 *
 * @see [OAuth 2.0 for Browser-Based Apps, section 8](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps)
 */
export function cookieStorage(options: CookieOptions = {}): TokenStorage {
  const { path = '/', domain, maxAge, sameSite = 'strict' } = options
  if (/[;\s]/.test(path + (domain ?? ''))) {
    throw new AuthError('invalid_option', '`path` and `domain` of a cookie must hold no `;` and no space.')
  }

  const read = (): Map<string, string> =>
    new Map(document.cookie.split('; ').map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]))

  const write = (name: string, value: string, seconds?: number): void => {
    const secure = options.secure ?? location.protocol === 'https:'
    document.cookie = [
      `${name}=${value}`,
      `Path=${path}`,
      `SameSite=${sameSite}`,
      ...(secure ? ['Secure'] : []),
      ...(domain ? [`Domain=${domain}`] : []),
      ...(seconds === undefined ? [] : [`Max-Age=${seconds}`]),
    ].join('; ')
  }

  const nameOf = (key: string, index: number): string => `${encodeURIComponent(key)}.${index}`

  const countOf = (key: string, cookies = read()): number => {
    let count = 0
    while (cookies.has(nameOf(key, count))) count += 1
    return count
  }

  const removeFrom = (key: string, first: number): void => {
    for (let index = countOf(key) - 1; index >= first; index -= 1) write(nameOf(key, index), '', 0)
  }

  const getItem = (key: string): string | null => {
    const cookies = read()
    const chunks = Array.from({ length: countOf(key, cookies) }, (_, index) => cookies.get(nameOf(key, index)) ?? '')
    // The first chunk begins with the number of chunks: a set that lost one is no value at all.
    const [, count, text] = /^(\d+)\.([^]*)$/.exec(chunks.join('')) ?? []
    if (text === undefined || Number(count) !== chunks.length) return null
    try {
      return decodeURIComponent(text)
    } catch {
      return null
    }
  }

  return {
    getItem,
    setItem(key, value) {
      const text = encodeURIComponent(value)
      const count = Math.ceil((text.length + 4) / CHUNK)
      const whole = `${count}.${text}`
      for (let index = 0; index < count; index += 1) {
        write(nameOf(key, index), whole.slice(index * CHUNK, (index + 1) * CHUNK), maxAge && Math.ceil(maxAge / 1000))
      }
      removeFrom(key, count)
      if (getItem(key) !== value) {
        removeFrom(key, 0)
        throw new AuthError('storage_unavailable', 'The browser did not keep the cookies: too large, or not allowed.')
      }
    },
    removeItem(key) {
      removeFrom(key, 0)
      if (countOf(key)) throw new AuthError('storage_unavailable', 'The browser did not delete the cookies.')
    },
  }
}
