import type { Environment } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, LIFETIME, openTabs, pass } from './several-tabs.ts'

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const denied = (): never => {
  throw new DOMException('Denied.', 'SecurityError')
}

describe('a browser without Web Locks', () => {
  it('F27: has the ledger to keep tabs apart: one refresh for ten', async () => {
    const { server, tabs } = await openTabs(10, { without: ['locks'] }, ON_DEMAND)
    server.slowDown('refresh', 2000)
    await pass(LIFETIME)
    const results = await all(
      tabs.map(({ token }) => token),
      5000,
    )
    expect(results.map((each) => each.status === 'fulfilled' && each.value)).toEqual(
      Array(10).fill(server.current.accessToken),
    )
    expect(server.refreshes).toBe(1)
    for (const { heard } of tabs) expect(heard('refresh')).toHaveLength(1)
  })

  it.each<[string, Environment['locks']]>([
    ['are missing', undefined],
    ['throw', { request: denied }],
    ['reject', { request: () => Promise.reject(new DOMException('Denied.', 'SecurityError')) }],
  ])('F27: says once by `explain()` that they %s, and renews all the same', async (_, locks) => {
    const { server, tabs } = await openTabs(1, {}, { environment: { locks } })
    await pass(3 * LIFETIME)
    expect(server.refreshes).toBeGreaterThanOrEqual(3)
    const { client, why, heard } = tabs[0]
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(why().match(/Web Locks are missing/g)).toHaveLength(1)
    expect(heard('refreshFailed')).toEqual([])
  })

  it('F27: lets a caller go on when the attempt of another tab has failed', async () => {
    const { server, tabs } = await openTabs(2, { without: ['locks'] }, ON_DEMAND)
    await pass(LIFETIME)
    server.slowDown('refresh', 1000)
    server.failNext('refresh', new Response(null, { status: 503 }))
    const asked = tabs.map(({ token }) => watch(token))
    await pass(6000)
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(server.refreshes).toBe(2)
  })

  it('F27: and without a database renews once too often at worst, and loses nobody where the server is lenient', async () => {
    const { server, tabs } = await openTabs(3, { server: { rotates: false }, without: ['locks', 'ledger'] })
    await pass(10 * LIFETIME)
    expect(server.refreshes).toBeGreaterThanOrEqual(10)
    for (const { client, heard, why } of tabs) {
      expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
      expect(heard('logout')).toEqual([])
      expect(why()).toMatch(/Web Locks are missing/)
    }
  })
})

describe('a browser without BroadcastChannel', () => {
  it('F28: has storage events instead: one refresh for ten, adopted at once', async () => {
    const { server, tabs } = await openTabs(10, { without: ['channel'] })
    await pass(FIRST_RENEWAL + 1000)
    expect(server.refreshes).toBe(1)
    for (const { heard, token } of tabs) {
      expect(heard('refresh')).toHaveLength(1)
      expect(await token).toBe(server.current.accessToken)
    }
  })

  it.each<[string, Environment['channel']]>([
    ['is missing', undefined],
    ['throws', denied],
  ])('F28: says once by `explain()` that it %s', async (_, channel) => {
    const { tabs, server } = await openTabs(2, {}, { environment: { channel } })
    for (const { emit } of tabs) {
      emit('pagehide')
      emit('pageshow')
      emit('focus')
    }
    await pass(LIFETIME)
    expect(server.refreshes).toBe(1)
    for (const { why, heard } of tabs) {
      expect(why().match(/BroadcastChannel is missing/g)).toHaveLength(1)
      expect(heard('refresh')).toHaveLength(1)
    }
  })

  it('F28: loses a session whose record nobody writes again: there is no way to ask', async () => {
    const { server, tabs } = await openTabs(2, { without: ['channel'] }, ON_DEMAND)
    const [first, second] = tabs
    first.storage.setItem = denied
    await pass(LIFETIME)
    await all([first.token])
    const asked = watch(second.token)
    await pass(3000)
    expect(asked.error).toMatchObject({ code: 'login_required' })
    expect(second.heard('logout')).toMatchObject([{ error: { code: 'refresh_lost' } }])
    expect(server.refreshes).toBe(1)
    expect(await first.token).toBe(server.current.accessToken)
  })

  it('F28: tells what was missed when the tab is looked at', async () => {
    const { tabs } = await openTabs(2, { without: ['channel'] })
    const [first, second] = tabs
    second.seeStorageLate(Number.POSITIVE_INFINITY)
    await all([first.client.logout()], 2000)
    expect(second.events).toEqual([])
    second.emit('focus')
    await pass(1000)
    expect(second.heard('logout')).toMatchObject([{ reason: 'logout', origin: 'other-tab' }])
  })
})
