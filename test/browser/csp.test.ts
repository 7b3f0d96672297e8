import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type House, openHouse, strictPolicy, type Tab } from './threat-house.ts'
import type { PageOptions } from './threat-page.ts'

let house: House

beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house?.close())
beforeEach(() => house.begin())

/** What the browser has forbidden: as the pages have seen it, as it was reported, and what came of it. */
async function violations(tabs: readonly Tab[]): Promise<readonly string[]> {
  await sleep(300)
  return [...(await Promise.all(tabs.map((tab) => tab.call('violations')))).flat(), ...house.complaints]
}

describe('under a Content-Security-Policy that allows nothing but the app’s own scripts and its API', () => {
  it('T21: says so', () => {
    expect(strictPolicy()).toMatch(/^default-src 'none'; script-src 'self'; connect-src 'self' https:\/\/api\.test; /)
    expect(strictPolicy()).toContain("require-trusted-types-for 'script'; trusted-types 'none'")
  })

  it.each<[string, Partial<PageOptions>]>([
    ['body, memory', {}],
    ['body, localStorage', { storage: 'local' }],
    ['body, sessionStorage', { storage: 'session' }],
    ['body, cookieStorage', { storage: 'cookie' }],
    ['cookie, memory', { via: 'cookie', baseUrl: 'https://app.test/v1' }],
    ['cookie, localStorage', { via: 'cookie', storage: 'local', baseUrl: 'https://app.test/v1' }],
    ['body, localStorage, worker', { storage: 'local', worker: true, csp: 'latchkey-worker' }],
    ['cookie, memory, worker', { via: 'cookie', worker: true, csp: 'latchkey-worker', baseUrl: 'https://app.test/v1' }],
  ])('T21: a whole life in two tabs violates nothing (%s)', async (_, more) => {
    await house.begin({ via: more.via ?? 'body' })
    const options = { csp: 'strict', when: 'on-demand', ...more } as const
    const [first, second] = [await house.open(options), await house.open(options)]
    for (const tab of [first, second]) await tab.call('start')
    expect(await first.call('login')).toMatchObject({ status: 0 })
    await second.page.reload()
    const isShared = (more.storage ?? 'memory') === 'local' || more.storage === 'cookie' || more.via === 'cookie'
    expect(await second.call('start')).toBe(isShared ? 'authenticated' : 'unauthenticated')
    expect(await first.call('get', 'todos')).toMatchObject({ status: 200 })
    expect(await first.call('renew')).toMatchObject({ status: 0 })
    house.refuseNext('me')
    expect(await first.call('get', 'todos')).toMatchObject({ status: 200 })
    const renewals = house.seen.filter(({ url, method }) => method === 'POST' && url.endsWith('/refresh'))
    expect(new Set(renewals.map(({ headers }) => headers['x-sent-by']))).toEqual(
      new Set([more.worker ? 'worker' : undefined]),
    )
    await first.call('logout')
    expect(await first.call('look')).toMatchObject({ state: { status: 'unauthenticated', reason: 'logout' } })
    expect(await violations([first, second])).toEqual([])
  })

  it('T21: a worker whose URL Trusted Types forbid is done without: it is told, and the page makes its own calls', async () => {
    const tab = await house.open({ csp: 'strict', storage: 'local', worker: true })
    expect(await tab.call('login')).toMatchObject({ status: 0 })
    expect(await tab.call('renew')).toMatchObject({ status: 0 })
    const { trace } = await tab.call('look')
    expect(trace.map(({ what }) => what)).toContain('no worker')
    // And so it is shown that violations are seen here.
    expect((await violations([tab])).join('\n')).toContain('trusted-types')
  })
})
