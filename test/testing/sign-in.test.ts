import { AuthClient, type AuthClientOptions, jsonBackend, type LoginFields, webStorage } from 'latchkey'
import { AuthClient as CoreClient } from 'latchkey/core'
import { signedIn, signedOut } from 'latchkey/testing'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { BASE, JOHN, open } from './scene.ts'

const sent = vi.fn<typeof fetch>(async () => Response.error())
const COOKIE = { backend: jsonBackend({ baseUrl: BASE, refreshVia: 'cookie' }) } as const

function create<User = unknown>(options: AuthClientOptions<LoginFields, User> = {}) {
  const auth = new AuthClient<LoginFields, User>({ baseUrl: BASE, fetch: sent, ...options })
  onTestFinished(() => auth.dispose())
  return auth
}

beforeEach(() => void sent.mockClear())
afterEach(() => localStorage.clear())

describe('`signedIn`', () => {
  it('signs somebody in with no request, with the claims and the user of the test', async () => {
    const auth = create<{ name: string }>()
    const heard: unknown[] = []
    auth.on('login', ({ user }) => heard.push(user))
    const state = await signedIn(auth, { sub: 'u7', roles: ['admin'] }, { user: { name: 'Ada' } })

    expect(state).toBe(auth.state)
    expect(state).toMatchObject({
      status: 'authenticated',
      user: { name: 'Ada' },
      claims: { sub: 'u7', roles: ['admin'], iat: expect.any(Number), exp: expect.any(Number) },
      freshness: 'fresh',
    })
    expect(heard).toEqual([{ name: 'Ada' }])
    expect(sent).not.toHaveBeenCalled()
  })

  it('is somebody, if the test does not care who', async () => {
    expect(await signedIn(create())).toMatchObject({ status: 'authenticated', claims: { sub: 'u1' }, user: undefined })
  })

  it('puts a real token on requests', async () => {
    const auth = create()
    await signedIn(auth)
    await auth.fetch(`${BASE}/todos`)

    expect(new Headers(sent.mock.calls[0]?.[1]?.headers).get('authorization')).toBe(
      `Bearer ${await auth.getAccessToken()}`,
    )
  })

  it.each<[string, AuthClientOptions<LoginFields>]>([
    ['localStorage', { storage: webStorage('local') }],
    ['sessionStorage', { storage: webStorage('session') }],
    ['cookie mode', { ...COOKIE }],
    ['cookie mode with a record', { ...COOKIE, storage: webStorage('local') }],
  ])('works for a client with %s, and nothing is left after `signedOut`', async (_name, options) => {
    const auth = create(options)
    expect(await signedIn(auth)).toMatchObject({ status: 'authenticated' })
    await signedOut(auth)

    expect(auth.state).toMatchObject({ status: 'unauthenticated' })
    expect([localStorage.length, sessionStorage.length]).toEqual([0, 0])
    expect(sent).not.toHaveBeenCalled()
  })

  it('works for the client of `latchkey/core`', async () => {
    const auth = new CoreClient({ baseUrl: BASE, fetch: sent })
    onTestFinished(() => auth.dispose())

    expect(await signedIn(auth)).toMatchObject({ status: 'authenticated' })
  })

  it('twice replaces the first by the second', async () => {
    const auth = create()
    const reasons: string[] = []
    auth.on('logout', ({ reason }) => reasons.push(reason))
    await signedIn(auth, { sub: 'u1' })
    await signedIn(auth, { sub: 'u2' })

    expect(auth.state).toMatchObject({ claims: { sub: 'u2' } })
    expect(reasons).toEqual(['replaced'])
  })

  it.each([
    ['localStorage', { storage: webStorage('local') }],
    ['cookie mode', { ...COOKIE, storage: webStorage('local') }],
  ])('does not ask a server for a session that an earlier test has left (%s)', async (_name, options) => {
    const before = create(options)
    await signedIn(before, {}, { lifetime: 1 })
    before.dispose()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    onTestFinished(() => void vi.useRealTimers())

    expect(await signedIn(create(options), { sub: 'u2' })).toMatchObject({ freshness: 'fresh', claims: { sub: 'u2' } })
    expect(sent).not.toHaveBeenCalled()
  })

  it('expires when it should, as a session does that nothing renews', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const auth = create()
    const reasons: string[] = []
    auth.on('logout', ({ reason }) => reasons.push(reason))
    await signedIn(auth, {}, { lifetime: 60_000 })
    await vi.advanceTimersByTimeAsync(60_000)

    expect(reasons).toEqual(['expired'])
  })

  it('lets claims be anything, the times too', async () => {
    const state = await signedIn(create(), { exp: 1, iat: 0, tenant: { id: 7 } })

    expect(state).toMatchObject({ claims: { exp: 1, iat: 0, tenant: { id: 7 } }, freshness: 'fresh' })
  })
})

it('an `exp` among the claims of a user is only a claim: the lifetime decides', async () => {
  const users = [{ username: 'a', password: 'b', claims: { exp: 1 } }]
  const server = open({ users, lifetime: 60_000 })
  const auth = create({ fetch: server.fetch })
  await auth.login({ username: 'a', password: 'b' })

  expect(auth.state).toMatchObject({ claims: { exp: 1 }, freshness: 'fresh' })
  expect((await auth.fetch(`${BASE}/todos`)).status).toBe(200)
})

describe('`signedOut`', () => {
  it('tells nobody and starts nothing where nobody is signed in', async () => {
    const auth = create()
    const heard: unknown[] = []
    auth.on('logout', (event) => heard.push(event))
    await signedOut(auth)
    await signedOut(auth)

    expect([auth.state.status, heard]).toEqual(['loading', []])
  })

  it('tells `logout`, once', async () => {
    const auth = create()
    const reasons: string[] = []
    auth.on('logout', ({ reason }) => reasons.push(reason))
    await signedIn(auth)
    await signedOut(auth)
    await signedOut(auth)

    expect(reasons).toEqual(['logout'])
  })

  it('empties the storage of a client that has not begun', async () => {
    localStorage.setItem('latchkey', 'left')
    localStorage.setItem('latchkey.mark', '1')
    localStorage.setItem('theme', 'dark')
    const auth = create({ storage: webStorage('local') })
    await signedOut(auth)

    expect({ ...localStorage }).toEqual({ theme: 'dark' })
    expect(await auth.start()).toMatchObject({ status: 'unauthenticated', reason: 'never' })
  })

  it('ends a login that is under way', async () => {
    const server = open()
    const auth = create({ fetch: server.fetch })
    await auth.start()
    server.delay('login', 20)
    const login = auth.login({ username: 'johndoe', password: 'password123' }).catch((error: unknown) => error)
    await signedOut(auth)

    expect(await login).toMatchObject({ code: 'aborted' })
    expect(auth.state.status).toBe('unauthenticated')
  })

  it('may be told to a client that has been disposed of', async () => {
    const auth = create()
    await signedIn(auth)
    auth.dispose()

    await signedOut(auth)
  })

  it('takes a storage that is denied for one that is empty', async () => {
    const denied = (): never => {
      throw new DOMException('denied', 'SecurityError')
    }
    const auth = create({ storage: { getItem: denied, setItem: denied, removeItem: denied } })
    await signedIn(auth)
    await signedOut(auth)

    expect(auth.state.status).toBe('unauthenticated')
  })

  it('leaves nothing of a bad day to the next test: no pause, no timer, no session', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const server = open()
    const auth = create({ storage: webStorage('local'), fetch: server.fetch })
    await auth.login(JOHN)
    server.fail('refresh', { status: 429, retryAfter: 300 })
    const renewal = auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(100) // without IndexedDB, tabs are given a moment to show themselves
    expect(await renewal).toMatchObject({ code: 'rate_limited' })
    await signedOut(auth)
    expect(vi.getTimerCount()).toBe(0)
    server.reset()

    await auth.login(JOHN)
    const token = auth.getAccessToken({ forceRefresh: true })
    await vi.advanceTimersByTimeAsync(100)
    expect(await token).toBe(server.issued[1]?.accessToken)
  })

  it('and `signedIn` go round for a client that a module keeps', async () => {
    const auth = create({ storage: webStorage('local') })
    for (const sub of ['u1', 'u2', 'u3']) {
      expect(await signedIn(auth, { sub })).toMatchObject({ claims: { sub } })
      await signedOut(auth)
    }

    expect(sent).not.toHaveBeenCalled()
  })
})

it('whoever needs answers lets the server give the tokens', async () => {
  const server = open()
  const auth = create({ fetch: server.fetch })
  await auth.setTokens(await server.issueTokens('admin'))

  expect(auth.state).toMatchObject({ user: { username: 'admin' }, claims: { roles: ['user', 'admin'] } })
  expect(await auth.http.get('admin').json()).toMatchObject({ username: 'admin' })
})
