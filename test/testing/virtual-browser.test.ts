import { AuthClient, type AuthClientOptions, jsonBackend, type LoginFields, memoryStorage } from 'latchkey'
import { expectOneRefreshPerGeneration, mockAuthServer, type VirtualTab, virtualBrowser } from 'latchkey/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { BASE, JOHN } from './scene.ts'

const MINUTE = 60_000
const COOKIE = { backend: jsonBackend({ baseUrl: BASE, refreshVia: 'cookie' }) } as const

/** Opens a server and a browser with so many tabs on it; in the first one, John is signed in. */
async function openTabs(count: number, options: AuthClientOptions<LoginFields> = {}) {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
  onTestFinished(() => void vi.useRealTimers())
  const server = mockAuthServer({ baseUrl: BASE, lifetime: 5 * MINUTE, backend: options.backend })
  const browser = virtualBrowser({ fetch: server.fetch })
  const open = (tab = browser.openTab()) => {
    const auth = new AuthClient<LoginFields>({ baseUrl: BASE, ...tab.options, ...options })
    onTestFinished(() => auth.dispose())
    const events: string[] = []
    auth.on('login', ({ origin }) => events.push(`login ${origin}`))
    auth.on('logout', ({ reason, origin }) => events.push(`${reason} ${origin}`))
    return Object.assign(tab, { auth, events })
  }
  const pass = async (milliseconds = 0): Promise<void> => {
    await vi.advanceTimersByTimeAsync(milliseconds)
    await server.settled()
  }
  type Tab = VirtualTab & ReturnType<typeof open>
  const tabs = Array.from({ length: count }, () => open()) as [Tab, Tab, ...Tab[]]
  await tabs[0].auth.login(JOHN)
  await Promise.all(tabs.map(({ auth }) => auth.start()))
  await pass()
  for (const { events } of tabs) events.length = 0
  return { server, browser, tabs, open, pass }
}

const statusOf = ({ auth }: { auth: AuthClient }): string => auth.state.status

describe('virtual tabs', () => {
  it('share a session, and refresh once a generation', async () => {
    const { server, tabs, pass } = await openTabs(5)
    for (let step = 0; step < 6; step += 1) await pass(5 * MINUTE)

    expect(tabs.map(statusOf)).toEqual(Array(5).fill('authenticated'))
    expect(server.refreshes).toBeGreaterThanOrEqual(6)
    expectOneRefreshPerGeneration(server)
    const tokens = await Promise.all(tabs.map(({ auth }) => auth.getAccessToken()))
    expect(new Set(tokens)).toEqual(new Set([server.issued.at(-1)?.accessToken]))
  })

  it('that all meet a 401 at once refresh once', async () => {
    const { server, tabs } = await openTabs(5)
    server.expireAccessTokens()
    const answers = await Promise.all(tabs.map(({ auth }) => auth.http.get('todos')))

    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
    expect(server.refreshes).toBe(1)
  })

  it('sign out together, and a new one knows it', async () => {
    const { browser, tabs, open, pass, server } = await openTabs(3)
    await tabs[1].auth.logout()
    await pass()

    expect(tabs.map(({ events }) => events)).toEqual([['logout other-tab'], ['logout this-tab'], ['logout other-tab']])
    expect([...browser.items.keys()]).toEqual([])
    expect(await open().auth.start()).toMatchObject({ status: 'unauthenticated' })
    expect(server.logouts).toBe(1)
  })

  it('hear who signs in', async () => {
    const { tabs, pass } = await openTabs(2)
    await tabs[0].auth.login({ username: 'admin', password: 'password123' })
    await pass()

    expect(tabs[1].events).toEqual(['replaced other-tab', 'login other-tab'])
    expect(tabs[1].auth.state).toMatchObject({ claims: { sub: 'u2' } })
  })

  it('of which one crashes in the middle of a refresh: the next one goes on, and says that the answer was lost', async () => {
    const { server, tabs, pass } = await openTabs(3)
    server.delay('refresh', 1000)
    void tabs[0].auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await vi.advanceTimersByTimeAsync(500)
    tabs[0].crash()
    server.delay('refresh', 0)
    void tabs[1].auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await pass(2000)

    expect(tabs.map(({ isGone }) => isGone)).toEqual([true, false, false])
    expect(server.refreshes).toBe(2)
    expect(tabs.map(({ events }) => events)).toEqual([[], ['revoked this-tab'], ['revoked other-tab']])
    expect(() => expectOneRefreshPerGeneration(server)).toThrow('but there were 2')
  })

  it('of which one crashes before its request arrived lose nothing', async () => {
    const { server, tabs, pass } = await openTabs(2)
    tabs[0].goOffline()
    void tabs[0].auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await pass(1000)
    tabs[0].crash()
    await pass(5 * MINUTE)

    // After a failure the next renewal may come early.
    expect(statusOf(tabs[1])).toBe('authenticated')
    expect(server.refreshes).toBeGreaterThan(0)
  })

  it('that are frozen do nothing and hear nothing; thawed, they are up to date', async () => {
    const { server, tabs, pass } = await openTabs(2)
    tabs[1].freeze()
    await pass(10 * MINUTE)
    const before = server.refreshes
    await tabs[0].auth.logout()
    await pass()
    expect([statusOf(tabs[1]), tabs[1].events]).toEqual(['authenticated', []])
    await tabs[1].thaw()
    tabs[1].emit('resume')
    await pass(100)

    expect(tabs[1].events).toEqual(['logout other-tab'])
    expect(server.refreshes).toBe(before)
  })

  it('that are frozen hear of an answer when they are thawed, and of timers after it', async () => {
    const { server, tabs, pass } = await openTabs(2)
    server.delay('todos', 1000)
    const order: string[] = []
    tabs[1].options.environment.timers?.set(() => order.push('timer'), 500)
    void tabs[1].auth.http.get('todos').then(() => order.push('answer'))
    await vi.advanceTimersByTimeAsync(100)
    tabs[1].freeze()
    await pass(2000)
    expect(order).toEqual([])
    await tabs[1].thaw()
    await pass()

    expect(order.sort()).toEqual(['answer', 'timer'])
  })

  it('of which one is frozen in the middle of a refresh: another takes the turn from it, once the deadline is over', async () => {
    const { server, tabs, pass } = await openTabs(2)
    server.fail('refresh', 'hang')
    void tabs[0].auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await pass(100)
    tabs[0].freeze()
    const renewal = tabs[1].auth.getAccessToken({ forceRefresh: true })
    await pass(11_000)
    expect(server.refreshes).toBe(1)
    await pass(5000)

    expect(await renewal).toBe(server.issued.at(-1)?.accessToken)
    expect([server.refreshes, statusOf(tabs[1])]).toEqual([2, 'authenticated'])
    await tabs[0].thaw()
    await pass(1000)
    expect(await tabs[0].auth.getAccessToken()).toBe(await renewal)
  })

  it('that give up their turn get none', async () => {
    const { locks } = virtualBrowser().openTab().options.environment
    const [order, wish] = [[] as string[], new AbortController()]
    let release = (): void => undefined
    const held = locks?.request('turn', {}, () => new Promise((resolve) => (release = resolve)))
    const waiting = locks?.request('turn', { signal: wish.signal }, async () => void order.push('second'))
    const third = locks?.request('turn', {}, async () => void order.push('third'))
    wish.abort(new Error('no more'))
    await expect(waiting).rejects.toThrow('no more')
    await expect(locks?.request('turn', { signal: wish.signal }, async () => undefined)).rejects.toThrow('no more')
    release()
    await Promise.all([held, third])
    wish.abort()

    expect(order).toEqual(['third'])
  })

  it('that are offline get nowhere, and go on by themselves when they are back', async () => {
    const { server, tabs, pass } = await openTabs(2)
    for (const tab of tabs) tab.goOffline()
    await expect(tabs[0].auth.fetch(`${BASE}/todos`)).rejects.toThrow('Failed to fetch')
    await pass(10 * MINUTE)
    expect(tabs[0].auth.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    expect(server.refreshes).toBe(0)
    for (const tab of tabs) tab.goOnline()
    await pass(1000)

    expect(tabs.map(({ auth }) => auth.state)).toMatchObject([{ freshness: 'fresh' }, { freshness: 'fresh' }])
    expect(server.refreshes).toBe(1)
  })

  it('lose the session when the person clears the site’s data', async () => {
    const { browser, tabs, pass } = await openTabs(2)
    expect([...browser.items.keys()]).toEqual(['latchkey'])
    browser.clearStorage()
    await pass(300)

    expect(tabs.map(({ events }) => events[0]?.split(' ')[0])).toEqual(['storage-cleared', 'storage-cleared'])
  })

  it('that are closed are gone; a new one restores the session without a call', async () => {
    const { server, tabs, open, pass } = await openTabs(2)
    for (const tab of tabs) tab.close()
    await pass(MINUTE)
    const late = open()

    expect(await late.auth.start()).toMatchObject({ status: 'authenticated', claims: { sub: 'u1' } })
    expect([server.refreshes, tabs[0].isGone, late.isGone]).toEqual([0, true, false])
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    late.auth.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('send nothing once they are gone', async () => {
    const { server, tabs, pass } = await openTabs(2)
    tabs[0].close()
    void tabs[0].auth.fetch(`${BASE}/todos`).catch(() => undefined)
    void tabs[0].options.fetch(`${BASE}/todos`)
    await pass(1000)

    expect(server.requestsTo('todos')).toEqual([])
  })

  it('in cookie mode refresh once a generation, and sign out together', async () => {
    const { server, browser, tabs, pass } = await openTabs(4, COOKIE)
    expect([...browser.items.keys()].sort()).toEqual(['latchkey', 'latchkey.mark'])
    expect([...browser.items.values()].join()).not.toContain(server.cookie)
    for (let step = 0; step < 3; step += 1) await pass(5 * MINUTE)
    expect(tabs.map(statusOf)).toEqual(Array(4).fill('authenticated'))
    expectOneRefreshPerGeneration(server)
    await tabs[1].auth.logout()
    await pass()

    expect(tabs.map(statusOf)).toEqual(Array(4).fill('unauthenticated'))
    expect([browser.items.size, server.cookie]).toEqual([0, undefined])
  })

  it('in cookie mode with nothing stored take turns, one call each', async () => {
    const { server, tabs, pass } = await openTabs(3, { ...COOKIE, storage: memoryStorage() })
    await pass()
    const calls = tabs.map(({ auth }) => auth.getAccessToken({ forceRefresh: true }))
    await pass(1000)
    await Promise.all(calls)

    expect(tabs.map(statusOf)).toEqual(Array(3).fill('authenticated'))
    expectOneRefreshPerGeneration(server)
  })

  it('of two browsers have nothing in common', async () => {
    const { server, tabs } = await openTabs(1)
    const elsewhere = virtualBrowser({ fetch: server.fetch }).openTab()
    const auth = new AuthClient({ baseUrl: BASE, ...elsewhere.options })
    onTestFinished(() => auth.dispose())

    expect(await auth.start()).toMatchObject({ status: 'unauthenticated' })
    expect(statusOf(tabs[0])).toBe('authenticated')
  })

  it('use the global `fetch` where they are given none, looked up at each call', async () => {
    const tab = virtualBrowser().openTab()
    vi.stubGlobal('fetch', async () => Response.json({ from: 'here' }))
    onTestFinished(() => void vi.unstubAllGlobals())

    expect(await (await tab.options.fetch(`${BASE}/`)).json()).toEqual({ from: 'here' })
  })
})
