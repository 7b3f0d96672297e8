import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, it, vi } from 'vitest'
import { MINUTE } from '../session/virtual-page.ts'
import type { AuthServer, AuthServerOptions, TokenFields } from '../support/auth-server.ts'
import { watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, LIFETIME, openTabs, pass, type Tab } from './several-tabs.ts'

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const COOKIE = { refreshVia: 'cookie' } as const satisfies AuthServerOptions
const IN_MEMORY = { server: COOKIE, storage: 'memory' } as const
const forced = { forceRefresh: true }
const subOf = ({ client: { state } }: Tab) => (state.status === 'authenticated' ? state.claims?.sub : state.status)

/** Somebody signs in by other means, and the browser keeps the cookie. */
function otherCookie(server: AuthServer, username: string): void {
  server.issueTokens(username)
}

describe('tabs with a refresh cookie and a record in localStorage', () => {
  it('T5: keep no refresh token in it, even if the server puts one into its answers', async () => {
    const answer = (fields: TokenFields) => ({ ...fields, refresh_token: 'refresh-by-mistake' })
    const { tabs, area, server } = await openTabs(2, { server: { ...COOKIE, answer } })
    await pass(3 * LIFETIME)
    await all([tabs[1].client.getAccessToken(forced)])
    expect(area.written.length).toBeGreaterThan(4)
    expect(area.written.join()).not.toContain('refresh-')
    for (const { text } of server.to('refresh')) expect(text).not.toContain('refresh-')
  })

  it('make one call per generation; the others adopt', async () => {
    const { server, tabs } = await openTabs(5, { server: COOKIE })
    await pass(10 * LIFETIME)
    const generations = tabs[0].heard('refresh').map(({ generation }) => generation)
    expect(generations.length).toBeGreaterThanOrEqual(10)
    expect(server.refreshes).toBe(generations.length)
    for (const { heard, token } of tabs) {
      expect(heard('refresh').map(({ generation }) => generation)).toEqual(generations)
      expect(await token).toBe(server.current.accessToken)
    }
  })

  it('make one call when all open at once and have nothing but the mark', async () => {
    const { server, tabs, area, open } = await openTabs(1, { server: COOKIE })
    tabs[0].crash()
    area.lose('latchkey')
    vi.stubGlobal('indexedDB', new IDBFactory())
    server.slowDown('refresh', 500)
    const late = [open(), open(), open()]
    await all(
      late.map(({ client }) => client.start()),
      3000,
    )
    expect(late.map(subOf)).toEqual(['ada', 'ada', 'ada'])
    expect(new Set(await Promise.all(late.map(({ token }) => token)))).toEqual(new Set([server.current.accessToken]))
    expect(server.refreshes).toBe(1)
    for (const { heard } of late) expect([...heard('login'), ...heard('logout')]).toEqual([])
  })

  it('sign out together, the mark included', async () => {
    const { server, tabs, area, start } = await openTabs(3, { server: COOKIE })
    expect(area.items.get('latchkey.mark')).toBe('1')
    await all([tabs[1].client.logout()], 2000)
    for (const { heard } of tabs) expect(heard('logout')).toMatchObject([{ reason: 'logout' }])
    expect([...area.items.keys()]).toEqual([])
    const late = await start()
    expect(late.client.state).toMatchObject({ status: 'unauthenticated' })
    expect(server.refreshes).toBe(0)
  })

  it('leave no mark behind a sign-out that comes while one of them begins', async () => {
    const { tabs, area, open } = await openTabs(1, { server: COOKIE })
    area.written.length = 0
    await all<unknown>([open().client.start(), tabs[0].client.logout()], 2000)
    expect(area.written).toEqual([])
    expect([...area.items.keys()]).toEqual([])
  })

  it('T13: notice by `sub` that the cookie has become somebody else’s, in all tabs', async () => {
    const { server, tabs } = await openTabs(3, { server: COOKIE })
    otherCookie(server, 'bob')
    await all([tabs[1].client.getAccessToken(forced)], 2000)
    for (const tab of tabs) {
      expect(tab.events.map(({ name }) => name)).toEqual(['logout', 'login'])
      expect(tab.heard('logout')).toMatchObject([{ reason: 'replaced' }])
      expect(subOf(tab)).toBe('bob')
      expect(await tab.token).toBe(server.current.accessToken)
    }
    expect(server.refreshes).toBe(1)
  })
})

describe('tabs that share a refresh cookie and nothing else', () => {
  /** Tabs that are signed in each for itself; the first by a login, the others by its cookie. */
  const memoryTabs = (count: number, tabOptions = {}) => openTabs(count, IN_MEMORY, tabOptions)

  it('begin with one call each, where the mark says that there is a session', async () => {
    const { server, tabs } = await memoryTabs(3)
    expect(tabs.map(subOf)).toEqual(['ada', 'ada', 'ada'])
    expect(new Set(await Promise.all(tabs.map(({ token }) => token))).size).toBe(3)
    expect(server.refreshes).toBe(0)
  })

  it('call in turn, never at once, so that nobody offers a cookie that another one has spent', async () => {
    const { server, tabs } = await memoryTabs(5, ON_DEMAND)
    server.slowDown('refresh', 700)
    await pass(LIFETIME)
    const results = await all(
      tabs.map(({ token }) => token),
      8000,
    )
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'))
    const moments = server.to('refresh').map(({ at }) => at)
    expect(moments).toHaveLength(5)
    for (const [index, at] of moments.slice(1).entries())
      expect(at - (moments[index] as number)).toBeGreaterThanOrEqual(700)
  })

  it('share the pause after a failure', async () => {
    const { server, tabs } = await memoryTabs(4, ON_DEMAND)
    await pass(LIFETIME)
    const busy = new Response(null, { status: 429, headers: { 'Retry-After': '60' } })
    server.failNext('refresh', busy)
    await all([tabs[0].token])
    const results = await all(
      tabs.map(({ token }) => token),
      3000,
    )
    expect(results).toMatchObject(Array(4).fill({ reason: { code: 'rate_limited' } }))
    expect(server.refreshes).toBe(1)
    await pass(MINUTE)
    expect(
      (
        await all(
          tabs.map(({ token }) => token),
          3000,
        )
      ).map(({ status }) => status),
    ).toEqual(Array(4).fill('fulfilled'))
  })

  it('count the failure of a tab which has signed out meanwhile', async () => {
    const { server, tabs } = await memoryTabs(2, ON_DEMAND)
    const [first, second] = tabs
    await pass(LIFETIME)
    server.slowDown('refresh', 1000)
    server.failNext('refresh', new Response(null, { status: 503 }), 3)
    await all([first.token], 3000)
    await all([first.token], 3000)
    first.token.catch(() => undefined)
    await pass(500)
    await all([first.client.logout()], 500)
    await all([second.token], 6000)
    const moments = server.to('refresh').map(({ at }) => at)
    expect(moments).toHaveLength(4)
    expect((moments[3] as number) - (moments[2] as number)).toBeGreaterThanOrEqual(1000 + 2000)
  })

  it('heed the pause that the server asks of a tab which has signed out meanwhile', async () => {
    const { server, tabs } = await memoryTabs(2, ON_DEMAND)
    const [first, second] = tabs
    await pass(LIFETIME)
    server.slowDown('refresh', 1000)
    server.failNext('refresh', new Response(null, { status: 429, headers: { 'Retry-After': '60' } }))
    first.token.catch(() => undefined)
    await pass(500)
    await all([first.client.logout()], 1000)
    const results = await all([second.token], 3000)
    expect(results).toMatchObject([{ reason: { code: 'rate_limited' } }])
    expect(server.refreshes).toBe(1)
  })

  it('send to a server that fails in an hour hardly more than one tab would', async () => {
    const sent: number[] = []
    for (const count of [1, 5]) {
      const { server, tabs } = await memoryTabs(count)
      server.failNext('refresh', new Response(null, { status: 503 }), 1000)
      await pass(60 * MINUTE)
      sent.push(server.refreshes)
      for (const { client } of tabs) client.dispose()
    }
    const [one = 0, five = 0] = sent
    expect(one).toBeGreaterThan(5)
    expect(five).toBeLessThanOrEqual(one + 5)
  })

  it('F44: wait for the answer to a dead tab until `timeout`: its cookie may still come', async () => {
    const { server, tabs } = await memoryTabs(2, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? 9000 : 0))
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass()
    first.crash()
    const asked = watch(second.token)
    await pass(9900)
    expect(server.refreshes).toBe(1)
    await pass(2500)
    expect(server.refreshes).toBe(2)
    expect(asked.status).toBe('fulfilled')
  })

  it('F43: blame no tab that died once for a refusal that comes after another renewal', async () => {
    const { server, tabs } = await memoryTabs(2, ON_DEMAND)
    const [first, second] = tabs
    server.failNext('refresh', 'hang')
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass()
    first.crash()
    const asked = watch(second.token)
    await pass(15_000)
    expect(asked.status).toBe('fulfilled')
    server.failNext('refresh', new Response(null, { status: 401 }))
    await all([second.client.getAccessToken(forced)], 2000)
    expect(second.heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_rejected' } }])
  })

  it('learn each for itself that the session is over', async () => {
    const { server, tabs } = await memoryTabs(3)
    await all([tabs[0].client.logout()], 2000)
    expect(tabs[1].events).toEqual([])
    await pass(FIRST_RENEWAL + MINUTE)
    for (const { heard } of tabs.slice(1)) expect(heard('logout')).toMatchObject([{ reason: 'revoked' }])
    expect(server.refreshes).toBe(2)
  })

  it('T13: notice each by `sub` that the cookie has become somebody else’s', async () => {
    const { server, tabs } = await memoryTabs(2)
    otherCookie(server, 'bob')
    await all(
      tabs.map(({ client }) => client.getAccessToken(forced)),
      2000,
    )
    for (const tab of tabs) {
      expect(tab.events.map(({ name }) => name)).toEqual(['logout', 'login'])
      expect(tab.heard('logout')).toMatchObject([{ reason: 'replaced' }])
      expect(subOf(tab)).toBe('bob')
    }
  })

  it('T13: reject the requests of the former person, which leave without the other’s token', async () => {
    const { server, tabs } = await memoryTabs(2, ON_DEMAND)
    await pass(LIFETIME)
    otherCookie(server, 'bob')
    const requests = await all([tabs[0].client.fetch('https://api.test/todos')], 2000)
    expect(requests).toMatchObject([{ reason: { code: 'login_required' } }])
    expect(server.to('api')).toEqual([])
  })

  it.each(['locks', 'channel', 'ledger'] as const)('get on without %s', async (part) => {
    const { server, tabs } = await openTabs(3, { ...IN_MEMORY, without: [part] })
    await pass(3 * LIFETIME)
    expect(tabs.map(subOf)).toEqual(['ada', 'ada', 'ada'])
    for (const { heard, reported } of tabs) {
      expect(heard('logout')).toEqual([])
      expect(heard('refresh').length).toBeGreaterThanOrEqual(3)
      expect(reported).toEqual([])
    }
    expect(server.refreshes).toBe(tabs.flatMap(({ heard }) => heard('refresh')).length)
  })
})
