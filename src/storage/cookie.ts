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

  const write = (key: string, index: number | string, value: string, age = maxAge): void => {
    const secure = options.secure ?? location.protocol === 'https:'
    document.cookie =
      `${encodeURIComponent(key)}.${index}=${value}; Path=${path}; SameSite=${sameSite}` +
      (domain ? `; Domain=${domain}` : '') +
      (secure ? '; Secure' : '') +
      (age === undefined ? '' : `; Max-Age=${Math.ceil(age / 1000)}`)
  }

  /** The chunks of `key` by their index. */
  const read = (key: string): Record<string, string> => {
    const chunks: Record<string, string> = {}
    for (const [, name, index = '', value = ''] of document.cookie.matchAll(/(?:^|; )([^;=]*)\.(\d+)=([^;]*)/g)) {
      if (name === encodeURIComponent(key)) chunks[index] = value
    }
    return chunks
  }

  const getItem = (key: string): string | null => {
    const chunks = read(key)
    let text = ''
    for (let index = 0; index in chunks; index += 1) text += chunks[index]
    try {
      // A set that lost a part is no value at all.
      return text.endsWith(END) ? decodeURIComponent(text.slice(0, -1)) : null
    } catch {
      return null
    }
  }

  const clear = (key: string): void => {
    for (const index in read(key)) write(key, index, '', 0)
  }

  const replace = (key: string, value: string | null): void => {
    clear(key)
    const text = value === null ? '' : encodeURIComponent(value) + END
    for (let start = 0; start < text.length; start += CHUNK) {
      write(key, start / CHUNK, text.slice(start, start + CHUNK))
    }
    if (getItem(key) === value) return
    clear(key)
    throw new AuthError('storage_unavailable', 'The browser refused to change the cookies: too large, or not allowed.')
  }

  return { getItem, setItem: replace, removeItem: (key) => replace(key, null) }
}
