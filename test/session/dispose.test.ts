import { AuthClient, memoryStorage, type TokenStorage } from 'latchkey'
import { describe, expect, it, vi } from 'vitest'
import { FORM, signedIn } from '../support/client.ts'
import { watchUnhandled } from '../support/unhandled.ts'
import {
  createIssuer,
  createVirtualClient,
  createVirtualPage,
  HOUR,
  SECOND,
  settle,
  virtuallySignedIn,
} from './virtual-page.ts'

describe('dispose()', () => {
  it('F39: leaves no timer and no listener', async () => {
    const { auth, page } = await virtuallySignedIn()
    expect([page.timers, page.listeners]).toEqual([1, 1])
    auth.dispose()
    expect([page.timers, page.listeners]).toEqual([0, 0])
  })

  it.each<[string, (setup: ReturnType<typeof createVirtualClient>) => void]>([
    ['start()', ({ auth }) => void auth.start().catch(() => undefined)],
    ['a login', ({ auth }) => void auth.login().catch(() => undefined)],
    ['a refresh', ({ auth }) => void auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)],
    ['a logout', ({ auth }) => void auth.logout()],
  ])('F39: leaves none while %s is under way and the backend hangs', async (_, begin) => {
    const issuer = createIssuer()
    const setup = await virtuallySignedIn({ issuer })
    const hang = () => new Promise<never>(() => undefined)
    Object.assign(issuer, { login: hang, logout: hang })
    issuer.onRefresh = hang
    begin(setup)
    await settle()
    setup.auth.dispose()
    // An attempt on the wire may have its deadline, and nothing else.
    await setup.page.pass(10 * SECOND)
    expect([setup.page.timers, setup.page.listeners]).toEqual([0, 0])
  })

  it('F39: leaves no listener on a signal that `on` was given', async () => {
    const { auth } = await virtuallySignedIn()
    const { signal } = new AbortController()
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    auth.on('logout', () => undefined, { signal })
    auth.dispose()
    expect(removed.mock.calls).toEqual(added.mock.calls)
    expect(added).toHaveBeenCalledOnce()
  })

  it('F39: leaves none while a storage does not answer', async () => {
    const silent: TokenStorage = {
      getItem: () => new Promise(() => undefined),
      setItem: () => undefined,
      removeItem: () => undefined,
    }
    const { auth, page } = createVirtualClient({ storage: silent })
    const start = auth.start()
    await settle()
    auth.dispose()
    await expect(start).rejects.toMatchObject({ code: 'disposed' })
    await settle()
    expect([page.timers, page.listeners]).toEqual([0, 0])
  })

  it('F39: leaves none while a restored session is being renewed', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const issuer = createIssuer()
    issuer.onRefresh = () => new Promise(() => undefined)
    const { auth, page } = createVirtualClient({ storage, issuer, page: createVirtualPage(first.page.now() + HOUR) })
    const start = auth.start()
    await settle()
    auth.dispose()
    await expect(start).rejects.toMatchObject({ code: 'disposed' })
    await page.pass(10 * SECOND)
    expect([page.timers, page.listeners]).toEqual([0, 0])
  })

  it('F39: lets a refresh on the wire finish and stores its tokens, which are spent otherwise', async () => {
    const storage = memoryStorage()
    const { auth, issuer, page } = await virtuallySignedIn({ storage })
    let release: () => void = () => undefined
    issuer.onRefresh = () => new Promise<void>((resolve) => (release = resolve))
    const waiting = auth.getAccessToken({ forceRefresh: true })
    await settle()
    auth.dispose()
    await expect(waiting).rejects.toMatchObject({ code: 'disposed' })
    release()
    await settle()
    expect(storage.getItem('latchkey')).toContain('refresh-2')

    const next = createVirtualClient({ storage, page })
    expect(await next.auth.start()).toMatchObject({ status: 'authenticated' })
    expect(await next.auth.getAccessToken()).toBe('access-2')
  })

  it('F39: commits that refresh without an event', async () => {
    const { auth, issuer, told, states, page } = await virtuallySignedIn()
    let release: () => void = () => undefined
    issuer.onRefresh = () => new Promise<void>((resolve) => (release = resolve))
    auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await settle()
    auth.dispose()
    release()
    await settle()
    expect(told).toEqual([])
    expect(states).toEqual([])
    expect([page.timers, page.listeners]).toEqual([0, 0])
  })

  it('rejects all that comes later with `disposed`', async () => {
    const { auth, issuer } = await virtuallySignedIn({ baseUrl: 'http://localhost/' })
    auth.dispose()
    const later = [
      auth.start(),
      auth.login(),
      auth.logout(),
      auth.getAccessToken(),
      auth.getAccessToken({ forceRefresh: true }),
      auth.setTokens({ accessToken: 'token' }),
      auth.fetch('http://localhost/todos'),
    ]
    for (const call of later) await expect(call).rejects.toMatchObject({ name: 'AuthError', code: 'disposed' })
    await expect(auth.http.get('todos')).rejects.toBeInstanceOf(Error)
    expect([issuer.logins, issuer.refreshes, issuer.logouts]).toEqual([1, 0, 0])
  })

  it('rejects requests to other origins with `disposed`, too', async () => {
    let sent = 0
    const fetch = async (): Promise<Response> => {
      sent += 1
      return new Response()
    }
    const { auth } = await virtuallySignedIn({ baseUrl: 'http://localhost/', fetch })
    await auth.fetch('https://elsewhere.test/')
    auth.dispose()
    await expect(auth.fetch('https://elsewhere.test/')).rejects.toMatchObject({ code: 'disposed' })
    await expect(auth.fetch(new Request('https://elsewhere.test/'))).rejects.toMatchObject({ code: 'disposed' })
    expect(sent).toBe(1)
  })

  it('keeps setUser() from changing or writing anything', async () => {
    const storage = memoryStorage()
    const { auth, page } = await virtuallySignedIn({ storage })
    const [{ state }, record] = [auth, storage.getItem('latchkey')]
    auth.dispose()
    auth.setUser({ id: 2, name: 'Grace' })
    await settle()
    expect(auth.state).toBe(state)
    expect(storage.getItem('latchkey')).toBe(record)
    expect(page.timers).toBe(0)
  })

  it('leaves nothing to be heard by who subscribes afterwards', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    await page.pass(SECOND)
    let release: () => void = () => undefined
    issuer.onRefresh = () => new Promise<void>((resolve) => (release = resolve))
    auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await settle()
    auth.dispose()
    const heard: unknown[] = []
    const undo = [
      auth.on('refresh', (event) => void heard.push(event)),
      auth.subscribe((state) => void heard.push(state)),
    ]
    const before = auth.state
    // An answer that comes after its deadline is committed, and told at once.
    await page.pass(10 * SECOND)
    release()
    await settle()
    expect(auth.state).not.toBe(before)
    expect(heard).toEqual([])
    for (const each of undo) each()
  })

  it.each<[string, TokenStorage]>([
    ['answers', memoryStorage()],
    ['does not answer', { ...memoryStorage(), getItem: () => new Promise(() => undefined) }],
  ])('makes no unhandled rejection of a start() that nobody waits for, while the storage %s', async (_, storage) => {
    const unhandled = watchUnhandled()
    const { auth } = createVirtualClient({ storage })
    void auth.start()
    auth.dispose()
    void auth.start()
    await settle()
    expect(unhandled).toEqual([])
  })

  it('rejects what is waiting with `disposed`', async () => {
    const issuer = Object.assign(createIssuer(), { login: () => new Promise<never>(() => undefined) })
    const { auth } = createVirtualClient({ issuer })
    const login = auth.login()
    await settle()
    auth.dispose()
    await expect(login).rejects.toMatchObject({ code: 'disposed' })
  })

  it('aborts requests that are under way', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', 'hang')
    const request = client.fetch('https://api.test/todos')
    while (server.to('api').length === 0) await settle()
    client.dispose()
    await expect(request).rejects.toMatchObject({ code: 'disposed' })
  })

  it('leaves the session in the storage, and the state as it was', async () => {
    const storage = memoryStorage()
    const { auth } = await virtuallySignedIn({ storage })
    const { state } = auth
    auth.dispose()
    expect(auth.state).toBe(state)
    expect(storage.getItem('latchkey')).toContain('refresh-1')
  })

  it('may be called any number of times, before start() too', () => {
    const { auth, page } = createVirtualClient()
    auth.dispose()
    auth.dispose()
    expect([page.timers, page.listeners]).toEqual([0, 0])
  })

  it('is what `using` calls', async () => {
    const page = createVirtualPage()
    {
      using auth = new AuthClient({ backend: createIssuer(), environment: page.environment })
      await auth.start()
      expect(page.listeners).toBe(1)
    }
    expect(page.listeners).toBe(0)
  })

  it('lets construct-and-dispose be repeated without a trace, as StrictMode and hot reloading do', async () => {
    const page = createVirtualPage()
    const storage = memoryStorage()
    for (let count = 0; count < 20; count += 1) {
      const { auth } = createVirtualClient({ page, storage })
      const start = auth.start()
      if (count % 2) await start
      else start.catch(() => undefined)
      auth.dispose()
    }
    await settle()
    expect([page.timers, page.listeners]).toEqual([0, 0])
  })

  it("takes its listeners off the real page's window and document", async () => {
    const spies = [window, document].flatMap((target) => {
      const balance = new Map<string, number>()
      const change = (type: string, by: number) => void balance.set(type, (balance.get(type) ?? 0) + by)
      const add = vi.spyOn(target, 'addEventListener').mockImplementation((type, _, options) => {
        change(type, 1)
        const { signal } = options as AddEventListenerOptions
        signal?.addEventListener('abort', () => change(type, -1))
      })
      return { balance, restore: () => add.mockRestore() }
    })
    const auth = new AuthClient({ backend: createIssuer() })
    await auth.start()
    const types = spies.flatMap(({ balance }) => [...balance.keys()])
    auth.dispose()
    for (const { restore } of spies) restore()
    expect(types.sort()).toEqual([
      'focus',
      'freeze',
      'online',
      'pagehide',
      'pageshow',
      'prerenderingchange',
      'resume',
      'visibilitychange',
    ])
    for (const { balance } of spies) expect([...balance.values()].every((count) => count === 0)).toBe(true)
  })

  it('does not end the session for another client of the same storage', async () => {
    const storage = memoryStorage()
    const { client, server } = await signedIn({ storage })
    client.dispose()
    const next = await signedIn({ storage, server })
    await next.client.login(FORM)
    expect(next.client.state).toHaveProperty('status', 'authenticated')
  })
})
