import { onTestFinished, vi } from 'vitest'

/** What a browser would do with cookies, as far as these tests need it. */
export interface CookieJar {
  /** Every text that was assigned to `document.cookie`, oldest first. */
  readonly written: string[]
  /** The cookies that are there. */
  readonly cookies: Map<string, string>
  /** The attributes of the cookies that are there, in lower case and without the value. */
  attributesOf(name: string): string[]
}

/** Browsers drop a cookie whose name and value are larger (RFC 6265bis, section 5.6), and tell nobody. */
const LARGEST = 4096

/** Puts a jar with a browser's limits behind `document.cookie` until the test ends; `refuses` drops more than those. */
export function createCookieJar(refuses: (name: string, jar: CookieJar) => boolean = () => false): CookieJar {
  const cookies = new Map<string, string>()
  const attributes = new Map<string, string[]>()
  const jar: CookieJar = { written: [], cookies, attributesOf: (name) => attributes.get(name) ?? [] }

  const spies = [
    vi.spyOn(document, 'cookie', 'get').mockImplementation(() => [...cookies].map((pair) => pair.join('=')).join('; ')),
    vi.spyOn(document, 'cookie', 'set').mockImplementation((text) => {
      jar.written.push(text)
      // Like browsers, it knows only `;` and the first `=`, and throws away what a control character makes dubious.
      const [pair = '', ...rest] = text.split(';').map((part) => part.trim())
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      const lowered = rest.map((part) => part.toLowerCase())
      const maxAge = lowered.find((part) => part.startsWith('max-age='))
      const isRemoval = maxAge !== undefined && Number(maxAge.slice(8)) <= 0
      if (/[^\P{Cc}\t]/u.test(text) || (!isRemoval && (pair.length - 1 > LARGEST || refuses(name, jar)))) return
      attributes.delete(name)
      if (isRemoval) cookies.delete(name)
      else {
        cookies.set(name, value)
        attributes.set(name, lowered)
      }
    }),
  ]
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
  })
  return jar
}
