import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, formOf, LIFETIME, openTabs, pass, type Tab } from './several-tabs.ts'

const SESSION = { storage: 'session' } as const

/** Ada is signed in, and has duplicated her tab. */
async function duplicated() {
  const browser = await openTabs(1, SESSION)
  const [original] = browser.tabs
  const copy = await browser.start({ copyOf: original })
  return { ...browser, original, copy }
}

const isSignedIn = ({ client }: Tab): boolean => client.state.status === 'authenticated'

describe('a tab with a storage of its own', () => {
  it('has a session of its own: others do not see who is signed in', async () => {
    const { start, tabs } = await openTabs(1, SESSION)
    const other = await start()
    expect(isSignedIn(other)).toBe(false)
    await all([other.client.login(formOf('bob'))])
    await pass(2000)
    expect(tabs[0].events).toEqual([])
    await all([other.client.logout()])
    await pass(2000)
    expect(tabs[0].events).toEqual([])
    expect(isSignedIn(tabs[0])).toBe(true)
  })

  it('renews without regard to the others, and at the same time', async () => {
    const { server, start, tabs } = await openTabs(1, SESSION)
    const other = await start()
    await all([other.client.login(formOf('bob'))])
    server.slowDown('refresh', 3000)
    const asked = [tabs[0], other].map(({ client }) => watch(client.getAccessToken({ forceRefresh: true })))
    await pass(3500)
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(server.refreshes).toBe(2)
  })

  it('is found again by its reload', async () => {
    const { server, start, tabs } = await openTabs(1, SESSION)
    const [before] = tabs
    await pass(FIRST_RENEWAL + 1000)
    before.crash()
    const after = await start({ copyOf: before })
    expect(await after.token).toBe(server.current.accessToken)
    await pass(LIFETIME)
    expect(isSignedIn(after)).toBe(true)
    expect(server.refreshes).toBe(2)
  })
})

describe('a duplicated tab', () => {
  it('is signed in until one of the two renews', async () => {
    const { server, original, copy } = await duplicated()
    expect([original, copy].map(isSignedIn)).toEqual([true, true])
    const responses = await all([original, copy].map(({ client }) => client.fetch('https://api.test/todos')))
    expect(responses.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(server.refreshes).toBe(0)
  })

  it('signs out alone when the other one has renewed, and spends no refresh token', async () => {
    const { server, original, copy } = await duplicated()
    await pass(FIRST_RENEWAL + 3000)
    const [loser, winner] = [original, copy].sort((one) => (isSignedIn(one) ? 1 : -1)) as [Tab, Tab]
    expect([loser, winner].map(isSignedIn)).toEqual([false, true])
    expect(loser.heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_lost' } }])
    expect(loser.items.has('latchkey')).toBe(false)
    expect(winner.heard('refresh')).toHaveLength(1)
    expect(server.refreshes).toBe(1)
    await pass(3 * FIRST_RENEWAL)
    expect(isSignedIn(winner)).toBe(true)
    expect(winner.heard('logout')).toEqual([])
    expect(await winner.token).toBe(server.current.accessToken)
  })

  it('signs out alone when it is opened after the other one has renewed', async () => {
    const { server, tabs, start } = await openTabs(1, SESSION)
    const [original] = tabs
    const items = new Map(original.items)
    await all([original.client.getAccessToken({ forceRefresh: true })])
    const copy = await start({ copyOf: { items } as Tab })
    await pass(3000)
    expect(isSignedIn(copy)).toBe(false)
    expect(isSignedIn(original)).toBe(true)
    expect(copy.items.has('latchkey')).toBe(false)
    expect(server.refreshes).toBe(1)
  })

  it('F26: that is frozen and has nothing to lose hinders nobody', async () => {
    const { server, original, copy } = await duplicated()
    copy.freeze()
    await pass(FIRST_RENEWAL + 3000)
    expect(isSignedIn(original)).toBe(true)
    await copy.thaw()
    await pass(3000)
    expect(isSignedIn(copy)).toBe(false)
    expect(isSignedIn(original)).toBe(true)
    expect(server.refreshes).toBe(1)
  })

  it('may sign in again, as itself, without harm to the other', async () => {
    const { original, copy } = await duplicated()
    await all([copy.client.login(formOf('bob'))])
    await pass(2 * FIRST_RENEWAL)
    expect([original, copy].map(isSignedIn)).toEqual([true, true])
    expect(original.heard('logout')).toEqual([])
  })

  it('is signed out with the other one, whose session it is', async () => {
    const { server, original, copy } = await duplicated()
    await all([original.client.logout()])
    await pass(2000)
    expect(copy.heard('logout')).toMatchObject([{ reason: 'logout', origin: 'other-tab' }])
    expect(server.logouts).toBe(1)
    await all([copy.client.fetch('https://api.test/todos')])
    expect(copy.sent).toEqual([{ path: '/todos', authorization: null }])
  })
})
