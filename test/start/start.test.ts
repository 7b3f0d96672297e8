import { AuthClient, memoryStorage, type TokenStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { createIssuer, createVirtualClient, MINUTE, settle, virtuallySignedIn } from '../session/virtual-page.ts'

/** A memory that counts how often it is read. */
function countingStorage(): TokenStorage & { reads: number; writes: number } {
  const items = new Map<string, string>()
  const storage = {
    reads: 0,
    writes: 0,
    getItem(key: string) {
      storage.reads += 1
      return items.get(key) ?? null
    },
    setItem(key: string, value: string) {
      storage.writes += 1
      items.set(key, value)
    },
    removeItem(key: string) {
      storage.writes += 1
      items.delete(key)
    },
  }
  return storage
}

describe('start()', () => {
  it('is `loading` before, and tells who is signed in after', async () => {
    const { auth } = createVirtualClient()
    expect(auth.state).toEqual({ status: 'loading' })
    const started = auth.start()
    expect(auth.state).toEqual({ status: 'loading' })
    expect(await started).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
  })

  it('F42: may be called any number of times, and reads the storage once', async () => {
    const storage = countingStorage()
    const { auth, states } = createVirtualClient({ storage })
    const results = await Promise.all([auth.start(), auth.start(), auth.start()])
    expect(await auth.start()).toEqual(results[0])
    expect(new Set(results).size).toBe(1)
    expect(storage.reads).toBe(1)
    expect(states).toHaveLength(1)
  })

  it('F42: listens to the page once, however often it is called', async () => {
    const { auth, page } = createVirtualClient()
    await Promise.all([auth.start(), auth.start()])
    await auth.start()
    expect(page.listeners).toBe(1)
  })

  it.each<[string, (auth: AuthClient<{ name?: string }, never>) => Promise<unknown>]>([
    ['login', (auth) => auth.login()],
    ['setTokens', (auth) => auth.setTokens({ accessToken: 'token' })],
    ['logout', (auth) => auth.logout()],
    ['getAccessToken', (auth) => auth.getAccessToken().catch(() => undefined)],
    ['fetch', (auth) => auth.fetch('http://localhost/todos')],
    ['http', (auth) => auth.http.get('todos')],
  ])('is waited for by %s, which reads the storage once', async (_, use) => {
    const storage = countingStorage()
    const backend = createIssuer()
    const fetch = async () => Response.json({})
    const auth = new AuthClient({ baseUrl: 'http://localhost/', backend, storage, fetch })
    await use(auth as unknown as AuthClient<{ name?: string }, never>)
    await auth.start()
    expect(storage.reads).toBe(1)
    expect(auth.state.status).not.toBe('loading')
    auth.dispose()
  })

  it('shows the restored session to what was called before it', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const { auth } = createVirtualClient({ storage, page: first.page })
    expect(await auth.getAccessToken()).toBe('access-1')
  })

  it('tells no `login` for a session that is restored', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const { auth, told, states } = createVirtualClient({ storage, page: first.page })
    expect(await auth.start()).toMatchObject({ status: 'authenticated', user: { name: 'Ada' } })
    expect(told).toEqual([])
    expect(states).toEqual([auth.state])
  })

  it('signs nobody out who signed in while the storage was being read', async () => {
    let answer: (text: string | null) => void = () => undefined
    const slow: TokenStorage = {
      getItem: () => new Promise((resolve) => (answer = resolve)),
      setItem: () => undefined,
      removeItem: () => undefined,
    }
    const { auth } = createVirtualClient({ storage: slow })
    const signedIn = auth.login()
    await settle()
    answer(null)
    expect(await signedIn).toHaveProperty('status', 'authenticated')
    expect(await auth.start()).toBeDefined()
    expect(auth.state).toHaveProperty('status', 'authenticated')
  })

  it('answers with the state of now, when it is called again', async () => {
    const { auth } = createVirtualClient()
    expect(await auth.login()).toHaveProperty('status', 'authenticated')
    expect(await auth.start()).toBe(auth.state)
    expect(auth.state).toHaveProperty('status', 'authenticated')
    await auth.logout()
    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  it('rejects as disposed on a client that was disposed of', async () => {
    const { auth } = createVirtualClient()
    auth.dispose()
    await expect(auth.start()).rejects.toMatchObject({ code: 'disposed' })
  })
})

describe('two clients', () => {
  it('T23: do not meet unless they have the same storage', async () => {
    const one = await virtuallySignedIn()
    const other = createVirtualClient()
    expect(await other.auth.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
    await other.auth.login()
    await one.auth.logout()
    expect(other.auth.state).toHaveProperty('status', 'authenticated')
  })

  it('T23: keep one session for each `storageKey` in one storage', async () => {
    const storage = memoryStorage()
    const work = await virtuallySignedIn({ storage, storageKey: 'work' })
    const home = createVirtualClient({ storage, storageKey: 'home' })
    expect(await home.auth.start()).toHaveProperty('status', 'unauthenticated')
    await home.auth.login()
    await work.auth.logout()
    expect(storage.getItem('work')).toBe(null)
    expect(storage.getItem('home')).toContain('access-1')
    expect(storage.getItem('latchkey')).toBe(null)
  })

  it('T23: renew for themselves', async () => {
    const one = await virtuallySignedIn()
    const other = await virtuallySignedIn()
    await one.page.pass(5 * MINUTE)
    expect(one.issuer.refreshes).toBeGreaterThan(0)
    expect(other.issuer.refreshes).toBe(0)
  })
})
