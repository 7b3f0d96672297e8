import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addressOf, type House, openHouse, type Tab, tabOf } from './threat-house.ts'
import type { PageOptions } from './threat-page.ts'
import { eavesdrop, type Loot, noteChannels, search } from './threat-script.ts'

let house: House

beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house?.close())
beforeEach(() => house.begin())
afterEach(() => expect(house.complaints).toEqual([]))

/** Of the origin that the cookie belongs to. */
const HERE = { baseUrl: 'https://app.test/v1', when: 'on-demand' } as const
const EMPTY = addressOf({}, 'empty')
const REFRESH_TOKEN = /r\.f\d+\.\d+\./
const ACCESS_TOKEN = /a\.f\d+\.\d+\./

/** Where in the loot there is such a token. */
const placesOf = (loot: Loot, token: RegExp): string[] =>
  Object.entries(loot).flatMap(([place, text]) => (token.test(text) ? [place] : []))

describe('a script that has got into the page', () => {
  /** A life in two tabs, and what a script in each, and one on the channels, has found out about it. */
  async function live(options: Partial<PageOptions>) {
    await house.begin({ via: options.via ?? 'body' })
    const spy = await house.visit(EMPTY)
    const heard = await eavesdrop(spy, ['latchkey', 'latchkey.mark', 'latchkey.cookie', 'latchkey.lock'])
    const page = await house.visit()
    const channels = await noteChannels(page)
    await page.goto(addressOf({ ...HERE, ...options }))
    const first = await tabOf(page)
    await first.call('start')
    expect(await first.call('login')).toMatchObject({ status: 0 })
    const second = await house.open({ ...HERE, ...options })
    await second.call('start')
    expect(await first.call('renew')).toMatchObject({ status: 0 })
    expect(await first.call('get', 'todos')).toMatchObject({ status: 200 })
    await sleep(200)
    const loot = [await search(first.page), await search(second.page)]
    await first.call('logout')
    await sleep(200)
    return { loot, heard: await heard(), channels: await channels() }
  }

  it.each<[string, Partial<PageOptions>, string[]]>([
    ['body, memory', {}, []],
    ['body, memory, worker', { worker: true }, []],
    ['cookie, memory', { via: 'cookie' }, []],
    ['cookie, memory, worker', { via: 'cookie', worker: true }, []],
    ['cookie, localStorage', { via: 'cookie', storage: 'local' }, []],
    ['cookie, localStorage, worker', { via: 'cookie', storage: 'local', worker: true }, []],
    // And where people are told that a script finds it: so the script can see.
    ['body, localStorage', { storage: 'local' }, ['localStorage']],
    ['body, localStorage, worker', { storage: 'local', worker: true }, ['localStorage']],
    ['body, sessionStorage', { storage: 'session' }, ['sessionStorage']],
    ['body, cookieStorage', { storage: 'cookie' }, ['cookie']],
  ])('T5: finds the refresh token where it has been put, and nowhere else (%s)', async (_, options, places) => {
    const { loot, heard, channels } = await live(options)
    const [mine] = loot as [Loot]
    // `window.localStorage` is a property of `window`, too.
    const visible = (where: string[]): string[] => where.filter((place) => !['window', 'document'].includes(place))
    expect(visible(placesOf(mine, REFRESH_TOKEN))).toEqual(places)
    for (const each of loot) {
      if (!places.length) expect(placesOf(each, REFRESH_TOKEN)).toEqual([])
      if (!options.storage || options.storage === 'memory') expect(placesOf(each, ACCESS_TOKEN)).toEqual([])
      expect(each.indexedDB + each.caches + each.performance).not.toMatch(/[ar]\.f\d+\.\d+\./)
    }
    expect(heard.filter((message) => !isHint(message))).toEqual([])
    if (options.storage === 'local') expect(heard.length).toBeGreaterThan(2)
    expect(channels.filter((name) => name !== 'latchkey')).toEqual([])
  })
})

const isHint = (message: string): boolean => message === 'changed' || message === 'wanted'

describe('another page of the origin', () => {
  /** Two tabs with somebody signed in, and a page from which a stranger speaks to them. */
  async function scene(): Promise<{ tabs: [Tab, Tab]; stranger: Tab['page']; id: string }> {
    const options = { ...HERE, storage: 'local' } as const
    const first = await house.open(options)
    await first.call('login')
    const second = await house.open(options)
    await second.call('start')
    const stranger = await house.visit(EMPTY)
    const { id } = JSON.parse(await stranger.evaluate(() => localStorage.getItem('latchkey') ?? '{}'))
    return { tabs: [first, second], stranger, id }
  }

  /** Does `attack`, and makes sure that it has changed nothing. */
  async function withstand({ tabs }: Awaited<ReturnType<typeof scene>>, attack: () => Promise<unknown>): Promise<void> {
    const before = await Promise.all(tabs.map((tab) => tab.call('look')))
    const tokens = await Promise.all(tabs.map((tab) => tab.call('token')))
    await attack()
    await sleep(2500) // longer than a tab waits for a record of which the ledger speaks
    const after = await Promise.all(tabs.map((tab) => tab.call('look')))
    expect(after.map(({ state, events }) => ({ state, events }))).toEqual(
      before.map(({ state, events }) => ({ state, events })),
    )
    expect(await Promise.all(tabs.map((tab) => tab.call('token')))).toEqual(tokens)
    expect(house.world.refreshCalls).toBe(0)
  }

  /** Both tabs renew, with the token that is really theirs. */
  async function goOn({ tabs }: Awaited<ReturnType<typeof scene>>): Promise<void> {
    await tabs[0].call('renew')
    await sleep(300)
    const [first, second] = await Promise.all(tabs.map((tab) => tab.call('token')))
    expect(first).toMatch(/^a\.f1\.2\./)
    expect(second).toBe(first)
    expect(house.world.refreshCalls).toBe(1)
    expect(house.world.family.ended).toBeUndefined()
  }

  it('T12: changes nothing by messages on the channel, garbage and hints alike', async () => {
    const all = await scene()
    await withstand(all, () =>
      all.stranger.evaluate((id) => {
        const channel = new BroadcastChannel('latchkey')
        const event = { type: 'SIGNED_IN', session: { user: { name: 'Mallory' }, access_token: 'forged' } }
        const garbage = [undefined, null, 0, '', 'logout', 'ended', 'CHANGED', ['changed'], { hint: 'changed' }, event]
        const more = [{ id, generation: 99, ended: 'logout' }, new Map([['changed', 'wanted']]), 'x'.repeat(1_000_000)]
        for (const message of [...garbage, ...more, new Error('changed'), new ArrayBuffer(8)])
          channel.postMessage(message)
        for (let count = 0; count < 200; count += 1) channel.postMessage(count % 2 ? 'changed' : 'wanted')
      }, all.id),
    )
    await goOn(all)
  })

  const record = {
    v: 1,
    b: 'https://app.test/v1/login',
    id: 'mallory',
    g: 1,
    t: Date.now(),
    e: Date.now() + 3_600_000,
    a: 'forged-access',
    r: 'forged-refresh',
    u: { name: 'Mallory' },
  }

  it.each<[string, string]>([
    ['garbage', '}{'],
    ['an empty object', '{}'],
    ['an object with a prototype', '{"__proto__":{"id":"mallory"},"v":1}'],
    ['somebody else’s session', JSON.stringify(record)],
    ['somebody else’s session of a later generation', JSON.stringify({ ...record, g: 99 })],
  ])('T12: changes nothing by writing %s into the storage, which tells the tabs', async (_, text) => {
    const all = await scene()
    await withstand(all, () => all.stranger.evaluate((value) => localStorage.setItem('latchkey', value), text))
    await goOn(all)
    const sent = house.seen.filter(({ url }) => url.endsWith('/refresh')).map(({ body }) => body)
    expect(sent.join()).not.toContain('forged')
  })

  it('T12: changes nothing by storage events of which nothing is true', async () => {
    const all = await scene()
    await withstand(all, () =>
      all.tabs[0].page.evaluate((text) => {
        for (const key of [null, 'latchkey', 'latchkey.mark', 'other', '__proto__']) {
          for (const newValue of [null, '', 'null', '{}', text]) {
            dispatchEvent(new StorageEvent('storage', { key, newValue, storageArea: localStorage }))
          }
        }
      }, JSON.stringify(record)),
    )
    await goOn(all)
  })

  it('T12: signs nobody in where nobody is', async () => {
    const tab = await house.open({ ...HERE, storage: 'local' })
    expect(await tab.call('start')).toBe('unauthenticated')
    const stranger = await house.visit(EMPTY)
    await stranger.evaluate(() => {
      const channel = new BroadcastChannel('latchkey')
      for (const hint of ['changed', 'wanted', 'changed']) channel.postMessage(hint)
    })
    await sleep(500)
    expect(await tab.call('look')).toMatchObject({ state: { status: 'unauthenticated' }, events: [] })
  })
})

describe('tokens in cookies that script has set', () => {
  it('T22: travel over https alone and with no foreign site, whole, and are gone after a sign-out', async () => {
    const tab = await house.open({ ...HERE, storage: 'cookie' })
    await tab.call('login', `ann ${'x'.repeat(6000)}`)
    const cookies = await tab.page.context().cookies()
    expect(cookies.length).toBeGreaterThan(1)
    for (const { secure, sameSite, path, domain, value } of cookies) {
      expect({ secure, sameSite, path, domain }).toEqual({
        secure: true,
        sameSite: 'Strict',
        path: '/',
        domain: 'app.test',
      })
      expect(value.length).toBeLessThan(4096)
    }
    const next = await house.open({ ...HERE, storage: 'cookie' })
    expect(await next.call('start')).toBe('authenticated')
    await tab.call('logout')
    expect(await tab.page.context().cookies()).toEqual([])
  })
})
