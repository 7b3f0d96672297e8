import { type AuthBackend, AuthClient, jsonBackend, type TokenStorage } from 'latchkey'
import { describe, expect, it, vi } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, formOf, openBrowser, openTabs, pass } from './several-tabs.ts'

const forced = { forceRefresh: true }

/** A storage of all tabs in which a write takes a while. */
function slowly(area: Map<string, string>, delay: { ms: number }): TokenStorage {
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, delay.ms))
  return {
    getItem: async (key) => area.get(key) ?? null,
    setItem: async (key, value) => {
      await wait()
      area.set(key, value)
    },
    removeItem: async (key) => {
      await wait()
      area.delete(key)
    },
  }
}

describe('a slow write to the storage', () => {
  it('L1: keeps no logout from the other tabs, even if this one is closed meanwhile', async () => {
    const { start } = openBrowser()
    const [area, delay] = [new Map<string, string>(), { ms: 0 }]
    const first = await start({ storage: slowly(area, delay) })
    await all([first.client.login(formOf())], 1000)
    const second = await start({ storage: slowly(area, delay) })
    expect(second.client.state.status).toBe('authenticated')
    delay.ms = 2500
    first.client.setUser({ name: 'New' })
    void first.client.logout()
    await pass(500)
    first.crash()

    second.emit('visibilitychange')
    await pass(1000)

    expect(second.client.state.status).toBe('unauthenticated')
  })

  it('keeps no renewal waiting', async () => {
    const { start } = openBrowser()
    const [area, delay] = [new Map<string, string>(), { ms: 0 }]
    const { client } = await start({ storage: slowly(area, delay) })
    await all([client.login(formOf())], 1000)
    delay.ms = 2500
    client.setUser({ name: 'New' })

    const asked = watch(client.getAccessToken(forced))
    await pass(1000)

    expect(client.state).toMatchObject({ status: 'authenticated' })
    expect(client.explain().at(-1)).toMatchObject({ what: 'renewed', generation: 2 })
    await pass(5000)
    expect(asked.status).toBe('fulfilled')
  })
})

it('L1: a sign-out of a page that looks into a slow storage while it begins is final', async () => {
  const { start, open } = openBrowser()
  const area = new Map<string, string>()
  const first = await start({ storage: slowly(area, { ms: 0 }) })
  await all([first.client.login(formOf())], 1000)
  let reads = 0
  const second = open({
    storage: {
      ...slowly(area, { ms: 0 }),
      async getItem(key) {
        const value = area.get(key) ?? null
        reads += 1
        await new Promise((resolve) => setTimeout(resolve, 50 * reads))
        return value
      },
    },
  })
  first.crash()
  const out = second.client.logout()
  second.emit('focus')
  await all([out], 2000)
  expect(second.client.state).toMatchObject({ status: 'unauthenticated', reason: 'logout' })
  expect(second.events).toMatchObject([{ name: 'logout' }])
})

describe('a tab that wakes, and finds the session of before ended', () => {
  it('leaves a record alone that only a tab with a broken database knows of', async () => {
    const { start } = openBrowser()
    const works = indexedDB
    const first = await start()
    await all([first.client.login(formOf('bob'))], 1000)
    await all([first.client.logout()], 3000)
    vi.stubGlobal('indexedDB', {
      open: () => {
        throw new Error('broken')
      },
    })
    await all([first.client.login(formOf('ada'))], 4000)
    const record = first.storage.getItem('latchkey')
    vi.stubGlobal('indexedDB', works)

    const second = await start()
    second.emit('visibilitychange')
    await pass(2000)

    expect(record).toEqual(expect.any(String))
    expect(second.storage.getItem('latchkey')).toBe(record)
    expect(first.client.state.status).toBe('authenticated')
  })

  it('S3: leaves the record of another backend alone', async () => {
    const { start } = openBrowser()
    const first = await start()
    await all([first.client.login(formOf('bob'))], 1000)
    await all([first.client.logout()], 3000)
    const foreign = JSON.stringify({ v: 1, b: 'https://other.test', id: 'x', g: 1, a: 'token', t: 1 })
    first.storage.setItem('latchkey', foreign)

    const second = await start()
    second.emit('visibilitychange')
    await pass(3000)

    expect(second.storage.getItem('latchkey')).toBe(foreign)
  })
})

describe('a tab that wakes while its database hangs', () => {
  it.each([0, 500, 1500, 2900])(
    'offers no refresh token that another tab has spent (asked after %i ms)',
    async (gap) => {
      const { tabs, server } = await openTabs(2)
      const [first, second] = tabs
      await pass(5000)
      second.freeze()
      await all([first.client.getAccessToken(forced)], 3000)
      const works = indexedDB
      vi.stubGlobal('indexedDB', { open: () => ({}) })
      await second.thaw()
      second.emit('visibilitychange')
      await pass(gap)
      const asked = watch(second.client.getAccessToken(forced))
      await pass(15_000)
      vi.stubGlobal('indexedDB', works)

      expect(asked.status).toBe('fulfilled')
      expect(second.heard('logout')).toEqual([])
      expect(server.to('refresh').map(({ status }) => status)).not.toContain(401)
    },
  )
})

it('L1: a sign-out by a page that has just come back, and knows nothing of a newer session, does not end that one', async () => {
  const { tabs, area, start } = await openTabs(2)
  const [first, second] = tabs
  first.seeStorageLate(Number.POSITIVE_INFINITY)
  first.freeze()
  await all([second.client.login(formOf('bob'))])
  await pass(5000)
  const record = area.items.get('latchkey')
  second.seeStorageLate(100)
  const back = first.thaw()
  await all<unknown>([first.client.logout(), back], 2000)
  expect(area.items.get('latchkey')).toBe(record)
  expect(second.heard('logout')).toMatchObject([{ reason: 'replaced' }])
  expect((await start()).client.state).toMatchObject({ status: 'authenticated' })
})

it('a page says nothing of a session that had ended before, at whatever moment of its beginning it wakes', async () => {
  const { tabs, area, open } = await openTabs(1)
  const record = area.items.get('latchkey') as string
  await all([tabs[0].client.logout()], 1000)
  tabs[0].crash()
  for (let moment = 0; moment < 20; moment += 1) {
    area.set('latchkey', record)
    const late = open()
    const started = watch(late.client.start())
    for (let tick = 0; tick < moment; tick += 1) await Promise.resolve()
    late.emit('online')
    await pass(1000)
    expect(started.value).toMatchObject({ status: 'unauthenticated', reason: 'never' })
    expect(late.events).toEqual([])
    expect(area.items.has('latchkey')).toBe(false)
    late.crash()
  }
})

it('says nothing of a session that had ended, while a redirect login is about to begin another', async () => {
  const { start, open, server } = openBrowser()
  const first = await start()
  await all([first.client.login(formOf())], 1000)
  const record = first.storage.getItem('latchkey') as string
  await all([first.client.logout()], 3000)
  first.storage.setItem('latchkey', record)
  const resumed = { accessToken: 'resumed', lifetime: 300_000 }
  const backend: AuthBackend<never> = {
    ...jsonBackend<never>({ baseUrl: server.baseUrl }),
    resume: () => new Promise((resolve) => setTimeout(() => resolve(resumed), 500)),
  }
  const { client } = open({ backend: backend as never })
  const seen: string[] = []
  client.subscribe(({ status }) => seen.push(status))

  void client.start()
  await pass(3000)

  expect(seen).toEqual(['authenticated'])
})

it('a channel that throws hinders nobody', async () => {
  const channel = () => ({
    post: () => {
      throw new DOMException('closed', 'InvalidStateError')
    },
    close: () => undefined,
  })
  const { start, server } = openBrowser()
  const { client } = await start({ environment: { channel } })
  const calls = [watch<unknown>(client.login(formOf()))]
  await pass(1000)
  calls.push(watch(client.getAccessToken(forced)))
  await pass(3000)
  calls.push(watch(client.logout()))
  await pass(3000)

  expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  expect(server.refreshes).toBe(1)
})

it('S5: who has signed out stays so after a reload, though the server was not told and another tab lives on', async () => {
  const { tabs, server, start } = await openTabs(2, { storage: 'memory', server: { refreshVia: 'cookie' } })
  const [first, second] = tabs
  server.failNext('logout', 'network-error')
  await all([first.client.logout()], 3000)
  await all([second.client.getAccessToken(forced)], 3000)
  first.crash()

  const again = await start()

  expect(again.client.state.status).toBe('unauthenticated')
})

it('S5: who has signed out stays so, though a tab lives on that was reloaded before', async () => {
  const { tabs, server, open, area } = await openTabs(2, { storage: 'session', server: { refreshVia: 'cookie' } })
  const [first, second] = tabs
  await all([second.client.login(formOf())], 1000)
  second.crash()
  const again = open({ copyOf: second })
  await all([again.client.start()], 1000)
  server.failNext('logout', 'network-error')
  await all([first.client.logout()], 3000)

  await all([again.client.getAccessToken(forced)], 3000)

  expect(again.client.state.status).toBe('authenticated')
  expect([...area.items.keys()]).toEqual([])
})

it('an initial user that JSON cannot hold is refused by the constructor, not by `state`', () => {
  const user: Record<string, unknown> = {}
  user.me = user
  expect(() => new AuthClient({ baseUrl: 'https://api.test', initial: { accessToken: 'a', user } })).toThrow(
    expect.objectContaining({ code: 'invalid_option' }),
  )
})
