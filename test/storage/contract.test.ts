import fc from 'fast-check'
import { AuthClient, type AuthEvents, cookieStorage, memoryStorage, type TokenStorage, webStorage } from 'latchkey'
import { beforeEach, describe, expect, it } from 'vitest'
import { createCookieJar } from './cookie-jar.ts'

/** What an app may hand in where its storage is a native bridge or a database. */
function asyncStorage(): TokenStorage {
  const items = new Map<string, string>()
  return {
    getItem: async (key) => items.get(key) ?? null,
    setItem: async (key, value) => void items.set(key, value),
    removeItem: async (key) => void items.delete(key),
  }
}

const adapters: [name: string, create: () => TokenStorage][] = [
  ['memoryStorage()', memoryStorage],
  ["webStorage('local')", () => webStorage('local')],
  ["webStorage('session')", () => webStorage('session')],
  ['cookieStorage()', cookieStorage],
  ['localStorage itself', () => localStorage],
  ['an asynchronous storage', asyncStorage],
]

const awkward = [
  ['nothing', ''],
  ['a semicolon, an equals sign and a comma', 'a=1; b=2, c;'],
  ['quotes and backslashes', '{"a":"\\"\\\\"}'],
  ['percent signs that look like an encoding', '%3B %zz 100% %E0%A4%A'],
  ['line ends and tabs', 'a\r\nSet-Cookie: b=c\n\tc'],
  ['spaces at both ends', '  a  '],
  ['letters and signs of all planes', 'Ünïcödé Ω 漢字 🔑 \u{10FFFF}\u2028\u0000'],
] as const

describe.each(adapters)('%s', (_, create) => {
  let storage: TokenStorage

  beforeEach(() => {
    localStorage.clear()
    sessionStorage.clear()
    createCookieJar()
    storage = create()
  })

  it('answers null for a key that was never written', async () => {
    expect(await storage.getItem('key')).toBe(null)
  })

  it('answers with the value that was written', async () => {
    await storage.setItem('key', 'value')
    expect(await storage.getItem('key')).toBe('value')
  })

  it('replaces a value', async () => {
    await storage.setItem('key', 'a first value that is longer')
    await storage.setItem('key', 'second')
    expect(await storage.getItem('key')).toBe('second')
  })

  it('answers null after the value was removed', async () => {
    await storage.setItem('key', 'value')
    await storage.removeItem('key')
    expect(await storage.getItem('key')).toBe(null)
  })

  it('takes the removal of what is not there', async () => {
    await storage.removeItem('key')
    expect(await storage.getItem('key')).toBe(null)
  })

  it('keeps keys apart, even if one begins like the other', async () => {
    await storage.setItem('key', 'of key')
    await storage.setItem('key.0', 'of key.0')
    await storage.setItem('key.mark', '1')
    await storage.removeItem('key.0')
    expect(await storage.getItem('key')).toBe('of key')
    expect(await storage.getItem('key.0')).toBe(null)
    expect(await storage.getItem('key.mark')).toBe('1')
  })

  it.each(awkward)('keeps %s', async (_, value) => {
    await storage.setItem('key', value)
    expect(await storage.getItem('key')).toBe(value)
  })

  it.each(awkward.slice(1))('takes %s as the key', async (_, key) => {
    await storage.setItem(key, 'value')
    await storage.setItem('other', 'other value')
    expect(await storage.getItem(key)).toBe('value')
    await storage.removeItem(key)
    expect(await storage.getItem(key)).toBe(null)
    expect(await storage.getItem('other')).toBe('other value')
  })

  it('keeps a value of 40 KB', async () => {
    const value = '{"token":"é"}'.repeat(3000)
    await storage.setItem('key', value)
    expect(await storage.getItem('key')).toBe(value)
  })

  it('keeps any text under any key', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    // happy-dom's localStorage loses keys that its own members have, such as `valueOf`; browsers keep them.
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).filter((key) => !(key in {}))
    await fc.assert(
      fc.asyncProperty(key, text, async (key, value) => {
        await storage.setItem(key, value)
        const kept = await storage.getItem(key)
        await storage.removeItem(key)
        return kept === value && (await storage.getItem(key)) === null
      }),
      { numRuns: 200 },
    )
  })

  it('hands the session from one client to the next', async () => {
    const tokens = {
      accessToken: 'a'.repeat(6000),
      refreshToken: 'r;=%"'.replace(/\W/g, '-'),
      user: { name: 'Jöhn "J"; Doe' },
    }
    const first = new AuthClient({ baseUrl: 'http://localhost/', storage })
    await first.setTokens(tokens)
    first.dispose()

    const second = new AuthClient({ baseUrl: 'http://localhost/', storage })
    expect(await second.start()).toMatchObject({ status: 'authenticated', user: tokens.user })
    expect(await second.getAccessToken()).toBe(tokens.accessToken)
    second.dispose()
  })

  it('holds nothing of the session after a logout', async () => {
    const degraded: AuthEvents['storageDegraded'][] = []
    const auth = new AuthClient({ baseUrl: 'http://localhost/', storage, fetch: async () => new Response() })
    auth.on('storageDegraded', (event) => degraded.push(event))
    await auth.setTokens({ accessToken: 'a'.repeat(6000), refreshToken: 'refresh' })
    expect(await storage.getItem('latchkey')).toContain('refresh')
    await auth.logout()
    expect(await storage.getItem('latchkey')).toBe(null)
    expect(degraded).toEqual([])
    auth.dispose()
  })
})

it.each([
  ['memoryStorage()', memoryStorage(), 'memory'],
  ["webStorage('local')", webStorage('local'), 'origin'],
  ["webStorage('session')", webStorage('session'), 'tab'],
])('%s says who else sees it', (_, { scope }, expected) => {
  expect(scope).toBe(expected)
})

it('gives each memoryStorage a memory of its own', () => {
  const [one, other] = [memoryStorage(), memoryStorage()]
  void one.setItem('key', 'value')
  expect(other.getItem('key')).toBe(null)
})

it('keeps a key that names a member of objects', () => {
  const storage = memoryStorage()
  expect(storage.getItem('__proto__')).toBe(null)
  expect(storage.getItem('toString')).toBe(null)
})
