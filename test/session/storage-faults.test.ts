import { inspect } from 'node:util'
import { memoryStorage, type TokenStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import {
  createIssuer,
  createVirtualClient,
  createVirtualPage,
  HOUR,
  MINUTE,
  SECOND,
  settle,
  virtuallySignedIn,
} from './virtual-page.ts'

const boom = (): never => {
  throw new DOMException('The operation is insecure.', 'SecurityError')
}
const reject = (): Promise<never> => Promise.reject(new Error('The bridge is gone.'))
const hang = (): Promise<never> => new Promise(() => undefined)

/** A whole life, with the storage as it is; resolves with what an app saw. */
async function live(storage: TokenStorage) {
  const client = createVirtualClient({ storage })
  const { auth, page, issuer, told, heard } = client
  const patient = async <T>(promise: Promise<T>): Promise<T> => {
    await page.pass(4 * SECOND)
    return promise
  }
  const started = await patient(auth.start())
  const login = await patient(auth.login())
  const renewed = await patient(auth.getAccessToken({ forceRefresh: true }))
  auth.setUser({ id: 3 })
  await patient(auth.setTokens({ accessToken: 'mine', refreshToken: 'refresh-mine', lifetime: 5 * MINUTE }))
  await page.pass(HOUR)
  const token = await auth.getAccessToken()
  await patient(auth.logout())
  return { started, login, renewed, token, state: auth.state, told, degraded: heard('storageDegraded'), issuer, page }
}

const good = memoryStorage()

describe.each<[string, Partial<TokenStorage>]>([
  ['throws at each touch', { getItem: boom, setItem: boom, removeItem: boom }],
  ['throws at each read', { getItem: boom }],
  ['throws at each write, as when it is full', { setItem: boom }],
  ['throws at each removal', { removeItem: boom }],
  ['rejects each call', { getItem: reject, setItem: reject, removeItem: reject }],
  ['never answers', { getItem: hang, setItem: hang, removeItem: hang }],
  ['never answers a write', { setItem: hang }],
  ['never answers a removal', { removeItem: hang }],
  ['answers undefined', { getItem: () => undefined as never }],
  ['answers with an object', { getItem: () => ({ v: 1 }) as never }],
])('a storage that %s', (name, faults) => {
  it('F22, F24: breaks neither start, login, refresh nor logout', async () => {
    const { started, login, renewed, token, state, issuer, page } = await live({ ...memoryStorage(), ...faults })
    expect(started).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(login).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(renewed).toBe('access-2')
    expect(token).toMatch(/^access-/)
    expect(state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(issuer.refreshes).toBeGreaterThan(10)
    expect(page.reported).toEqual([])
  })

  it('F22: tells all events as ever, and `storageDegraded` once', async () => {
    const { told, degraded } = await live({ ...memoryStorage(), ...faults })
    const others = told.filter((name) => name !== 'storageDegraded' && name !== 'refresh')
    expect(others).toEqual(['login', 'logout', 'login', 'logout'])
    expect(degraded).toHaveLength(name.startsWith('answers') ? 0 : 1)
    for (const { error } of degraded) expect(error).toMatchObject({ code: 'storage_unavailable', retryable: false })
  })
})

describe('a storage that is asynchronous', () => {
  it('F24: counts as denied when it is silent for 3 s', async () => {
    const { auth, page, told } = createVirtualClient({ storage: { ...good, getItem: hang } })
    const start = auth.start()
    await page.pass(3 * SECOND - 1)
    expect(auth.state).toEqual({ status: 'loading' })
    await page.pass(1)
    expect(await start).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(told).toEqual(['storageDegraded'])
  })

  it('F24: is waited for when it answers in less', async () => {
    const first = memoryStorage()
    const { page } = await virtuallySignedIn({ storage: first })
    const later = createVirtualPage(page.now())
    const slow: TokenStorage = {
      ...first,
      getItem: (key) =>
        new Promise((resolve) =>
          later.environment.timers?.set(() => resolve(first.getItem(key) as string | null), 2900),
        ),
    }
    const { auth, told } = createVirtualClient({ storage: slow, page: later })
    const start = auth.start()
    await later.pass(3 * SECOND)
    expect(await start).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(told).toEqual([])
  })

  it('F24: signs nobody in by an answer that comes after those 3 s', async () => {
    const first = memoryStorage()
    const { page } = await virtuallySignedIn({ storage: first })
    let answer: (text: string | null) => void = () => undefined
    const late: TokenStorage = { ...first, getItem: () => new Promise((resolve) => (answer = resolve)) }
    const { auth, page: later } = createVirtualClient({ storage: late, page: createVirtualPage(page.now()) })
    const start = auth.start()
    await later.pass(3 * SECOND)
    await start
    answer(String(first.getItem('latchkey')))
    await settle()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
  })

  it('F24: holds up a login for 3 s at most when it does not answer the write', async () => {
    const { auth, page, told } = createVirtualClient({ storage: { ...memoryStorage(), setItem: hang } })
    await auth.start()
    let isDone = false
    const login = auth.login().then(() => (isDone = true))
    await page.pass(3 * SECOND - 1)
    expect(isDone).toBe(false)
    await page.pass(1)
    expect(isDone).toBe(true)
    await login
    expect(told).toEqual(['login', 'storageDegraded'])
  })

  it('F24: holds up no token that was renewed', async () => {
    const storage = { ...memoryStorage() }
    const { auth, page } = await virtuallySignedIn({ storage })
    storage.setItem = hang
    const before = page.now()
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-2')
    expect(page.now()).toBe(before)
  })

  it('gets its writes one after the other, and the last one wins', async () => {
    const items = new Map<string, string>()
    let [running, most] = [0, 0]
    const waiting: (() => void)[] = []
    const slow: TokenStorage = {
      getItem: async (key) => items.get(key) ?? null,
      async setItem(key, value) {
        running += 1
        most = Math.max(most, running)
        await new Promise<void>((resolve) => waiting.push(resolve))
        items.set(key, value)
        running -= 1
      },
      removeItem: async (key) => void items.delete(key),
    }
    const { auth } = createVirtualClient({ storage: slow })
    const login = auth.login()
    await settle()
    auth.setUser({ id: 2 })
    auth.setUser({ id: 3 })
    auth.setUser({ id: 4 })
    while (waiting.length > 0) {
      waiting.shift()?.()
      await settle()
    }
    await login
    expect(most).toBe(1)
    expect(items.get('latchkey')).toContain('{"id":4}')
  })

  it('forgets a session that was signed out of while its write was under way', async () => {
    const items = new Map<string, string>()
    let release: () => void = () => undefined
    const slow: TokenStorage = {
      getItem: async (key) => items.get(key) ?? null,
      async setItem(key, value) {
        await new Promise<void>((resolve) => (release = resolve))
        items.set(key, value)
      },
      removeItem: async (key) => void items.delete(key),
    }
    const { auth } = createVirtualClient({ storage: slow })
    const login = auth.login()
    await settle()
    const logout = auth.logout()
    release()
    await Promise.all([login, logout])
    await settle()
    expect(items.get('latchkey')).toBe(undefined)
  })

  /** Rejects the first write when the test says so, and works from then on. */
  function failingOnce(): TokenStorage & { items: Map<string, string>; fail: () => void } {
    const items = new Map<string, string>()
    let isFirst = true
    const storage = {
      items,
      fail: (): void => undefined,
      getItem: async (key: string) => items.get(key) ?? null,
      async setItem(key: string, value: string) {
        if (isFirst) {
          isFirst = false
          await new Promise<void>((_, refuse) => (storage.fail = () => refuse(new Error('The bridge is gone.'))))
        }
        items.set(key, value)
      },
      removeItem: async (key: string) => void items.delete(key),
    }
    return storage
  }

  it('F22: gets no record back that was signed out of while its write was failing', async () => {
    const storage = failingOnce()
    const { auth, page, told } = createVirtualClient({ storage })
    const login = auth.login()
    await settle()
    const logout = auth.logout()
    storage.fail()
    await Promise.all([login, logout])
    await page.pass(HOUR)
    await page.wake('focus')
    expect([...storage.items]).toEqual([])
    expect(told).toEqual(['login', 'logout'])
  })

  it('F22: gets a newer record at once, when the write before it fails', async () => {
    const storage = failingOnce()
    const { auth, page, told } = createVirtualClient({ storage })
    const login = auth.login()
    await settle()
    auth.setUser({ id: 2 })
    const before = page.now()
    storage.fail()
    await login
    expect(storage.items.get('latchkey')).toContain('{"id":2}')
    expect(page.now()).toBe(before)
    expect(told).toEqual(['login'])
  })
})

describe('a storage that recovers', () => {
  it('F22: tells `storageDegraded` no second time', async () => {
    let isBroken = true
    const memory = memoryStorage()
    const flaky: TokenStorage = { ...memory, setItem: (key, value) => (isBroken ? boom() : memory.setItem(key, value)) }
    const { auth, page, heard } = await virtuallySignedIn({ storage: flaky })
    for (let count = 0; count < 6; count += 1) {
      isBroken = !isBroken
      await auth.getAccessToken({ forceRefresh: true })
      await page.pass(MINUTE)
    }
    expect(heard('storageDegraded')).toHaveLength(1)
  })

  it('F22: keeps rotated tokens in memory meanwhile, and uses them', async () => {
    const { auth, issuer } = await virtuallySignedIn({ storage: { ...memoryStorage(), setItem: boom } })
    await auth.getAccessToken({ forceRefresh: true })
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.offered.map(({ refreshToken }) => refreshToken)).toEqual(['refresh-1', 'refresh-2'])
  })
})

describe('a storage that somebody else empties', () => {
  it('F23: is written again at the next refresh; the session in memory goes on', async () => {
    const storage = memoryStorage()
    const { auth, told } = await virtuallySignedIn({ storage })
    storage.removeItem('latchkey')
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-2')
    expect(storage.getItem('latchkey')).toContain('refresh-2')
    expect(told).toEqual(['refresh'])
  })

  it('F23: means signed out at the next page load', async () => {
    const storage = memoryStorage()
    const { auth, page } = await virtuallySignedIn({ storage })
    auth.dispose()
    storage.removeItem('latchkey')
    const next = createVirtualClient({ storage, page, issuer: createIssuer() })
    expect(await next.auth.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
  })
})

describe('the error of a storage', () => {
  it('T4: shows no token, though the storage quotes the record', async () => {
    const storage: TokenStorage = {
      ...memoryStorage(),
      setItem(_, value) {
        throw new Error(`cannot store ${value}`)
      },
    }
    const { auth, heard } = createVirtualClient({ storage })
    await auth.login()
    await settle()
    const [event] = heard('storageDegraded')
    expect(event).toBeDefined()
    expect(inspect(event, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toMatch(/access-1|refresh-1/)
  })
})
