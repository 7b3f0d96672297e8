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
/** Ends a value; `encodeURIComponent` leaves no such character in it. */
const END = ':'

/**
 * Keeps the record in cookies that script can read, for a server that renders with them. A value over 4 KB is split
 * into `<key>.0`, `<key>.1`, … and written wholly or not at all.
 *
 * Each request to the site carries these cookies, images and scripts too: two JWTs are easily 3 KB of header every
 * time, and many servers refuse more than 8 KB in all. Script can read them, so they are no safer than `localStorage`;
 * for safety have the *server* set an HttpOnly cookie, and use `refreshVia: 'cookie'`.
 *
 * @see [OAuth 2.0 for Browser-Based Applications, section 8](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps#section-8)
 */
export function cookieStorage(options: CookieOptions = {}): TokenStorage {
  const { path = '/', domain, maxAge, sameSite = 'strict' } = options
  if (/[;\s]/.test(path + domain + sameSite)) {
    throw new AuthError('invalid_option', '`path`, `domain` and `sameSite` must hold no `;` and no space.')
  }

  const write = (name: string, value: string, age = maxAge): void => {
    const secure = options.secure ?? location.protocol === 'https:'
    document.cookie =
      `${name}=${value}; Path=${path}; SameSite=${sameSite}` +
      (domain ? `; Domain=${domain}` : '') +
      (secure ? '; Secure' : '') +
      (age === undefined ? '' : `; Max-Age=${Math.ceil(age / 1000)}`)
  }

  /** The chunks of `key` by their index, in order as far as none is missing. */
  const read = (key: string): Map<string, string> => {
    const prefix = nameOf(key, '')
    const pairs = document.cookie.split('; ').map((pair) => pair.split('=') as [string, string])
    return new Map(
      pairs
        .filter(([name]) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    )
  }

  const getItem = (key: string): string | null => {
    const chunks = read(key)
    let text = ''
    for (let index = 0; chunks.has(`${index}`); index += 1) text += chunks.get(`${index}`)
    try {
      // A set that lost a part is no value at all.
      return text.endsWith(END) ? decodeURIComponent(text.slice(0, -1)) : null
    } catch {
      return null
    }
  }

  const removeItem = (key: string): void => {
    for (const index of read(key).keys()) write(nameOf(key, index), '', 0)
  }

  return {
    getItem,
    setItem(key, value) {
      const text = encodeURIComponent(value) + END
      removeItem(key)
      for (let index = 0; index * CHUNK < text.length; index += 1) {
        write(nameOf(key, index), text.slice(index * CHUNK, (index + 1) * CHUNK))
      }
      if (getItem(key) === value) return
      removeItem(key)
      throw new AuthError('storage_unavailable', 'The browser did not keep the cookies: too large, or not allowed.')
    },
    removeItem(key) {
      removeItem(key)
      if (read(key).size) throw new AuthError('storage_unavailable', 'The browser did not delete the cookies.')
    },
  }
}

function nameOf(key: string, index: number | string): string {
  return `${encodeURIComponent(key)}.${index}`
}
