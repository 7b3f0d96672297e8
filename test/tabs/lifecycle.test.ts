import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, formOf, LIFETIME, openBrowser, openTabs, pass, type Tab } from './several-tabs.ts'

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const forced = { forceRefresh: true }
/** What a tab holds on to. */
const holdings = ({ timers, listeners, storageListeners, channels }: Tab) => ({
  timers,
  listeners,
  storageListeners,
  channels,
})
const NOTHING = { timers: 0, listeners: 0, storageListeners: 0, channels: 0 }

describe.each(['pagehide', 'freeze'] as const)('a page at its `%s`', (event) => {
  it('closes its channel, and opens it when it is back', async () => {
    const { tabs } = await openTabs(2)
    const [first, second] = tabs
    first.emit(event)
    expect(first.channels).toBe(0)
    first.emit(event === 'pagehide' ? 'pageshow' : 'resume')
    expect(first.channels).toBe(1)
    await all([second.client.logout()], 1000)
    expect(first.heard('logout')).toHaveLength(1)
  })

  it('lets its lock go: the next tab comes to its turn at once', async () => {
    const { server, tabs, locks } = await openTabs(2, { server: { rotates: false } }, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? 60_000 : 0))
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass(2000)
    expect(locks.held).toBe(1)
    first.emit(event)
    await pass()
    expect(locks.held).toBe(0)
    const asked = watch(second.token)
    await pass(500)
    expect(asked.value).toBe(server.current.accessToken)
    expect(locks.thefts).toBe(0)
  })

  it('leaves the queue for the lock, and takes its turn when it is back', async () => {
    const { server, tabs, locks } = await openTabs(2, { server: { rotates: false } }, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? 3000 : 0))
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass(100)
    const asked = watch(second.token)
    await pass(100)
    expect(locks.length).toBe(2)
    second.emit(event)
    await pass()
    expect(locks.length).toBe(1)
    await pass(5000)
    second.emit(event === 'pagehide' ? 'pageshow' : 'resume')
    await pass(1000)
    expect(asked.value).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })

  it('takes no lock while it is away', async () => {
    const { server, tabs, locks } = await openTabs(2)
    const [first] = tabs
    first.emit(event)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(2000)
    expect(locks.length).toBe(0)
    first.emit(event === 'pagehide' ? 'pageshow' : 'resume')
    await pass(1000)
    expect(asked.status).toBe('fulfilled')
    expect(server.refreshes).toBe(1)
  })

  it('keeps the answer to its refresh if it is back, or lives on, before anybody else has tried', async () => {
    const { server, tabs } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', 3000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(1000)
    first.emit(event)
    await pass(4000)
    first.emit(event === 'pagehide' ? 'pageshow' : 'resume')
    await pass(1000)
    expect(asked.value).toBe(server.current.accessToken)
    for (const { heard, token } of [first, second]) {
      expect(heard('refresh')).toHaveLength(1)
      expect(await token).toBe(server.current.accessToken)
    }
    expect(server.refreshes).toBe(1)
  })
})

describe('a lock', () => {
  it('is held for the call and the write, and for nothing else', async () => {
    const { server, tabs, locks } = await openTabs(3)
    expect(locks.length).toBe(0)
    await pass(FIRST_RENEWAL - 1000)
    expect(locks.length).toBe(0)
    server.slowDown('refresh', 2000)
    await pass(2000)
    expect(locks.held).toBe(1)
    await pass(2000)
    expect(locks.length).toBe(0)
    server.failNext('refresh', new Response(null, { status: 503 }))
    await all([tabs[0].client.getAccessToken(forced)], 3000)
    expect(locks.length).toBe(0)
    await all([tabs[0].client.logout()], 2000)
    expect(locks.length).toBe(0)
  })
})

describe('dispose()', () => {
  const phases: [string, (tabs: [Tab, Tab, ...Tab[]], browser: Awaited<ReturnType<typeof openTabs>>) => unknown][] = [
    ['while nothing is under way', () => undefined],
    [
      'while it waits for the lock',
      async ([first, second], { server }) => {
        server.slowDown('refresh', 2000)
        second.client.getAccessToken(forced).catch(() => undefined)
        await pass(100)
        first.client.getAccessToken(forced).catch(() => undefined)
        await pass(100)
      },
    ],
    [
      'while it waits for a dead tab’s attempt',
      async ([first, second], { server }) => {
        server.slowDown('refresh', 60_000)
        second.client.getAccessToken(forced).catch(() => undefined)
        await pass(100)
        first.client.getAccessToken(forced).catch(() => undefined)
        second.crash()
        await pass(200)
      },
    ],
    [
      'while it waits for a record',
      async ([first, second]) => {
        first.seeStorageLate(Number.POSITIVE_INFINITY)
        await all([second.client.getAccessToken(forced)])
        await pass(200)
      },
    ],
    [
      'while it wonders whether the storage was cleared',
      async (_, { area }) => {
        await pass(3000)
        area.clear()
        await pass(100)
      },
    ],
    [
      'while the database is silent',
      async ([first]) => {
        globalThis.indexedDB.open = () => ({}) as IDBOpenDBRequest
        first.client.getAccessToken(forced).catch(() => undefined)
        await pass(100)
      },
    ],
    [
      'while its page is away',
      async ([first]) => {
        first.emit('pagehide')
        first.client.getAccessToken(forced).catch(() => undefined)
        await pass(100)
      },
    ],
    [
      'during a pause after a failure',
      async ([first], { server }) => {
        server.failNext('refresh', new Response(null, { status: 503 }), 5)
        await all([first.client.getAccessToken(forced)])
        first.client.getAccessToken(forced).catch(() => undefined)
        await pass(100)
      },
    ],
  ]

  it.each(phases)('F39: %s leaves no timer, listener, channel or lock', async (_, prepare) => {
    const browser = await openTabs(2)
    const [first, second] = browser.tabs
    await prepare(browser.tabs, browser)
    expect(holdings(first)).not.toEqual(NOTHING)
    first.client.dispose()
    // A step in the database may take its three seconds.
    await pass(3000)
    expect(holdings(first)).toEqual(NOTHING)
    second.client.dispose()
    await pass(12_000)
    if (!second.isGone) expect(holdings(second)).toEqual(NOTHING)
    expect(browser.locks.length).toBe(0)
  })

  it('F39: lets a refresh on the wire finish, whose tokens the other tabs get; then nothing is left', async () => {
    const { server, tabs, locks, area } = await openTabs(3)
    const [first, second] = tabs
    server.slowDown('refresh', 2000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(1000)
    first.client.dispose()
    await pass()
    expect(asked.error).toMatchObject({ code: 'disposed' })
    expect(locks.held).toBe(1)
    await pass(2000)
    expect(area.items.get('latchkey')).toContain(server.current.refreshToken)
    expect(holdings(first)).toEqual(NOTHING)
    expect(locks.length).toBe(0)
    expect(first.events).toEqual([])
    await all([second.token])
    second.emit('focus')
    await pass(1000)
    expect(await second.token).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })

  it('F39: of one tab is no news for the others', async () => {
    const { server, tabs } = await openTabs(3)
    const [first, second] = tabs
    first.client.dispose()
    await pass(FIRST_RENEWAL + 1000)
    expect(server.refreshes).toBe(1)
    expect(second.events.map(({ name }) => name)).toEqual(['refresh'])
    expect(first.events).toEqual([])
    await expect(first.client.getAccessToken()).rejects.toMatchObject({ code: 'disposed' })
  })

  it('F39: before anything has begun leaves nothing either', async () => {
    const { open } = openBrowser()
    const tab = open()
    expect(holdings(tab)).toEqual(NOTHING)
    tab.client.dispose()
    await expect(tab.client.login(formOf())).rejects.toMatchObject({ code: 'disposed' })
    expect(holdings(tab)).toEqual(NOTHING)
  })
})

describe('tabs that come online together', () => {
  it('F3: send one refresh', async () => {
    const { server, tabs } = await openTabs(5)
    for (const { goOffline } of tabs) goOffline()
    await pass(2 * LIFETIME)
    expect(server.refreshes).toBe(0)
    for (const { client } of tabs) expect(client.state).toMatchObject({ freshness: 'stale' })
    for (const { goOnline } of tabs) goOnline()
    await pass(1000)
    expect(server.refreshes).toBe(1)
    for (const { client } of tabs) expect(client.state).toMatchObject({ freshness: 'fresh' })
  })

  it('F19: send one refresh when all wake from sleep', async () => {
    const { server, tabs } = await openTabs(5)
    for (const { freeze } of tabs) freeze()
    await pass(3 * LIFETIME)
    await Promise.all(tabs.map(({ thaw }) => thaw()))
    for (const { emit } of tabs) for (const event of ['resume', 'visibilitychange', 'focus'] as const) emit(event)
    await pass(2000)
    expect(server.refreshes).toBe(1)
    for (const { client, heard } of tabs) {
      expect(client.state).toMatchObject({ freshness: 'fresh' })
      expect(heard('refresh')).toHaveLength(1)
    }
  })
})
