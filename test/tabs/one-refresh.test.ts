import { describe, expect, it } from 'vitest'
import { settle, watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, formOf, LIFETIME, openTabs, pass, type Tab } from './several-tabs.ts'

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const API = 'https://api.test/todos'

/** Each tab was told of one refresh: one tab of its own, all others of another's. */
function expectOneRefresh(tabs: readonly Tab[], generation: number): void {
  expect(tabs.map(({ events }) => events.map(({ name }) => name))).toEqual(tabs.map(() => ['refresh']))
  const told = tabs.flatMap(({ heard }) => heard('refresh'))
  expect(told.map((each) => each.generation)).toEqual(tabs.map(() => generation))
  expect(told.map(({ origin }) => origin).sort()).toEqual([...tabs.slice(1).map(() => 'other-tab'), 'this-tab'])
}

describe('one refresh for ten tabs', () => {
  it('is what the timer makes: one tab renews, the others adopt', async () => {
    const { server, tabs } = await openTabs(10)
    await pass(FIRST_RENEWAL - 1000)
    expect(server.refreshes).toBe(0)
    await pass(2000)
    expect(server.refreshes).toBe(1)
    expectOneRefresh(tabs, 2)
    for (const { token } of tabs) expect(await token).toBe(server.current.accessToken)
  })

  it.each<[string, (tab: Tab) => Promise<unknown>]>([
    ['callers ask with an expired token', ({ client }) => client.getAccessToken()],
    ['requests leave with an expired token', ({ client }) => client.fetch(API)],
  ])('is made when %s', async (_, ask) => {
    const { server, tabs } = await openTabs(10, {}, ON_DEMAND)
    await pass(LIFETIME)
    const results = await all(tabs.map(ask))
    expect(results.map(({ status }) => status)).toEqual(tabs.map(() => 'fulfilled'))
    expect(server.refreshes).toBe(1)
    expectOneRefresh(tabs, 2)
  })

  it('is made when all apps force one at the same time', async () => {
    const { server, tabs } = await openTabs(10)
    const results = await all(tabs.map(({ client }) => client.getAccessToken({ forceRefresh: true })))
    expect(new Set(results.map((result) => result.status === 'fulfilled' && result.value))).toEqual(
      new Set([server.current.accessToken]),
    )
    expect(server.refreshes).toBe(1)
    expectOneRefresh(tabs, 2)
  })

  it('F29: is made when all meet a 401, and each request is sent again once, with the new token', async () => {
    const { server, tabs } = await openTabs(10)
    server.expireAccessTokens()
    const responses = await all(tabs.flatMap(({ client }) => [client.fetch(API), client.fetch(API)]))
    expect(responses.map((each) => each.status === 'fulfilled' && each.value.status)).toEqual(Array(20).fill(200))
    expect(server.refreshes).toBe(1)
    expect(server.to('api')).toHaveLength(40)
    expectOneRefresh(tabs, 2)
  })

  it('is made for each of twenty generations, and a strict server never sees a spent refresh token', async () => {
    const { server, tabs } = await openTabs(3)
    await pass(20 * LIFETIME)
    const offered = server.to('refresh').map(({ text }) => text)
    expect(offered.length).toBeGreaterThanOrEqual(20)
    expect(new Set(offered).size).toBe(offered.length)
    for (const { heard } of tabs) {
      expect(heard('refresh').map(({ generation }) => generation)).toEqual(offered.map((_, index) => index + 2))
      expect(heard('logout')).toEqual([])
    }
  })

  it('tells each tab of the new expiry and state once', async () => {
    const { tabs } = await openTabs(3)
    await pass(FIRST_RENEWAL + 1000)
    const [first] = tabs
    for (const { client, states } of tabs) {
      expect(states).toEqual([client.state])
      expect(client.state).toEqual(first.client.state)
    }
  })

  it('tells each tab once when callers ask while the timer rings', async () => {
    const { server, tabs } = await openTabs(3)
    await pass(FIRST_RENEWAL - 1)
    server.slowDown('refresh', 500)
    const asked = tabs.map(({ client }) => client.getAccessToken({ forceRefresh: true }))
    await all(asked, 2000)
    expect(server.refreshes).toBe(1)
    expectOneRefresh(tabs, 2)
  })
})

describe('a tab that is late', () => {
  it('F30: sends a request again that met a 401 with a token which another tab has renewed, without a refresh', async () => {
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    server.expireAccessTokens()
    server.slowDown('api', (_, index) => (index === 0 ? 1000 : 0))
    const response = watch(second.client.fetch(API))
    await pass(100)
    await all([first.client.getAccessToken({ forceRefresh: true })])
    await pass(1000)
    expect(response.value?.status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  it('opens during the refresh of another, and adopts what comes of it', async () => {
    const { server, tabs, open } = await openTabs(1, {}, ON_DEMAND)
    await pass(LIFETIME)
    server.slowDown('refresh', 2000)
    const asked = watch(tabs[0].token)
    await pass(500)
    const late = open(ON_DEMAND)
    const started = watch(late.client.start())
    await pass(2000)
    expect(started.value).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(server.refreshes).toBe(1)
    expect(await late.token).toBe(asked.value)
  })

  it('opens after a refresh, and finds the new tokens without one of its own', async () => {
    const { server, tabs, start } = await openTabs(1)
    await all([tabs[0].client.getAccessToken({ forceRefresh: true })])
    const late = await start()
    expect(await late.token).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
    expect(late.events).toEqual([])
  })

  it('keeps the moment of the renewal that was decided once for all', async () => {
    const { server, start } = await openTabs(1)
    await pass(FIRST_RENEWAL - 10_000)
    const late = await start({ environment: { random: () => 0 } })
    await pass(9000)
    expect(server.refreshes).toBe(0)
    await pass(2000)
    expect(server.refreshes).toBe(1)
    expect(late.heard('refresh')).toHaveLength(1)
  })
})

describe('a slow refresh', () => {
  it('F26: of 7 s gives every tab its token, and nobody times out or asks again', async () => {
    const { server, tabs } = await openTabs(10, {}, ON_DEMAND)
    server.slowDown('refresh', 7000)
    await pass(LIFETIME)
    const asked = tabs.map(({ token }) => watch(token))
    await pass(6900)
    expect(asked.map(({ status }) => status)).toEqual(tabs.map(() => 'pending'))
    await pass(400)
    expect(asked.map(({ value }) => value)).toEqual(tabs.map(() => server.current.accessToken))
    expect(server.refreshes).toBe(1)
    expectOneRefresh(tabs, 2)
  })

  it('is waited for by callers no longer than `timeout` and 8 s, where the turn never comes', async () => {
    const { server, tabs, locks } = await openTabs(1, {}, { refresh: { when: 'on-demand', timeout: 5000 } })
    await pass(LIFETIME)
    locks.jam()
    const asked = watch(tabs[0].token)
    await pass(12_990)
    expect(asked.status).toBe('pending')
    await pass(20)
    expect(asked.error).toMatchObject({ code: 'timeout' })
    expect(tabs[0].client.state).toMatchObject({ status: 'authenticated' })
    expect(server.refreshes).toBe(0)
  })

  it('whose answer never comes fails for the tab that made it alone; another one tries again, for all', async () => {
    const { server, tabs } = await openTabs(3, {}, ON_DEMAND)
    server.failNext('refresh', 'hang')
    await pass(LIFETIME)
    const asked = tabs.map(({ token }) => watch(token))
    await pass(17_000)
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(asked[0]?.error).toMatchObject({ code: 'timeout' })
    expect(server.refreshes).toBe(2)
  })
})

it('R8: a login that is broken off in one tab costs no other the tokens that come at that moment', async () => {
  for (let turns = 0, isThrough = false; !isThrough; turns += 1) {
    const { tabs, server } = await openTabs(2)
    const [first, second] = tabs
    const caller = new AbortController()
    const login = watch(first.client.login(formOf('bob'), { signal: caller.signal }))
    const renewed = watch(second.client.getAccessToken({ forceRefresh: true }))
    await settle(turns)
    isThrough = login.status !== 'pending'
    caller.abort()
    await pass(3000)
    if (!isThrough) expect([turns, renewed.status, server.refreshes]).toEqual([turns, 'fulfilled', 1])
  }
})
