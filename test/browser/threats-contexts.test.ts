import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { chromiumOptions, launchOptions } from './ensure-browser.ts'
import { addressOf, type House, openHouse, type Tab, tabOf } from './threat-house.ts'
import type { Look, PageOptions } from './threat-page.ts'

let house: House

beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house?.close())
beforeEach(() => house.begin())
afterEach(() => expect(house.complaints).toEqual([]))

const namesOf = ({ events }: Look): string[] => events.map(({ name }) => name)
const whysOf = ({ trace }: Look): string => trace.map(({ what, why }) => `${what}: ${why}`).join('\n')

/** The client of the one frame in a page. */
function frameOf(page: Page): Promise<Tab> {
  const [, frame] = page.frames()
  if (!frame) throw new Error('There is no frame.')
  return tabOf(page, frame)
}
const framed = async (url: string): Promise<Tab> => frameOf(await house.visit(url))

describe('a token that lives for long', () => {
  it.each([60, 100])(
    'F18: of %i days renews not at once, though a timer of that length rings at once',
    async (days) => {
      await house.begin({ lifetime: () => days * 86_400_000 })
      const tab = await house.open({ storage: 'local' })
      const waited = await tab.page.evaluate(async () => {
        const since = performance.now()
        await new Promise((resolve) => setTimeout(resolve, 2 ** 31))
        return performance.now() - since
      })
      expect(waited).toBeLessThan(1000)
      await tab.page.evaluate(() => {
        const delays: number[] = []
        const { setTimeout: set } = window
        const noted = (callback: () => void, delay = 0): number => {
          delays.push(delay)
          return set(callback, delay)
        }
        Object.assign(window, { delays, setTimeout: noted })
      })
      await tab.call('login')
      await sleep(2000)
      expect(house.world.refreshCalls).toBe(0)
      expect(namesOf(await tab.call('look'))).toEqual(['login'])
      // Nor does a timer ring in vain, time and again.
      const delays = await tab.page.evaluate(() => (window as unknown as { delays: number[] }).delays)
      expect(Math.max(...delays)).toBeGreaterThan(86_400_000)
      expect(Math.max(...delays)).toBeLessThan(2 ** 31)
      expect(delays.length).toBeLessThan(50)
    },
  )
})

describe('a page on plain http', () => {
  const HTTP = 'http://insecure.test'

  it('T6: lacks what only secure contexts have, and sends nothing secret over http', async () => {
    const tab = await house.open({ baseUrl: `${HTTP}/v1`, storage: 'local' }, HTTP)
    const lacks = await tab.page.evaluate(() => [isSecureContext, 'locks' in navigator, 'randomUUID' in crypto])
    expect(lacks).toEqual([false, false, false])
    expect(await tab.call('start')).toBe('unauthenticated')
    expect(await tab.call('get', 'todos')).toMatchObject({ status: 401 })
    house.seen.length = 0

    expect(await tab.call('login')).toMatchObject({ code: 'insecure_url' })
    await tab.call('setTokens', { accessToken: 'a.f1.1.known', refreshToken: 'r.f1.1.known' })
    expect(await tab.call('fetch', `${HTTP}/v1/todos`)).toMatchObject({ code: 'insecure_url' })
    expect(await tab.call('renew')).toMatchObject({ code: 'insecure_url' })
    await tab.call('logout')

    expect(house.seen).toEqual([])
    expect(house.stolen).toEqual([])
  })

  it.each<[string, Partial<PageOptions>]>([
    ['to an API on https', {}],
    ['to a host that `allowInsecure` names', { baseUrl: `${HTTP}/v1`, allowInsecure: 'insecure.test' }],
  ])(
    'T6, F27: works %s, one refresh for two tabs, and says by `explain()` that there are no locks',
    async (_, more) => {
      const options = { ...more, storage: 'local', when: 'on-demand' } as const
      const tab = await house.open(options, HTTP)
      expect(await tab.call('login')).toMatchObject({ status: 0 })
      const other = await house.open(options, HTTP)
      expect(await other.call('start')).toBe('authenticated')
      expect(await Promise.all([tab.call('renew'), other.call('renew')])).toMatchObject([{ status: 0 }, { status: 0 }])
      expect(await tab.call('get', 'todos')).toMatchObject({ status: 200 })
      expect(house.world.family.reuses).toBe(0)
      const whys = [whysOf(await tab.call('look')), whysOf(await other.call('look'))].join('\n')
      expect(whys).toContain('Web Locks are missing')
      await tab.call('logout')
      await other.page.waitForFunction(() => 'hands' in window)
      await sleep(300)
      expect((await other.call('look')).state).toMatchObject({ status: 'unauthenticated', reason: 'logout' })
    },
  )
})

describe('a sandboxed frame without `allow-same-origin`', () => {
  it.each(['local', 'session', 'cookie'] as const)(
    'F22: signs in, renews and signs out in memory (%s)',
    async (storage) => {
      const tab = await framed(addressOf({ storage }, 'sandbox'))
      const denied = await tab.frame.evaluate(async () => {
        const isDenied = async (use: () => unknown): Promise<boolean> => {
          try {
            await use()
            return false
          } catch (error) {
            return (error as Error).name === 'SecurityError'
          }
        }
        const uses = [() => localStorage, () => sessionStorage, () => document.cookie, () => indexedDB.open('x')]
        return Promise.all([...uses, () => navigator.locks.request('x', () => 1)].map(isDenied))
      })
      expect(denied).toEqual([true, true, true, true, true])

      expect(await tab.call('start')).toBe('unauthenticated')
      expect(await tab.call('login')).toMatchObject({ status: 0 })
      expect(await tab.call('renew')).toMatchObject({ status: 0 })
      expect(await tab.call('get', 'todos')).toMatchObject({ status: 200 })
      expect(house.world.refreshCalls).toBe(1)
      const look = await tab.call('look')
      expect(look.state).toMatchObject({ status: 'authenticated' })
      expect(namesOf(look).filter((name) => name === 'storageDegraded')).toHaveLength(1)
      expect(namesOf(look).filter((name) => name !== 'storageDegraded')).toEqual(['login', 'refresh'])
      expect(whysOf(look)).toMatch(/^storage degraded: /m)
      expect(whysOf(look)).toContain('Web Locks are missing')
      await tab.call('logout')
      expect(house.world.family.ended).toBe('logout')
    },
  )

  it('F22: does without the mark of cookie mode, too', async () => {
    await house.begin({ via: 'cookie' })
    const tab = await framed(addressOf({ via: 'cookie' }, 'sandbox'))
    expect(await tab.call('start')).toBe('unauthenticated')
    expect(await tab.call('login')).toMatchObject({ status: 0 })
    expect(await tab.call('get', 'todos')).toMatchObject({ status: 200 })
    expect((await tab.call('look')).state).toMatchObject({ status: 'authenticated' })
  })
})

describe('a frame in another site’s page', () => {
  const options = { storage: 'local', when: 'on-demand' } as const
  const embedded = addressOf(options, 'embedding', 'https://news.test')

  it('F49: has a storage, a ledger and tabs of its own: what happens there is not told here', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-profile-'))
    // A profile, since private windows deny third parties any storage; without the features that Playwright switches off,
    // partitions among them.
    const args = [...house.args, '--disable-features=HttpsUpgrades']
    const profile = await chromium.launchPersistentContext(folder, { ...launchOptions(), args })
    onTestFinished(async () => {
      await profile.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const open = async (url: string): Promise<Page> => {
      const page = await profile.newPage()
      await page.goto(url)
      return page
    }
    const first = await tabOf(await open(addressOf(options)))
    const second = await tabOf(await open(addressOf(options)))
    const [third, fourth] = [await frameOf(await open(embedded)), await frameOf(await open(embedded))]
    await first.call('login', 'ann')
    expect(await third.call('start')).toBe('unauthenticated')
    await third.call('login', 'bob')
    const tabs = [first, second, third, fourth]
    for (const tab of tabs) expect(await tab.call('start')).toBe('authenticated')
    const users = async (): Promise<unknown[]> => {
      const looks = await Promise.all(tabs.map((tab) => tab.call('look')))
      return looks.map(({ state }) => ('user' in state ? state.user : undefined))
    }
    const [ann, bob] = [{ name: 'ann' }, { name: 'bob' }]
    expect(await users()).toEqual([ann, ann, bob, bob])

    // One refresh for each partition, shared by its two pages.
    for (const tab of [first, third]) await tab.call('renew')
    await sleep(300)
    const tokens = await Promise.all(tabs.map((tab) => tab.call('token')))
    expect(tokens.map((token) => token.slice(0, 6))).toEqual(['a.f1.2', 'a.f1.2', 'a.f2.2', 'a.f2.2'])
    expect(house.world.families.map(({ calls, reuses }) => [calls, reuses])).toEqual([
      [1, 0],
      [1, 0],
    ])

    await fourth.call('logout')
    await sleep(300)
    expect(await users()).toEqual([ann, ann, undefined, undefined])
  })

  it('F49: lives in memory where third parties are denied any storage, and leaves the other tabs alone', async () => {
    const first = await house.open(options)
    await first.call('login', 'ann')
    const frame = await framed(embedded)
    expect(await frame.call('start')).toBe('unauthenticated')
    expect(await frame.call('login', 'bob')).toMatchObject({ status: 0 })
    expect(await frame.call('renew')).toMatchObject({ status: 0 })
    expect(namesOf(await frame.call('look'))).toContain('storageDegraded')
    await frame.call('logout')
    const { state, events } = await first.call('look')
    expect(state).toMatchObject({ status: 'authenticated', user: { name: 'ann' } })
    expect(events.map(({ name }) => name)).toEqual(['login'])
  })
})

describe('a page that is prerendered', () => {
  it.each<[string, Partial<PageOptions>]>([
    ['body, localStorage', { storage: 'local' }],
    ['cookie, memory', { via: 'cookie' }],
    ['no locks, which Chromium keeps back until then', { storage: 'local', allowInsecure: 'insecure.test' }],
  ])('F50: renews nothing until somebody looks at it (%s)', async (_, more) => {
    const lifetime = (generation: number): number => (generation === 1 ? 2000 : 600_000)
    await house.begin({ via: more.via ?? 'body', lifetime })
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-profile-'))
    const origin = more.allowInsecure ? 'http://insecure.test' : 'https://app.test'
    const options = { baseUrl: `${origin}/v1`, when: 'on-demand', ...more } as const
    const address = `${addressOf(options, 'alone', origin)}&first`
    const { executablePath } = chromiumOptions()
    const browser = spawn(executablePath, [
      ...house.args,
      '--headless',
      '--disable-features=HttpsUpgrades',
      `--user-data-dir=${folder}`,
      address,
    ])
    onTestFinished(async () => {
      const gone = once(browser, 'exit')
      browser.kill()
      await gone
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    })

    const reports = () => house.seen.filter(({ url }) => url.endsWith('/report')).map(({ body }) => JSON.parse(body))
    const order = () =>
      house.seen.flatMap(({ url, body }) => {
        if (url.endsWith('/report')) return [JSON.parse(body).when]
        return /refresh$/.test(url) ? ['refresh'] : []
      })
    await expect.poll(reports, { timeout: 30_000 }).toHaveLength(3)
    expect(reports()).toMatchObject([
      { when: 'loaded', isPrerendering: true, status: 'loading' },
      { when: 'activated', isPrerendering: false },
      { when: 'settled', status: 'authenticated', freshness: 'fresh' },
    ])
    expect(reports()[1].activationStart).toBeGreaterThan(1000)
    // It was ready to renew for seconds, and did so when it was activated.
    expect(order()).toEqual(['loaded', 'activated', 'refresh', 'settled'])
  })
})
