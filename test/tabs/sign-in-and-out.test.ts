import { describe, expect, it } from 'vitest'
import { browserEnvironment } from '../../src/browser.ts'
import { watch } from '../support/clock.ts'
import {
  all,
  FIRST_RENEWAL,
  forget,
  formOf,
  LIFETIME,
  openBrowser,
  openTabs,
  type Part,
  pass,
  type Tab,
} from './several-tabs.ts'

const API = 'https://api.test/todos'
const names = ({ events }: Tab) => events.map(({ name }) => name)
const subOf = ({ client: { state } }: Tab) => (state.status === 'authenticated' ? state.claims?.sub : state.status)

describe('a sign-in', () => {
  it('is told in every tab, once, with its origin', async () => {
    const browser = openBrowser()
    const tabs = [await browser.start(), await browser.start(), await browser.start()]
    await all([(tabs[1] as Tab).client.login(formOf())])
    expect(tabs.map(({ events }) => events)).toMatchObject(
      ['other-tab', 'this-tab', 'other-tab'].map((origin) => [
        { name: 'login', origin, user: { name: 'Ada' }, generation: 1 },
      ]),
    )
    for (const { client } of tabs)
      expect(client.state).toMatchObject({ status: 'authenticated', user: { name: 'Ada' } })
    for (const { token } of tabs) expect(await token).toBe(browser.server.current.accessToken)
  })

  it('is told without a channel, too', async () => {
    const browser = openBrowser({ without: ['channel'] })
    const [first, second] = [await browser.start(), await browser.start()]
    await all([first.client.login(formOf())])
    expect(second.heard('login')).toMatchObject([{ origin: 'other-tab' }])
    expect(await second.token).toBe(browser.server.current.accessToken)
  })

  it('T13: of somebody else replaces who was there: `logout`, then `login`', async () => {
    const { tabs } = await openTabs(3)
    await all([tabs[1].client.login(formOf('bob'))])
    for (const tab of tabs) {
      expect(names(tab)).toEqual(['logout', 'login'])
      expect(tab.heard('logout')).toMatchObject([{ reason: 'replaced' }])
      expect(subOf(tab)).toBe('bob')
    }
    expect(tabs.map(({ events }) => events.map(({ origin }) => origin))).toEqual([
      ['other-tab', 'other-tab'],
      ['this-tab', 'this-tab'],
      ['other-tab', 'other-tab'],
    ])
  })

  it('T13: takes over no request that somebody else began: it rejects, and none leaves with the other’s token', async () => {
    const { server, tabs } = await openTabs(2, {}, { refresh: { when: 'on-demand' } })
    const [first, second] = tabs
    await pass(LIFETIME)
    server.slowDown('refresh', 3000)
    const requests = Array.from({ length: 50 }, (_, index) => watch(second.client.fetch(`${API}/${index}`)))
    await pass(1000)
    await all([first.client.login(formOf('bob'))])
    await pass(5000)
    for (const { error } of requests) expect(error).toMatchObject({ code: 'login_required' })
    expect(server.to('api')).toEqual([])
    expect(subOf(second)).toBe('bob')
    const response = await all([second.client.fetch(API)])
    expect(response[0]?.status).toBe('fulfilled')
    expect(server.to('api').map(({ authorization }) => authorization)).toEqual([`Bearer ${await first.token}`])
  })

  it('T13: does not send a request again for the other person that met a 401', async () => {
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    server.expireAccessTokens()
    server.slowDown('api', 2000)
    const request = watch(second.client.fetch(API))
    await pass(500)
    await all([first.client.login(formOf('bob'))])
    await pass(3000)
    expect(request.value?.status).toBe(401)
    expect(server.to('api')).toHaveLength(1)
    expect(server.refreshes).toBe(0)
  })

  it('F38: during another tab’s refresh makes its late answer worthless', async () => {
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    server.slowDown('refresh', 3000)
    const asked = watch(first.client.getAccessToken({ forceRefresh: true }))
    await pass(1000)
    await all([second.client.login(formOf('bob'))])
    const token = await second.token
    await pass(5000)
    expect(asked.error).toMatchObject({ code: 'login_required' })
    expect(tabs.map(subOf)).toEqual(['bob', 'bob'])
    for (const tab of tabs) expect(await tab.token).toBe(token)
  })

  it('of two people at the same moment leaves one of them signed in, in all tabs the same', async () => {
    const { tabs } = await openTabs(3)
    await all([tabs[0].client.login(formOf('bob')), tabs[1].client.login(formOf('eve'))])
    await pass(3000)
    const [person] = tabs.map(subOf)
    expect(['bob', 'eve']).toContain(person)
    expect(tabs.map(subOf)).toEqual(Array(3).fill(person))
    expect(new Set(await Promise.all(tabs.map(({ token }) => token))).size).toBe(1)
  })
})

describe('a sign-out', () => {
  it.each<Part | 'nothing'>(['nothing', 'channel', 'locks'])(
    'is told in every tab as `logout`, once, and never as `storage-cleared`, in a browser that lacks %s',
    async (part) => {
      const { server, tabs, area } = await openTabs(3, { without: part === 'nothing' ? [] : [part] })
      await all([tabs[1].client.logout()])
      await pass(3000)
      for (const { heard, client, events } of tabs) {
        expect(events).toHaveLength(1)
        expect(heard('logout')).toMatchObject([{ reason: 'logout' }])
        expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
      }
      expect(area.items.size).toBe(0)
      expect(server.logouts).toBe(1)
    },
  )

  it.each([0, 5000])('ends the session in all tabs without a database, too, %d ms after the sign-in', async (age) => {
    const { server, tabs, area } = await openTabs(3, { without: ['ledger'] })
    await pass(age)
    await all([tabs[1].client.logout()])
    await pass(3000)
    for (const tab of tabs) {
      expect(subOf(tab)).toBe('unauthenticated')
      expect(names(tab)).toEqual(['logout'])
    }
    expect(area.items.size).toBe(0)
    expect(server.logouts).toBe(1)
  })

  it('is told at once: no request leaves another tab with the token a moment later', async () => {
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    await all([first.client.logout()])
    const asked = await all([second.token])
    expect(asked).toMatchObject([{ reason: { code: 'login_required' } }])
    await all([second.client.fetch(API)])
    expect(server.to('api').map(({ authorization }) => authorization)).toEqual([null])
  })

  it('in two tabs at once is told once in each', async () => {
    const { tabs } = await openTabs(3)
    await all([tabs[0].client.logout(), tabs[1].client.logout()])
    await pass(2000)
    for (const { heard } of tabs) expect(heard('logout')).toMatchObject([{ reason: 'logout' }])
  })

  it('is told though the server does not answer', async () => {
    const { server, tabs } = await openTabs(2)
    server.failNext('logout', 'hang')
    const done = watch(tabs[0].client.logout())
    await pass(100)
    expect(tabs[1].heard('logout')).toMatchObject([{ reason: 'logout', origin: 'other-tab' }])
    await pass(2000)
    expect(done.status).toBe('fulfilled')
  })

  it('ends no later session: whoever signs in right afterwards stays', async () => {
    const { tabs } = await openTabs(3)
    const [first, second] = tabs
    void first.client.logout()
    const login = second.client.login(formOf('bob'))
    await all([login], 3000)
    await pass(3000)
    expect(tabs.map(subOf)).toEqual(['bob', 'bob', 'bob'])
  })
})

describe('a sign-out after two sign-ins that were broken off', () => {
  it('is final: the ledger knows it, at whichever moment each of them was', async () => {
    const { tabs } = await openTabs(1)
    const [{ client }] = tabs
    for (let steps = 0; steps < 20; steps += 1) {
      await all([client.login(formOf())])
      const brokenOff: Promise<unknown>[] = []
      for (const accessToken of ['one', 'two']) {
        brokenOff.push(client.setTokens({ accessToken }))
        for (let step = 0; step < steps; step += 1) await undefined
      }
      await all([...brokenOff, client.logout()], 1000)
      expect([steps, await browserEnvironment.ledger?.read('latchkey')]).toMatchObject([steps, { ended: 'logout' }])
    }
  })
})

describe('the user', () => {
  it('that one tab sets is seen in all, without an event', async () => {
    const { tabs } = await openTabs(3)
    tabs[1].client.setUser({ id: 1, name: 'Ada Lovelace' })
    await pass()
    for (const { client, events } of tabs) {
      expect(client.state).toMatchObject({ user: { name: 'Ada Lovelace' } })
      expect(events).toEqual([])
    }
  })

  it('stays the same object in the other tabs where nothing in it has changed', async () => {
    const { tabs } = await openTabs(2)
    const [first, second] = tabs
    const before = second.client.state
    first.client.setUser({ id: 1, name: 'Ada' })
    await pass()
    expect(second.client.state).toBe(before)
    expect(second.states).toEqual([])
  })

  it('is not undone by another tab’s refresh', async () => {
    const { tabs } = await openTabs(2)
    tabs[1].client.setUser({ id: 1, name: 'Ada Lovelace' })
    await pass(FIRST_RENEWAL + 1000)
    for (const { client, heard } of tabs) {
      expect(heard('refresh')).toHaveLength(1)
      expect(client.state).toMatchObject({ user: { name: 'Ada Lovelace' } })
    }
  })
})

describe('what a tab writes that is behind', () => {
  it('does not cost the others the tokens that it has not seen yet', async () => {
    const { server, tabs, start } = await openTabs(3, { without: ['channel'] })
    const [first, second] = tabs
    second.seeStorageLate(1000)
    await all([first.client.getAccessToken({ forceRefresh: true })])
    second.client.setUser({ id: 1, name: 'Ada Lovelace' })
    await pass(5000)
    const late = await start()
    await pass(3000)
    for (const { token, heard } of [...tabs, late]) {
      expect(await token).toBe(server.current.accessToken)
      expect(heard('logout')).toEqual([])
    }
    expect(server.refreshes).toBe(1)
  })
})

describe('two sessions on one origin', () => {
  it('with a `storageKey` each know nothing of each other', async () => {
    const { tabs, start, area } = await openTabs(1)
    const admin = await start({ storageKey: 'admin' })
    expect(subOf(admin)).toBe('unauthenticated')
    await all([admin.client.login(formOf('root'))])
    await all([admin.client.getAccessToken({ forceRefresh: true })])
    expect([...area.items.keys()].sort()).toEqual(['admin', 'latchkey'])
    expect(tabs[0].events).toEqual([])
    await all([tabs[0].client.logout()], 2000)
    expect(subOf(admin)).toBe('root')
    expect(admin.heard('logout')).toEqual([])
  })
})

describe('a session that ends by itself', () => {
  it('with its token, where nothing renews it, is told as `expired` once in each tab', async () => {
    const answer = (fields: object) => ({ ...fields, refresh_token: undefined })
    const { server, tabs } = await openTabs(3, { server: { answer } })
    await pass(LIFETIME + 5000)
    for (const tab of tabs) {
      expect(names(tab)).toEqual(['expiring', 'logout'])
      expect(tab.heard('logout')).toMatchObject([{ reason: 'expired' }])
    }
    expect(server.refreshes).toBe(0)
  })

  it('F45: because the server refused is told in each tab within a quarter of a second, and nobody tries again', async () => {
    const { server, tabs, area } = await openTabs(3)
    server.endSessions()
    const asked = watch(tabs[2 as 1].client.getAccessToken({ forceRefresh: true }))
    await pass(250)
    expect(asked.error).toMatchObject({ code: 'login_required', cause: { code: 'refresh_rejected' } })
    for (const { heard, events } of tabs) {
      expect(events).toHaveLength(1)
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_rejected' } }])
    }
    forget(tabs)
    await pass(LIFETIME)
    expect(server.refreshes).toBe(1)
    expect(tabs.flatMap(({ events }) => events)).toEqual([])
    expect(area.items.has('latchkey')).toBe(false)
  })
})

describe('a storage that is emptied', () => {
  it.each<[string, (area: Awaited<ReturnType<typeof openTabs>>['area']) => void]>([
    ['wholly', (area) => area.clear()],
    ['of the record alone', (area) => area.remove('latchkey')],
  ])('F23: %s, by the developer tools, signs all tabs out as `storage-cleared`, once', async (_, empty) => {
    const { server, tabs, area } = await openTabs(3)
    await pass(5000)
    empty(area)
    await pass(2000)
    for (const { heard, events } of tabs) {
      expect(events).toHaveLength(1)
      expect(heard('logout')).toMatchObject([{ reason: 'storage-cleared' }])
    }
    await pass(LIFETIME)
    expect(server.refreshes).toBe(0)
    expect(area.items.has('latchkey')).toBe(false)
  })

  it('F23: without a word is no sign-out: all tabs go on, and the record comes back with the next refresh', async () => {
    const { tabs, area } = await openTabs(2)
    await pass(5000)
    area.lose('latchkey')
    for (const { emit } of tabs) for (const event of ['focus', 'visibilitychange', 'pageshow'] as const) emit(event)
    await pass(10_000)
    expect(tabs.map(subOf)).toEqual(['ada', 'ada'])
    await pass(FIRST_RENEWAL)
    for (const tab of tabs) expect(names(tab)).toEqual(['refresh'])
    expect(area.items.has('latchkey')).toBe(true)
  })

  it('F23: of other keys is no sign-out', async () => {
    const { tabs, area } = await openTabs(2)
    await pass(5000)
    area.lose('latchkey')
    area.set('theme', 'dark')
    area.remove('theme')
    area.remove('latchkey.mark')
    await pass(2000)
    for (const { events, client } of tabs) {
      expect(events).toEqual([])
      expect(client.state).toMatchObject({ status: 'authenticated' })
    }
  })

  it('F23: and filled again at once, by a sign-in, is no sign-out of the new session', async () => {
    const { tabs, area } = await openTabs(2)
    await pass(5000)
    area.clear()
    await all([tabs[1].client.login(formOf('bob'))])
    await pass(3000)
    expect(tabs.map(subOf)).toEqual(['bob', 'bob'])
    for (const { heard } of tabs) expect(heard('logout')).toHaveLength(1)
  })
})
