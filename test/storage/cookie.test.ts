import { AuthClient, AuthError, type CookieOptions, cookieStorage } from 'latchkey'
import { describe, expect, it, vi } from 'vitest'
import { createCookieJar } from './cookie-jar.ts'

const large = 'é{"a":1};'.repeat(900)

function caught(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}

describe('size', () => {
  it('T22: splits a value over 4 KB into cookies that a browser takes', () => {
    const jar = createCookieJar()
    cookieStorage().setItem('key', large)
    expect(jar.cookies.size).toBeGreaterThan(2)
    for (const [name, value] of jar.cookies) expect(`${name}=${value}`.length).toBeLessThanOrEqual(4096)
    expect(cookieStorage().getItem('key')).toBe(large)
  })

  it('keeps a small value in one cookie', () => {
    const jar = createCookieJar()
    cookieStorage().setItem('key', 'value')
    expect([...jar.cookies.keys()]).toEqual(['key.0'])
  })

  it.each([3590, 3595, 3596, 3597, 3598, 3599, 3600, 3601, 7194, 7196, 7198, 7200, 7202])(
    'keeps a value of %i characters, about where the next cookie begins',
    (length) => {
      createCookieJar()
      const value = 'a'.repeat(length)
      cookieStorage().setItem('key', value)
      expect(cookieStorage().getItem('key')).toBe(value)
    },
  )

  it('cleans up after a value that has shrunk', () => {
    const jar = createCookieJar()
    const storage = cookieStorage()
    storage.setItem('key', large)
    storage.setItem('key', 'small')
    expect([...jar.cookies.keys()]).toEqual(['key.0'])
    expect(storage.getItem('key')).toBe('small')
  })

  it('leaves no cookie behind when a large value is removed', () => {
    const jar = createCookieJar()
    const storage = cookieStorage()
    storage.setItem('key', large)
    storage.removeItem('key')
    expect([...jar.cookies]).toEqual([])
  })

  it.each([0, 1, 2])('stores nothing when the browser refuses cookie %i of a value', (refused) => {
    const jar = createCookieJar((name) => name === `key.${refused}`)
    const error = caught(() => cookieStorage().setItem('key', large))
    expect(error).toBeInstanceOf(AuthError)
    expect(error).toHaveProperty('code', 'storage_unavailable')
    expect([...jar.cookies]).toEqual([])
    expect(cookieStorage().getItem('key')).toBe(null)
  })

  it('stores nothing when the jar is full half way', () => {
    const jar = createCookieJar((name, { cookies }) => cookies.size >= 2 && !cookies.has(name))
    expect(caught(() => cookieStorage().setItem('key', large))).toHaveProperty('code', 'storage_unavailable')
    expect([...jar.cookies]).toEqual([])
  })

  it('never mixes a refused value with the one before', () => {
    let isFull = false
    const jar = createCookieJar((name) => isFull && name !== 'key.0')
    const storage = cookieStorage()
    storage.setItem('key', large)
    isFull = true
    expect(caught(() => storage.setItem('key', large.replaceAll('1', '2')))).toHaveProperty(
      'code',
      'storage_unavailable',
    )
    expect(storage.getItem('key')).toBe(null)
    isFull = false
    expect([...jar.cookies]).toEqual([])
  })

  it('says so when cookies are switched off', () => {
    createCookieJar(() => true)
    const error = caught(() => cookieStorage().setItem('key', 'secret value'))
    expect(error).toHaveProperty('code', 'storage_unavailable')
    expect(String(error)).not.toContain('secret value')
  })

  it('lets a login succeed that the browser keeps no cookies of', async () => {
    createCookieJar(() => true)
    const auth = new AuthClient({ baseUrl: 'http://localhost/', storage: cookieStorage() })
    const degraded = vi.fn<() => void>()
    auth.on('storageDegraded', degraded)
    expect(await auth.setTokens({ accessToken: 'token' })).toHaveProperty('status', 'authenticated')
    expect(await auth.getAccessToken()).toBe('token')
    expect(degraded).toHaveBeenCalledOnce()
    auth.dispose()
  })
})

describe('encoding', () => {
  it('writes no character into a cookie that could end its value, whatever the key and the value', () => {
    const jar = createCookieJar()
    cookieStorage().setItem('a; b=c\r\nd', 'x; Domain=evil.example, "y"\r\nSet-Cookie: z=1 \\ é 🔑')
    for (const [name, value] of jar.cookies) {
      expect(name).toMatch(/^[^\s;,="\\]+$/)
      // RFC 6265, section 4.1.1: cookie-octet
      expect(value).toMatch(/^[!#-+\--:<-[\]-~]+$/)
    }
    for (const text of jar.written) expect(text).not.toMatch(/; *domain|[\r\n]/i)
  })

  it.each([
    ['its end was cut off', (value: string) => value.slice(0, -1)],
    ['a letter was torn apart', (value: string) => value.replace('%A9', '')],
    ['its encoding was spoilt', (value: string) => value.replace('%A9', '%ZZ')],
    ['it is empty', () => ''],
    ['it is something else', () => 'hello'],
  ])('reads null from a cookie that was tampered with: %s', (_, tamper) => {
    const jar = createCookieJar()
    const storage = cookieStorage()
    storage.setItem('key', 'café')
    jar.cookies.set('key.0', tamper(jar.cookies.get('key.0') ?? ''))
    expect(storage.getItem('key')).toBe(null)
  })

  it.each([0, 1, 2])('reads null from a value that has lost cookie %i', (lost) => {
    const jar = createCookieJar()
    const storage = cookieStorage()
    storage.setItem('key', large)
    jar.cookies.delete(`key.${lost}`)
    expect(storage.getItem('key')).toBe(null)
  })

  it.each([0, 1])('leaves no cookie behind when a value is removed that has lost cookie %i', (lost) => {
    const jar = createCookieJar()
    const storage = cookieStorage()
    storage.setItem('key', large)
    jar.cookies.delete(`key.${lost}`)
    storage.removeItem('key')
    expect([...jar.cookies.keys()]).toEqual([])
  })

  it.each([0, 1])('stores a new value over one that has lost cookie %i', (lost) => {
    const jar = createCookieJar()
    const storage = cookieStorage()
    storage.setItem('key', large)
    jar.cookies.delete(`key.${lost}`)
    storage.setItem('key', 'small')
    expect(storage.getItem('key')).toBe('small')
    expect([...jar.cookies.keys()]).toEqual(['key.0'])
  })

  it('finds its cookies among those of others', () => {
    const jar = createCookieJar()
    for (const [name, value] of [
      ['theme', 'dark'],
      ['key', 'theirs'],
      ['', 'nameless'],
      ['key.x', 'theirs'],
    ] as const) {
      jar.cookies.set(name, value)
    }
    const storage = cookieStorage()
    storage.setItem('key', 'ours')
    expect(storage.getItem('key')).toBe('ours')
    storage.removeItem('key')
    expect([...jar.cookies.keys()]).toEqual(['theme', 'key', '', 'key.x'])
  })
})

describe('attributes', () => {
  function attributesOf(options?: CookieOptions): string[] {
    const jar = createCookieJar()
    cookieStorage(options).setItem('key', 'value')
    return jar.attributesOf('key.0')
  }

  it('T22: sets SameSite=Strict and Path=/ unless told otherwise', () => {
    expect(attributesOf().sort()).toEqual(['path=/', 'samesite=strict'])
  })

  it('T22: sets Secure on https', () => {
    vi.stubGlobal('location', { protocol: 'https:', href: 'https://app.example/' })
    try {
      expect(attributesOf()).toContain('secure')
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('sets no Secure on http, where the browser would drop the cookie', () => {
    expect(attributesOf()).not.toContain('secure')
  })

  it.each([true, false])('sets Secure as the option says: %s', (secure) => {
    expect(attributesOf({ secure }).includes('secure')).toBe(secure)
  })

  it('sets path, domain, SameSite and a lifetime in seconds', () => {
    const options: CookieOptions = { path: '/app', domain: 'app.example', sameSite: 'lax', maxAge: 90_000 }
    expect(attributesOf(options).sort()).toEqual(['domain=app.example', 'max-age=90', 'path=/app', 'samesite=lax'])
  })

  it('takes options that are undefined as not given', () => {
    const none = { path: undefined, domain: undefined, maxAge: undefined, sameSite: undefined, secure: undefined }
    expect(attributesOf(none)).toEqual(attributesOf())
  })

  it('removes with the path and domain that it set with', () => {
    const jar = createCookieJar()
    const storage = cookieStorage({ path: '/app', domain: 'app.example' })
    storage.setItem('key', 'value')
    storage.removeItem('key')
    expect(jar.written.at(-1)).toMatch(/^key\.0=;(?=.*path=\/app)(?=.*domain=app\.example)(?=.*max-age=0)/i)
  })

  it.each<[string, CookieOptions]>([
    ['path', { path: '/; Domain=evil.example' }],
    ['path', { path: '/\r\nSet-Cookie: a=b' }],
    ['domain', { domain: 'app.example; SameSite=None' }],
    ['domain', { domain: 'app.example\n' }],
    // What someone without TypeScript, or with options from a config file, may hand in:
    ['sameSite', { sameSite: 'strict; Domain=evil.example' as 'strict' }],
    ['maxAge', { maxAge: '1; Domain=evil.example' as unknown as number }],
  ])('refuses a %s that would smuggle in another attribute: %o', (_, options) => {
    const jar = createCookieJar()
    caught(() => cookieStorage(options).setItem('key', 'value'))
    expect(jar.written.join()).not.toMatch(/evil|none|set-cookie/i)
  })

  it.each([{ path: '/; a=b' }, { path: '/\na' }, { domain: 'a;b' }])('names the fault at the door: %o', (options) => {
    expect(caught(() => cookieStorage(options))).toHaveProperty('code', 'invalid_option')
  })
})
