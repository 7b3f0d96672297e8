import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, LIFETIME, pass, type Tab } from '../tabs/several-tabs.ts'
import { openHostedTabs } from './shared-worker.ts'

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const forced = { forceRefresh: true }
const COOKIE = { refreshVia: 'cookie' } as const

const toRefresh = ({ sent }: Tab) => sent.filter(({ path }) => path === '/refresh')

describe('a worker', () => {
  it('makes one call for all tabs, and the pages none', async () => {
    const { server, tabs } = await openHostedTabs(5)
    await pass(FIRST_RENEWAL + 1000)
    expect(server.refreshes).toBe(1)
    for (const tab of tabs) {
      expect(toRefresh(tab)).toEqual([])
      expect(tab.heard('refresh')).toHaveLength(1)
      expect(await tab.token).toBe(server.current.accessToken)
      expect(tab.why()).not.toMatch(/worker/)
    }
  })

  it('goes on for many generations with a strict server', async () => {
    const { server, tabs } = await openHostedTabs(3)
    await pass(10 * LIFETIME)
    const offered = server.to('refresh').map(({ text }) => text)
    expect(offered.length).toBeGreaterThanOrEqual(10)
    expect(new Set(offered).size).toBe(offered.length)
    for (const { heard } of tabs) expect(heard('refresh')).toHaveLength(offered.length)
  })

  it('F43: gives the answer to the next tab when the one that asked has died', async () => {
    const { server, tabs } = await openHostedTabs(3, {}, ON_DEMAND)
    const [first, second, third] = tabs as [Tab, Tab, Tab]
    server.slowDown('refresh', 2000)
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass(1000)
    first.crash()
    const asked = [watch(second.token), watch(third.token)]
    await pass(2500)
    expect(asked.map(({ value }) => value)).toEqual(Array(2).fill(server.current.accessToken))
    expect(server.refreshes).toBe(1)
    for (const { heard } of [second, third]) expect(heard('logout')).toEqual([])
  })

  it('F43: keeps an answer that nobody was there to take', async () => {
    const { server, tabs, start } = await openHostedTabs(1, {}, ON_DEMAND)
    const [first] = tabs
    server.slowDown('refresh', 500)
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass(100)
    first.crash()
    await pass(60_000)
    const later = await start(ON_DEMAND)
    const asked = watch(later.token)
    await pass(2000)
    expect(asked.value).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
    // A minute of its life has gone by.
    const { state } = later.client
    const rest = state.status === 'authenticated' ? (state.expiresAt as number) - Date.now() : 0
    expect(rest).toBeGreaterThan(LIFETIME - 65_000)
    expect(rest).toBeLessThan(LIFETIME - 59_000)
  })

  it('F26: gives the answer to the next tab when the one that asked stands still', async () => {
    const { server, tabs } = await openHostedTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', 500)
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass(100)
    first.freeze()
    const asked = watch(second.token)
    await pass(16_000)
    expect(asked.value).toBe(server.current.accessToken)
    await first.thaw()
    await pass(2000)
    expect(await first.token).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
    for (const { heard } of tabs) {
      expect(heard('logout')).toEqual([])
      expect(heard('refresh')).toHaveLength(1)
    }
  })

  it('T14: forgets the answer with the session: a sign-out during its call is final', async () => {
    const { server, tabs, start } = await openHostedTabs(2)
    const [first, second] = tabs
    server.slowDown('refresh', 2000)
    first.client.getAccessToken(forced).catch(() => undefined)
    await pass(500)
    await all([second.client.logout()])
    await pass(5000)
    for (const { heard } of tabs) expect(heard('logout')).toMatchObject([{ reason: 'logout' }])
    expect(
      server
        .to('logout')
        .map(({ text }) => text)
        .join(),
    ).toContain(server.current.refreshToken)
    expect((await start()).client.state).toMatchObject({ status: 'unauthenticated' })
  })

  it('calls for each `storageKey` by itself', async () => {
    const { server, tabs, start } = await openHostedTabs(1)
    const other = await start({ storageKey: 'admin' })
    await all([other.client.login({ username: 'bob', password: 'secret' })])
    server.slowDown('refresh', 1000)
    const asked = [tabs[0], other].map(({ client }) => watch(client.getAccessToken(forced)))
    await pass(1500)
    expect(server.refreshes).toBe(2)
    const [one, two] = asked.map(({ value }) => value)
    expect(one).toEqual(expect.any(String))
    expect(two).toEqual(expect.any(String))
    expect(one).not.toBe(two)
  })

  it('T12: has tokens on its ports, and on no channel', async () => {
    const { server, tabs, posted } = await openHostedTabs(2)
    await pass(3 * LIFETIME)
    await all([tabs[0].client.logout()], 2000)
    expect(posted.length).toBeGreaterThan(3)
    const text = JSON.stringify(posted)
    for (const token of server.issued) expect(text).not.toContain(token)
    const why = tabs.map((tab) => tab.why()).join()
    for (const token of server.issued) expect(why).not.toContain(token)
  })
})

describe('a worker whose call fails', () => {
  it.each<[number, object]>([
    [429, { code: 'rate_limited', status: 429, retryAt: expect.any(Number) }],
    [503, { code: 'server_error', status: 503 }],
    [404, { code: 'server_error', status: 404 }],
  ])('with %d gives the page the error that it would have met itself', async (status, error) => {
    const { server, tabs } = await openHostedTabs(2)
    server.failNext('refresh', new Response(null, { status, headers: { 'Retry-After': '60' } }))
    const asked = watch(tabs[0].client.getAccessToken({ ...forced }))
    await pass(1000)
    expect(asked.error).toMatchObject(error)
    expect(tabs[0].heard('refreshFailed')).toMatchObject([{ error, origin: 'this-tab' }])
    expect(tabs[1].heard('refreshFailed')).toMatchObject([{ origin: 'other-tab' }])
    expect((asked.error as { retryAt?: number }).retryAt ?? Date.now() + 59_000).toBeGreaterThan(Date.now() + 58_000)
  })

  it('because the client is set up wrongly says so loudly, with the server’s word for it', async () => {
    const { server, tabs } = await openHostedTabs(1)
    server.failNext('refresh', Response.json({ error: 'invalid_client' }, { status: 401 }))
    const asked = watch(tabs[0].client.getAccessToken(forced))
    await pass(1000)
    expect(asked.error).toMatchObject({ code: 'misconfigured', oauthError: 'invalid_client' })
    expect(tabs[0].reported).toHaveLength(1)
    expect(tabs[0].client.state).toMatchObject({ status: 'authenticated' })
  })

  it('F45: because the session is over ends it in all tabs', async () => {
    const { server, tabs } = await openHostedTabs(2)
    server.endSessions()
    await all([tabs[0].client.getAccessToken(forced)], 1000)
    for (const { heard } of tabs) {
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_rejected' } }])
    }
    expect(server.refreshes).toBe(1)
  })

  it('by no answer is told as `timeout`, and tried again later', async () => {
    const { server, tabs } = await openHostedTabs(2, {}, ON_DEMAND)
    server.failNext('refresh', 'hang')
    await pass(LIFETIME)
    const asked = watch(tabs[0].token)
    await pass(10_500)
    expect(asked.error).toMatchObject({ code: 'timeout' })
    await pass(1000)
    const again = watch(tabs[1].token)
    await pass(2000)
    expect(again.value).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(2)
  })
})

describe('an heir with a worker', () => {
  it('F44: waits where the dead tab made its call by itself, as without a worker', async () => {
    const { server, tabs, start } = await openHostedTabs(1, { server: { rotates: false } }, ON_DEMAND)
    const [hosted] = tabs
    const broken = () => {
      throw new Error('No worker.')
    }
    const alone = await start({ refresh: { when: 'on-demand', worker: broken } })
    server.slowDown('refresh', (_, index) => (index === 0 ? 60_000 : 0))
    await pass(LIFETIME)
    alone.token.catch(() => undefined)
    await pass(100)
    const asked = watch(hosted.token)
    alone.crash()
    await pass(600)
    expect(server.refreshes).toBe(1)
    await pass(1000)
    expect(server.refreshes).toBe(2)
    expect(asked.value).toBe(server.current.accessToken)
  })
})

describe('tabs that share a refresh cookie and nothing else', () => {
  it('cost one call together with a worker', async () => {
    const { server, tabs } = await openHostedTabs(5, { server: COOKIE, storage: 'memory' }, ON_DEMAND)
    server.requests.length = 0
    server.slowDown('refresh', 500)
    await pass(LIFETIME)
    const results = await all(
      tabs.map(({ token }) => token),
      8000,
    )
    expect(results.map((each) => each.status === 'fulfilled' && each.value)).toEqual(
      Array(5).fill(server.current.accessToken),
    )
    expect(server.refreshes).toBe(1)
  })

  it('cost one call for each generation, by the timer too', async () => {
    const { server, tabs } = await openHostedTabs(4, { server: COOKIE, storage: 'memory' })
    const until = 5 * LIFETIME
    await pass(until)
    const generations = Math.max(...tabs.map(({ heard }) => heard('refresh').length))
    expect(generations).toBeGreaterThanOrEqual(5)
    expect(server.refreshes).toBeLessThanOrEqual(generations + 1)
    for (const { token } of tabs) expect(await token).toBe(server.current.accessToken)
  })

  it('open with the token that the worker has, as long as it lives', async () => {
    const { server, tabs, start } = await openHostedTabs(2, { server: COOKIE, storage: 'memory' })
    await all([tabs[0].client.getAccessToken(forced)], 1000)
    const before = server.refreshes
    const late = await start()
    await pass(1000)
    expect(await late.token).toBe(await tabs[0].token)
    expect(server.refreshes).toBe(before)
  })

  it('give whoever forces a refresh a token that is issued now, not the one at hand', async () => {
    const { server, tabs } = await openHostedTabs(2, { server: COOKIE, storage: 'memory' })
    await all([tabs[0].client.getAccessToken(forced)], 1000)
    expect(server.refreshes).toBe(1)
    expect(await tabs[0].token).toBe(server.current.accessToken)
  })

  it('T14: are given nothing that was kept from before a sign-out: the cookie is asked, and is gone', async () => {
    const { server, tabs, start } = await openHostedTabs(2, { server: COOKIE, storage: 'memory' })
    await all([tabs[0].client.getAccessToken(forced)], 1000)
    await all([tabs[0].client.logout()], 2000)
    const before = server.refreshes
    await all([tabs[1].client.getAccessToken({ rejected: await tabs[1].token })], 2000)
    expect(tabs[1].heard('logout')).toMatchObject([{ reason: 'revoked' }])
    expect(server.refreshes).toBe(before + 1)
    expect((await start()).client.state).toMatchObject({ status: 'unauthenticated' })
  })

  it('T13: are given nothing that was kept for the person before', async () => {
    const { tabs } = await openHostedTabs(2, { server: COOKIE, storage: 'memory' })
    await all([tabs[0].client.getAccessToken(forced)], 1000)
    await all([tabs[0].client.login({ username: 'bob', password: 'secret' })], 2000)
    await all([tabs[1].client.getAccessToken({ rejected: await tabs[1].token })], 2000)
    for (const { client } of tabs) expect(client.state).toMatchObject({ claims: { sub: 'bob' } })
    expect(tabs[1].heard('logout')).toMatchObject([{ reason: 'replaced' }])
  })

  it('get another token when the one at hand was refused', async () => {
    const { server, tabs } = await openHostedTabs(2, { server: COOKIE, storage: 'memory' })
    await all([tabs[0].client.getAccessToken(forced)], 1000)
    const before = server.refreshes
    server.expireAccessTokens()
    const responses = await all(
      tabs.map(({ client }) => client.fetch('https://api.test/todos')),
      3000,
    )
    expect(responses.map((each) => each.status === 'fulfilled' && each.value.status)).toEqual([200, 200])
    expect(server.refreshes - before).toBeGreaterThanOrEqual(1)
    expect(server.refreshes - before).toBeLessThanOrEqual(2)
  })
})
