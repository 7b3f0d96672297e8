import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { watchUnhandled } from '../support/unhandled.ts'
import { all, forget, formOf, LIFETIME, openTabs, pass } from './several-tabs.ts'

const API = 'https://api.test/todos'
const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const forced = { forceRefresh: true }

describe('a sign-out during another tab’s refresh', () => {
  it('T14, F37: is final: the late tokens are given back, and revive nobody in any tab', async () => {
    const { server, tabs, area, start } = await openTabs(3)
    const [first, second] = tabs
    server.slowDown('refresh', 3000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(1000)
    const spent = server.to('refresh')[0]?.text
    await all([second.client.logout()])
    expect(asked.error).toMatchObject({ code: 'login_required' })
    await pass(5000)
    for (const { client, events } of tabs) {
      expect(events).toMatchObject([{ name: 'logout', reason: 'logout' }])
      expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    }
    expect(area.items.has('latchkey')).toBe(false)
    const farewells = server.to('logout').map(({ text }) => text)
    expect(farewells.some((text) => text.includes(server.current.refreshToken as string))).toBe(true)
    expect(spent).toContain('refresh-')
    expect((await start()).client.state).toMatchObject({ status: 'unauthenticated' })
  })

  it('T14, F37: is learned from the ledger by a tab that has heard nothing: its late tokens are given back', async () => {
    const { server, tabs, area } = await openTabs(2, { without: ['channel'] })
    const [first, second] = tabs
    first.seeStorageLate(Number.POSITIVE_INFINITY)
    server.slowDown('refresh', 3000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(1000)
    await all([second.client.logout()])
    expect(first.events).toEqual([])
    await pass(5000)
    expect(asked.error).toMatchObject({ code: 'login_required' })
    for (const { client, events } of tabs) {
      expect(events).toMatchObject([{ name: 'logout', reason: 'logout' }])
      expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    }
    expect(area.items.has('latchkey')).toBe(false)
    expect(
      server
        .to('logout')
        .map(({ text }) => text)
        .join(),
    ).toContain(server.current.refreshToken)
  })

  it('T14: stays final when the refresh is refused or fails afterwards', async () => {
    for (const status of [401, 503]) {
      const { server, tabs } = await openTabs(2)
      const [first, second] = tabs
      server.failNext('refresh', new Response(null, { status }))
      server.slowDown('refresh', 3000)
      first.client.getAccessToken(forced).catch(() => undefined)
      await pass(1000)
      await all([second.client.logout()])
      await pass(5000)
      for (const { client, events } of tabs) {
        expect(events).toMatchObject([{ name: 'logout', reason: 'logout' }])
        client.dispose()
      }
    }
  })

  it('T14: is seen by the tab that comes to its turn for the lock: it calls nobody', async () => {
    const { server, tabs } = await openTabs(3)
    const [first, second, third] = tabs as [...typeof tabs, (typeof tabs)[1]]
    server.slowDown('refresh', 3000)
    first.client.getAccessToken(forced).catch(() => undefined)
    await pass(100)
    const waiting = watch(second.client.getAccessToken(forced))
    await pass(1000)
    await all([third.client.logout()])
    await pass(5000)
    expect(waiting.error).toMatchObject({ code: 'login_required' })
    expect(server.refreshes).toBe(1)
  })
})

describe('a tab that stood still while another one signed out', () => {
  it('T14: gives its late answer back when it goes on', async () => {
    const { server, tabs, area } = await openTabs(2)
    const [first, second] = tabs
    server.slowDown('refresh', 1000)
    first.client.getAccessToken(forced).catch(() => undefined)
    await pass(500)
    first.freeze()
    await pass(1000)
    await all([second.client.logout()])
    expect(first.client.state).toMatchObject({ status: 'authenticated' })
    await first.thaw()
    await pass(3000)
    expect(first.events).toMatchObject([{ name: 'logout', reason: 'logout' }])
    expect(area.items.has('latchkey')).toBe(false)
    const farewells = server.to('logout').map(({ text }) => text)
    expect(farewells.join()).toContain(server.current.refreshToken)
  })

  it('T14: does not leave behind the record that it wrote too late', async () => {
    const { tabs, area, start } = await openTabs(2)
    const [first, second] = tabs
    const { setItem } = first.storage
    let write = (): void => undefined
    first.storage.setItem = (key, value) =>
      new Promise<void>((resolve) => {
        write = () => {
          setItem(key, value)
          resolve()
        }
      })
    const asked = watch(first.client.getAccessToken(forced))
    await pass(100)
    await all([second.client.logout()])
    write()
    await pass(5000)
    expect(asked.status).not.toBe('pending')
    expect(first.client.state).toMatchObject({ status: 'unauthenticated' })
    expect(area.items.has('latchkey')).toBe(false)
    expect((await start()).client.state).toMatchObject({ status: 'unauthenticated' })
  })

  it('T14: opens no session from a record that somebody put back after the sign-out', async () => {
    const { server, tabs, area, start } = await openTabs(2)
    await pass(2000)
    const record = area.items.get('latchkey') as string
    await all([tabs[0].client.logout()])
    area.set('latchkey', record)
    await pass(2000)
    for (const { client } of tabs) expect(client.state).toMatchObject({ status: 'unauthenticated' })
    const late = await start()
    await pass(LIFETIME)
    expect(late.client.state).toMatchObject({ status: 'unauthenticated' })
    expect(late.events).toEqual([])
    expect(server.refreshes).toBe(0)
  })
})

it('a tab that stood still while it looked for the record of another one’s refresh finds it when it goes on', async () => {
  const { server, tabs } = await openTabs(2)
  const [first, second] = tabs
  second.seeStorageLate(5000)
  await all([first.client.getAccessToken(forced)], 50)
  second.freeze()
  await pass(4500)
  await second.thaw()
  await pass(1000)
  expect(second.events).toMatchObject([{ name: 'refresh', origin: 'other-tab' }])
  expect(await second.token).toBe(server.current.accessToken)
})

describe('a page that comes out of the back/forward cache', () => {
  it.each(['pageshow', 'resume'] as const)(
    'F21, T14: after a sign-out elsewhere sends no request with the old token, on %s',
    async (event) => {
      const { server, tabs } = await openTabs(2)
      const [first, second] = tabs
      first.emit(event === 'pageshow' ? 'pagehide' : 'freeze')
      first.freeze()
      await all([second.client.logout()])
      const back = first.thaw()
      first.emit(event)
      const request = watch(first.client.fetch(API))
      const token = watch(first.token)
      await back
      await pass(3000)
      expect(server.to('api').map(({ authorization }) => authorization)).not.toContainEqual(expect.any(String))
      expect(request.error).toMatchObject({ code: 'login_required' })
      expect(token.error).toMatchObject({ code: 'login_required' })
      expect(first.events).toMatchObject([{ name: 'logout', reason: 'logout', origin: 'other-tab' }])
    },
  )

  it('F21, T13: after somebody else’s sign-in sends no request of the former person', async () => {
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    first.emit('pagehide')
    first.freeze()
    await all([second.client.login(formOf('bob'))])
    const back = first.thaw()
    first.emit('pageshow')
    const request = watch(first.client.fetch(API))
    await back
    await pass(3000)
    expect(server.to('api')).toEqual([])
    expect(request.error).toMatchObject({ code: 'login_required' })
    expect(first.events.map(({ name }) => name)).toEqual(['logout', 'login'])
  })

  it('F21: after a sign-in elsewhere sends what nobody asked for as nobody’s, and leaves no rejection unhandled', async () => {
    const unhandled = watchUnhandled()
    const { server, tabs } = await openTabs(2)
    const [first, second] = tabs
    await all([second.client.logout()])
    forget(tabs)
    first.emit('pagehide')
    first.freeze()
    await all([second.client.login(formOf('bob'))])
    const back = first.thaw()
    first.emit('pageshow')
    const request = watch(first.client.fetch(API))
    await back
    await pass(3000)
    expect(request.value?.status).toBe(401)
    expect(first.sent).toEqual([{ path: '/todos', authorization: null }])
    expect(first.events).toMatchObject([{ name: 'login', origin: 'other-tab' }])
    expect(server.to('api')).toHaveLength(1)
    expect(unhandled).toEqual([])
  })

  it('F21: after a refresh elsewhere sends its requests with the new token, without a refresh of its own', async () => {
    const { server, tabs } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    first.emit('pagehide')
    first.freeze()
    await pass(LIFETIME)
    await all([second.token])
    const back = first.thaw()
    first.emit('pageshow')
    const request = watch(first.client.fetch(API))
    await back
    await pass(1000)
    expect(request.value?.status).toBe(200)
    expect(first.sent).toEqual([{ path: '/todos', authorization: `Bearer ${server.current.accessToken}` }])
    expect(first.heard('refresh')).toMatchObject([{ origin: 'other-tab' }])
    expect(server.refreshes).toBe(1)
  })

  it('F21: with an answer that came meanwhile takes nothing back that others have done since', async () => {
    const { server, tabs, area } = await openTabs(2, { server: { rotates: false } }, ON_DEMAND)
    const [first, second] = tabs
    server.slowDown('refresh', (_, index) => (index === 0 ? 1000 : 0))
    await pass(LIFETIME)
    first.token.catch(() => undefined)
    await pass(500)
    first.emit('pagehide')
    first.freeze()
    await pass(5000)
    await all([second.token], 3000)
    await all([second.client.getAccessToken(forced)], 3000)
    const record = area.items.get('latchkey')
    forget(tabs)
    const back = first.thaw()
    first.emit('pageshow')
    await back
    await pass(3000)
    expect(area.items.get('latchkey')).toBe(record)
    expect(await first.token).toBe(await second.token)
    expect(first.heard('refresh')).toMatchObject([{ origin: 'other-tab', generation: 3 }])
    expect(tabs.flatMap(({ heard }) => heard('logout'))).toEqual([])
  })
})
