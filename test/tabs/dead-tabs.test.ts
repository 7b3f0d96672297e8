import { describe, expect, it } from 'vitest'
import type { AuthServerOptions } from '../support/auth-server.ts'
import { setClock, watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, LIFETIME, openTabs, pass, type Tab, type TabOptions } from './several-tabs.ts'

const ON_DEMAND = { refresh: { when: 'on-demand', timeout: 10_000 } } as const satisfies TabOptions
/** A server that lets a refresh token be used twice, as during a grace period. */
const LENIENT = { rotates: false } satisfies AuthServerOptions
const SLOW = 60_000

/** Lets a tab begin a refresh whose answer is on its way for ever, and see to it that it reaches nobody. */
async function beginRefresh(tab: Tab, server: { refreshes: number }): Promise<void> {
  const before = server.refreshes
  tab.token.catch(() => undefined)
  await pass()
  expect(server.refreshes).toBe(before + 1)
}

/** How long after now the server sees the next refresh, in milliseconds: looked for in steps of a tenth of a second. */
async function untilNextRefresh(server: { refreshes: number }, atMost = 30_000): Promise<number> {
  const before = server.refreshes
  for (let waited = 0; waited < atMost; waited += 100) {
    await pass(100)
    if (server.refreshes > before) return waited + 100
  }
  throw new Error('No refresh came.')
}

describe('a tab that dies during its refresh', () => {
  it('F25: leaves the lock to the next one, which waits until the attempt is a second old, and tries once', async () => {
    const { server, tabs } = await openTabs(3, { server: LENIENT }, ON_DEMAND)
    const [first, second, third] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? SLOW : 0))
    await pass(LIFETIME)
    await beginRefresh(first, server)
    const asked = [watch(second.token), watch((third as Tab).token)]
    await pass(300)
    first.crash()
    const waited = await untilNextRefresh(server)
    expect(300 + waited).toBeGreaterThanOrEqual(1000)
    expect(300 + waited).toBeLessThanOrEqual(1600)
    await pass(1000)
    expect(asked.map(({ value }) => value)).toEqual(Array(2).fill(server.current.accessToken))
    expect(server.refreshes).toBe(2)
  })

  it('F17, F25: delays nobody for an hour because somebody has set the clock back since', async () => {
    const { server, tabs } = await openTabs(2, { server: LENIENT }, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? SLOW : 0))
    await pass(LIFETIME)
    await beginRefresh(first, server)
    first.crash()
    setClock(-60 * 60_000)
    const asked = watch(second.client.getAccessToken({ forceRefresh: true }))
    await pass(3000)
    expect(asked.value).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(2)
  })

  it('F25: delays nobody whose attempt comes long after', async () => {
    const { server, tabs } = await openTabs(2, { server: LENIENT }, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? SLOW : 0))
    await pass(LIFETIME)
    await beginRefresh(first, server)
    first.crash()
    await pass(5000)
    await all([second.token])
    expect(server.refreshes).toBe(2)
  })

  it('F43: after the server had rotated costs the session, told as `refresh_lost` in each tab', async () => {
    const { server, tabs, area } = await openTabs(4, {}, ON_DEMAND)
    const [first, ...others] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? SLOW : 0))
    await pass(LIFETIME)
    await beginRefresh(first, server)
    const asked = others.map(({ token }) => watch(token))
    first.crash()
    await pass(5000)
    for (const { error } of asked) {
      expect(error).toMatchObject({ code: 'login_required' })
    }
    for (const { heard, client } of others) {
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_lost' } }])
      expect(client.state).toMatchObject({ status: 'unauthenticated', reason: 'revoked' })
    }
    expect(others.map(({ heard }) => heard('logout')[0]?.origin).sort()).toEqual(['other-tab', 'other-tab', 'this-tab'])
    expect(server.refreshes).toBe(2)
    expect(area.items.has('latchkey')).toBe(false)
  })

  it('F43: is remembered by the heir of the heir: a refusal is `refresh_lost` then, too', async () => {
    const { server, tabs } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? SLOW : 0))
    await pass(LIFETIME)
    await beginRefresh(first, server)
    first.crash()
    await pass(3000)
    server.failNext('refresh', new Response(null, { status: 503 }))
    await all([second.token])
    await pass(2000)
    await all([second.token], 3000)
    expect(second.heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_lost' } }])
  })

  it('F45: which the server refuses without such a death is `refresh_rejected`, in each tab once', async () => {
    const { server, tabs } = await openTabs(3, {}, ON_DEMAND)
    server.endSessions()
    await pass(LIFETIME)
    await all(tabs.map(({ token }) => token))
    for (const { heard } of tabs) {
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_rejected' } }])
    }
    expect(server.refreshes).toBe(1)
  })

  it.each<[string, Parameters<typeof openTabs>[1]]>([
    [
      'F44: leaves a request that may still be on its way: in cookie mode it is waited for until `timeout`',
      { server: { refreshVia: 'cookie', rotates: false } },
    ],
    [
      'F27: is waited for until `timeout` where there are no locks, since it may be alive',
      { server: LENIENT, without: ['locks'] },
    ],
  ])('%s', async (_, options) => {
    const { server, tabs } = await openTabs(2, options, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? SLOW : 0))
    await pass(LIFETIME)
    await beginRefresh(first, server)
    const asked = watch(second.token)
    first.crash()
    const waited = await untilNextRefresh(server)
    expect(waited).toBeGreaterThanOrEqual(10_000)
    expect(waited).toBeLessThanOrEqual(12_000)
    await pass(500)
    expect(asked.value).toBe(server.current.accessToken)
  })
})

describe('a tab that freezes with the lock', () => {
  /** The first tab stands still in the middle of its refresh, which the server answers by `answer`, late. */
  async function frozen(answer?: () => Response) {
    const browser = await openTabs(3, { server: LENIENT }, ON_DEMAND)
    const { server, tabs } = browser
    const [first] = tabs
    if (answer) server.failNext('refresh', answer)
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    // Once the request is out, the tab hears nothing any more.
    const { promise: out, resolve: isOut } = Promise.withResolvers<void>()
    server.slowDown('refresh', (_, index) => {
      if (index === 0) first.freeze()
      isOut()
      return 0
    })
    await pass()
    await out
    return browser
  }

  it('F26: is robbed of it after `timeout` and 2 s; the next one renews, and all others adopt', async () => {
    const { server, tabs, locks } = await frozen()
    const [, second, third] = tabs
    const asked = [watch(second.token), watch((third as Tab).token)]
    const waited = await untilNextRefresh(server)
    expect(waited).toBeGreaterThanOrEqual(12_000)
    expect(waited).toBeLessThanOrEqual(15_000)
    await pass(500)
    expect(asked.map(({ value }) => value)).toEqual(Array(2).fill(server.current.accessToken))
    expect(locks.thefts).toBeGreaterThan(0)
    expect(server.refreshes).toBe(2)
  })

  it('F26: gives its late answer to nobody once it has been overtaken', async () => {
    const { server, tabs, area } = await frozen()
    const [first, second] = tabs
    await all([second.token], 16_000)
    const record = area.items.get('latchkey')
    await first.thaw()
    await pass(3000)
    expect(area.items.get('latchkey')).toBe(record)
    for (const { client, heard } of tabs) {
      expect(await client.getAccessToken()).toBe(server.current.accessToken)
      expect(heard('refresh')).toMatchObject([{ generation: 2 }])
      expect(heard('logout')).toEqual([])
    }
    expect(server.refreshes).toBe(2)
    expect(server.logouts).toBe(0)
  })

  it('F26: overwrites nothing by its late answer, though it does not see yet what the others have stored', async () => {
    const { server, tabs, area } = await frozen()
    const [first, second] = tabs
    first.seeStorageLate(4000)
    await all([second.token], 16_000)
    const record = area.items.get('latchkey')
    await first.thaw()
    expect(area.items.get('latchkey')).toBe(record)
    await pass(5000)
    expect(area.items.get('latchkey')).toBe(record)
    expect(await first.token).toBe(server.current.accessToken)
    expect(first.heard('refresh')).toMatchObject([{ generation: 2, origin: 'other-tab' }])
  })

  it('F26: gives its late answer to nobody while the next one’s call is under way, whose answer counts', async () => {
    const { server, tabs } = await frozen()
    const [first, second] = tabs
    server.slowDown('refresh', 2000)
    const asked = watch(second.token)
    await untilNextRefresh(server)
    await first.thaw()
    await pass(200)
    expect(asked.status).toBe('pending')
    await pass(3000)
    for (const { client, heard } of tabs) {
      expect(await client.getAccessToken()).toBe(server.current.accessToken)
      expect(heard('refresh')).toMatchObject([{ generation: 2 }])
    }
  })

  it('F26: ends nobody’s session by a late refusal', async () => {
    const { server, tabs } = await frozen(() => Response.json({ error: 'invalid_grant' }, { status: 401 }))
    const [first, second] = tabs
    await all([second.token], 16_000)
    await first.thaw()
    await pass(3000)
    for (const { client, heard } of tabs) {
      expect(await client.getAccessToken()).toBe(server.current.accessToken)
      expect(heard('logout')).toEqual([])
    }
  })

  it('F26: goes on by itself if nobody has overtaken it', async () => {
    const { server, tabs } = await frozen()
    const [first] = tabs
    await pass(120_000)
    await first.thaw()
    await pass(3000)
    for (const { client, heard } of tabs) {
      expect(await client.getAccessToken()).toBe(server.current.accessToken)
      expect(heard('logout')).toEqual([])
    }
  })

  it('F26: leaves callers of other tabs without an answer for no longer than `timeout` and 8 s', async () => {
    const { server, tabs } = await frozen()
    const [, second] = tabs
    server.failNext('refresh', 'hang', 2)
    const asked = watch(second.token)
    await pass(17_900)
    expect(asked.status).toBe('pending')
    await pass(200)
    expect(asked.error).toMatchObject({ code: 'timeout' })
    expect(second.client.state).toMatchObject({ status: 'authenticated' })
  })
})

it('R4: of two tabs that steal the turn in one moment, one waits for the other, whatever it learns meanwhile', async () => {
  const { server, tabs, locks, start } = await openTabs(1, { server: LENIENT })
  const [first] = tabs
  server.failNext('refresh', new Response(null, { status: 503 }))
  await pass(FIRST_RENEWAL)
  expect(first.heard('refreshFailed')).toHaveLength(1)
  server.slowDown('refresh', 8000)
  await pass(12_000)
  expect(server.refreshes).toBe(2)
  first.freeze()
  const others = [await start(), await start()]
  for (const { client } of others) client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
  await pass(13_000)
  expect(locks.thefts).toBe(2)
  await pass(4000)
  expect(server.refreshes).toBe(3)
  await pass(8000)
  for (const { heard } of others) expect(heard('refresh')).toHaveLength(1)
})
