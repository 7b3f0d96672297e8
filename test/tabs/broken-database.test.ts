import { IDBFactory } from 'fake-indexeddb'
import type { Ledger, LedgerRow } from 'latchkey'
import { describe, expect, it, vi } from 'vitest'
import { MINUTE } from '../session/virtual-page.ts'
import { watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, formOf, LIFETIME, openBrowser, openTabs, pass, type Tab } from './several-tabs.ts'

const forced = { forceRefresh: true }

/** A database that does `what` when it is opened. */
function install(what: () => unknown): void {
  vi.stubGlobal('indexedDB', { open: what })
}

const refuse = (): object => {
  const request = { error: new DOMException('Refused.', 'UnknownError'), onerror: () => undefined }
  queueMicrotask(() => request.onerror())
  return request
}
const FAULTS: [string, () => void][] = [
  ['is missing', () => vi.stubGlobal('indexedDB', undefined)],
  ['throws', () => install(() => expect.fail('denied'))],
  ['cannot be opened', () => install(refuse)],
  ['never answers', () => install(() => ({}))],
  [
    'lacks its table',
    () => {
      const factory = new IDBFactory()
      factory.open('latchkey', 1).onupgradeneeded = () => undefined
      vi.stubGlobal('indexedDB', factory)
    },
  ],
]

const ALONE = /IndexedDB is missing or broken/

describe.each(FAULTS)('a database that %s', (_, breakIt) => {
  it('F22: hinders nobody in a single tab: sign-in, refresh, request, sign-out', async () => {
    const { start, server } = openBrowser()
    breakIt()
    const tab = await start()
    await all([tab.client.login(formOf())], 4000)
    expect(tab.client.state).toMatchObject({ status: 'authenticated' })
    await all([tab.client.getAccessToken(forced)], 4000)
    expect(await tab.token).toBe(server.current.accessToken)
    await pass(3 * LIFETIME)
    expect(server.refreshes).toBeGreaterThanOrEqual(4)
    expect(await tab.token).toBe(server.current.accessToken)
    await all([tab.client.logout()], 4000)
    expect(tab.events.map(({ name }) => name)).toEqual(['login', ...Array(server.refreshes).fill('refresh'), 'logout'])
    expect(tab.reported).toEqual([])
  })

  it('is told by `explain()`', async () => {
    const { start } = openBrowser()
    breakIt()
    const tab = await start()
    await all([tab.client.login(formOf())], 4000)
    expect(tab.why()).toMatch(ALONE)
  })

  it('leaves it to the storage to tell other tabs: one renews, the others adopt', async () => {
    const { start, server } = openBrowser()
    breakIt()
    const tabs: Tab[] = []
    for (let count = 0; count < 3; count += 1) tabs.push(await start())
    await all([(tabs[0] as Tab).client.login(formOf())], 10_000)
    for (const { client } of tabs) expect(client.state).toMatchObject({ status: 'authenticated' })
    await pass(10 * LIFETIME)
    expect(server.refreshes).toBeGreaterThanOrEqual(10)
    expect(server.refreshes).toBeLessThan(13)
    for (const { client, heard } of tabs) {
      expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
      expect(heard('logout')).toEqual([])
    }
    await all([(tabs[1] as Tab).client.logout()], 10_000)
    for (const { heard } of tabs) expect(heard('logout')).toHaveLength(1)
  })
})

describe('a database that breaks later', () => {
  it('F43: after the server has rotated costs no tokens: they are stored, and the other tabs get them', async () => {
    const { server, tabs, area } = await openTabs(2)
    const [first, second] = tabs
    server.slowDown('refresh', 1000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(500)
    install(refuse)
    await pass(2000)
    expect(asked.value).toBe(server.current.accessToken)
    expect(area.items.get('latchkey')).toContain(server.current.refreshToken)
    expect(await second.token).toBe(server.current.accessToken)
    expect(first.why()).toMatch(ALONE)
    expect(server.refreshes).toBe(1)
  })

  it('F43: by falling silent costs 3 s, and no tokens', async () => {
    const { server, tabs, area } = await openTabs(2)
    const [first] = tabs
    server.slowDown('refresh', 1000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(500)
    install(() => ({}))
    await pass(4000)
    expect(asked.value).toBe(server.current.accessToken)
    expect(area.items.get('latchkey')).toContain(server.current.refreshToken)
    expect(server.refreshes).toBe(1)
  })

  it('is left alone for a minute, so that not each step costs 3 s', async () => {
    const { tabs, server } = await openTabs(1)
    const opened: number[] = []
    install(() => {
      opened.push(Date.now())
      return {}
    })
    await all([tabs[0].client.getAccessToken(forced)], 4000)
    for (let time = 0; time < 5; time += 1) {
      const asked = watch(tabs[0].client.getAccessToken(forced))
      await pass(500)
      expect(asked.value).toBe(server.current.accessToken)
    }
    expect(opened).toHaveLength(1)
  })

  it('is used again a minute after it has been mended', async () => {
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    const { indexedDB } = globalThis
    install(refuse)
    await all(
      tabs.map(({ client }) => client.getAccessToken(forced)),
      1000,
    )
    vi.stubGlobal('indexedDB', indexedDB)
    await pass(2 * MINUTE)
    const before = server.refreshes
    const results = await all(
      tabs.map(({ client }) => client.getAccessToken(forced)),
      5000,
    )
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(server.refreshes).toBe(before + 1)
    expect(await first.token).toBe(await second.token)
    await pass(FIRST_RENEWAL)
    for (const { heard } of tabs) expect(heard('logout')).toEqual([])
  })

  it('in one tab alone costs no session: the other tab goes on with the ledger', async () => {
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    const { indexedDB } = globalThis
    server.slowDown('refresh', 1000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(900)
    install(refuse)
    await pass(150)
    vi.stubGlobal('indexedDB', indexedDB)
    await pass(2000)
    expect(asked.value).toBe(server.current.accessToken)
    const next = await all([second.client.getAccessToken(forced)], 5000)
    expect(next[0]?.status).toBe('fulfilled')
    await pass(MINUTE)
    for (const { heard, token } of tabs) {
      expect(heard('logout')).toEqual([])
      expect(await token).toBe(server.current.accessToken)
    }
  })
})

describe('a database that is slow', () => {
  /** A ledger whose transactions take so long to be complete. */
  function slowLedger(delay: number): Ledger {
    const rows = new Map<string, LedgerRow>()
    const complete = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, delay))
    return {
      async read(name) {
        const row = rows.get(name)
        await complete()
        return row
      },
      async update(name, step) {
        const row = step(rows.get(name))
        if (row) rows.set(name, row)
        await complete()
      },
    }
  }

  it.each([100, 700, 2500])('by %d ms a step still has one refresh for all tabs', async (delay) => {
    const { start, server } = openBrowser()
    const options = { environment: { ledger: slowLedger(delay) }, refresh: { when: 'on-demand' } } as const
    const tabs = [await start(options), await start(options)]
    await all([(tabs[0] as Tab).client.login(formOf())], 20_000)
    const results = await all(
      tabs.map(({ client }) => client.getAccessToken(forced)),
      20_000,
    )
    expect(results.map((each) => each.status === 'fulfilled' && each.value)).toEqual(
      Array(2).fill(server.current.accessToken),
    )
    expect(server.refreshes).toBe(1)
  })
})
