import { describe, expect, it } from 'vitest'
import { MINUTE } from '../session/virtual-page.ts'
import type { Fault } from '../support/auth-server.ts'
import { setClock, watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, forget, LIFETIME, openTabs, pass, type Tab } from './several-tabs.ts'

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const busy = (seconds: number) => (): Response =>
  new Response(null, { status: 429, headers: { 'Retry-After': String(seconds) } })
const FAULTS: [string, Fault][] = [
  ['a server that fails', new Response(null, { status: 503 })],
  ['a server that asks for a pause', busy(40)],
  ['a network that is down', 'network-error'],
  ['a server that does not answer', 'hang'],
]

const failure = (code: string, origin: 'this-tab' | 'other-tab') =>
  expect.objectContaining({
    name: 'refreshFailed',
    origin,
    error: expect.objectContaining({ code }),
  })

describe('tabs whose refreshes fail', () => {
  it.each(FAULTS)('F1, F2, F3: send to %s in an hour what one tab would', async (_, fault) => {
    const moments: number[][] = []
    for (const count of [1, 10]) {
      const { server, tabs } = await openTabs(count)
      const start = Date.now()
      server.failNext('refresh', fault, 1000)
      await pass(60 * MINUTE)
      moments.push(server.to('refresh').map(({ at }) => Math.round((at - start) / 1000)))
      for (const { client } of tabs) {
        expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
        client.dispose()
      }
    }
    expect(moments[0]?.length).toBeGreaterThan(8)
    expect(moments[1]).toEqual(moments[0])
  })

  it.each(FAULTS)('send to %s what one tab would when people wait in all of them', async (_, fault) => {
    const sent: number[] = []
    for (const count of [1, 10]) {
      const { server, tabs } = await openTabs(count, {}, ON_DEMAND)
      await pass(LIFETIME)
      server.failNext('refresh', fault, 1000)
      for (let second = 0; second < 60; second += 1) {
        for (const { client } of tabs) client.getAccessToken().catch(() => undefined)
        await pass(1000)
      }
      sent.push(server.refreshes)
      for (const { client } of tabs) client.dispose()
    }
    const [one = 0, ten = 0] = sent
    expect(one).toBeGreaterThan(0)
    expect(ten).toBeGreaterThan(0)
    expect(ten).toBeLessThanOrEqual(one + 1)
  })

  it('tell each failure once in each tab, with its origin', async () => {
    const { server, tabs } = await openTabs(3)
    server.failNext('refresh', new Response(null, { status: 503 }), 2)
    await pass(FIRST_RENEWAL + 1000)
    expect(server.refreshes).toBe(1)
    expect(tabs.map(({ events }) => events.length)).toEqual([1, 1, 1])
    expect(tabs.flatMap(({ events }) => events).sort((one) => (one.origin === 'this-tab' ? -1 : 1))).toEqual([
      failure('server_error', 'this-tab'),
      failure('server_error', 'other-tab'),
      failure('server_error', 'other-tab'),
    ])
    await pass(25_000)
    expect(server.refreshes).toBe(2)
    for (const { heard } of tabs) expect(heard('refreshFailed').map(({ attempt }) => attempt)).toEqual([1, 2])
    const times = tabs.map(({ heard }) => heard('refreshFailed').map(({ retryAt }) => retryAt))
    expect(new Set(times.map(String)).size).toBe(1)
  })

  it('go on together: the success of one ends the pause of all, and the next failure is the first again', async () => {
    const { server, tabs } = await openTabs(3)
    server.failNext('refresh', new Response(null, { status: 503 }), 2)
    await pass(FIRST_RENEWAL + 2 * MINUTE)
    expect(server.refreshes).toBe(3)
    for (const { events, client } of tabs) {
      expect(events.map(({ name }) => name)).toEqual(['refreshFailed', 'refreshFailed', 'refresh'])
      expect(client.state).toMatchObject({ freshness: 'fresh' })
    }
    forget(tabs)
    server.failNext('refresh', new Response(null, { status: 503 }))
    await all([(tabs[2] as Tab).client.getAccessToken({ forceRefresh: true })])
    for (const { heard } of tabs) expect(heard('refreshFailed')).toMatchObject([{ attempt: 1 }])
  })

  it('say so to a tab that opens later: it heeds the pause of the others', async () => {
    const { server, start } = await openTabs(1)
    server.failNext('refresh', new Response(null, { status: 503 }), 100)
    await pass(LIFETIME + MINUTE)
    const before = server.refreshes
    const late = await start()
    await pass(1000)
    expect(late.client.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    expect(server.refreshes).toBeLessThanOrEqual(before + 1)
  })
})

describe('a pause that the server asks for', () => {
  /** Three tabs whose tokens have expired; the first has just been told to come back in two minutes. */
  async function paused() {
    const browser = await openTabs(3, {}, ON_DEMAND)
    await pass(LIFETIME)
    browser.server.failNext('refresh', busy(120))
    const asked = watch(browser.tabs[0].token)
    await pass()
    expect(asked.error).toMatchObject({ code: 'rate_limited' })
    return { ...browser, until: Date.now() + 120_000 }
  }

  it('F2: binds all tabs: their callers reject at once, and learn until when', async () => {
    const { server, tabs, until } = await paused()
    const asked = tabs.map(({ token }) => watch(token))
    const request = watch((tabs[1] as Tab).client.fetch('https://api.test/todos'))
    await pass()
    for (const { error } of [...asked, request]) {
      expect(error).toMatchObject({ code: 'rate_limited' })
      expect(Math.abs((error as { retryAt: number }).retryAt - until)).toBeLessThan(1000)
    }
    expect(server.refreshes).toBe(1)
    expect(server.to('api')).toEqual([])
  })

  it('F2: is not cut short by a tab that comes online, wakes, or opens', async () => {
    const { server, tabs, start } = await paused()
    for (const { emit } of tabs)
      for (const event of ['online', 'visibilitychange', 'focus', 'pageshow'] as const) emit(event)
    const late = await start(ON_DEMAND)
    const asked = [...tabs, late].map(({ token }) => watch(token))
    await pass(60_000)
    expect(asked.map(({ error }) => (error as { code: string }).code)).toEqual(Array(4).fill('rate_limited'))
    expect(server.refreshes).toBe(1)
  })

  it('F2: is over for all tabs at the same moment', async () => {
    const { server, tabs } = await paused()
    await pass(120_500)
    const results = await all(tabs.map(({ token }) => token))
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
    expect(server.refreshes).toBe(2)
  })

  it('F17, F2: is as long as the server asked for, though somebody sets the clock back', async () => {
    const { server, tabs } = await paused()
    setClock(-60 * 60_000)
    await pass(121_000)
    const results = await all(tabs.map(({ client }) => client.getAccessToken({ forceRefresh: true })))
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
    expect(server.refreshes).toBe(2)
  })

  it('ends with the session: somebody who signs in again meets none', async () => {
    const { server, tabs } = await paused()
    const [first, second] = tabs
    await all([second.client.login({ username: 'bob', password: 'secret' })])
    await pass(1000)
    const results = await all([first.client.getAccessToken({ forceRefresh: true })])
    expect(results[0]?.status).toBe('fulfilled')
    expect(server.refreshes).toBe(2)
  })
})

describe('callers in several tabs', () => {
  it('wait half a second after one failure of any tab, and twice as long after the next', async () => {
    const { server, tabs } = await openTabs(3, {}, ON_DEMAND)
    await pass(LIFETIME)
    server.failNext('refresh', new Response(null, { status: 503 }), 100)
    const start = Date.now()
    for (const { token } of [...tabs, ...tabs]) await all([token], 20_000)
    const moments = server.to('refresh').map(({ at }) => at)
    const gaps = moments.slice(1).map((at, index) => at - (moments[index] as number))
    expect(moments[0]).toBe(start)
    for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(Math.min(5000, 500 * 2 ** index))
  })

  it('wait as long as the last failure asks for that came while they waited', async () => {
    const { server, tabs } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    await pass(LIFETIME)
    server.failNext('refresh', new Response(null, { status: 503 }), 2)
    await all([first.token])
    const asked = watch(second.token)
    await pass(200)
    first.emit('online')
    await all([first.token])
    await pass(2000)
    const [, failed = 0, last = 0] = server.to('refresh').map(({ at }) => at)
    expect(last - failed).toBeGreaterThanOrEqual(1000)
    expect(asked.status).toBe('fulfilled')
  })

  it('are served by the attempt of another tab that ends their pause', async () => {
    const { server, tabs } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    await pass(LIFETIME)
    server.failNext('refresh', new Response(null, { status: 503 }), 4)
    for (let failed = 0; failed < 4; failed += 1) await all([first.token], 8000)
    const asked = [watch(first.token), watch(second.token)]
    await pass(6000)
    expect(asked.map(({ value }) => value)).toEqual(Array(2).fill(server.current.accessToken))
    expect(server.refreshes).toBe(5)
  })
})
