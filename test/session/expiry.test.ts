import { memoryStorage, type TokenResponse } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { jwt } from '../support/jwt.ts'
import {
  createIssuer,
  createVirtualClient,
  createVirtualPage,
  HOUR,
  type Issuer,
  MINUTE,
  SECOND,
  settle,
  type User,
  type VirtualClient,
  type VirtualPage,
  virtuallySignedIn,
} from './virtual-page.ts'

const LIFETIME = 5 * MINUTE

/** A server whose clock nobody sets, beside a page whose clock is `skew` ahead of it and may be set. */
interface TwoClocks {
  readonly page: VirtualPage
  readonly serverNow: () => number
  /** Sets the page's clock. */
  setClock(by: number): void
}

function twoClocks(skew = 0): TwoClocks {
  const page = createVirtualPage(Date.UTC(2026, 0, 1) + skew)
  let ahead = skew
  return {
    page,
    serverNow: () => page.now() - ahead,
    setClock(by) {
      ahead += by
      page.setClock(by)
    },
  }
}

/** Tokens that say by `exp` alone how long they live. */
function jwtIssuer({ serverNow }: TwoClocks, claims: () => object = () => ({ iat: serverNow() / SECOND })): Issuer {
  return createIssuer(() => ({ accessToken: jwt({ exp: (serverNow() + LIFETIME) / SECOND, ...claims() }) }))
}

const expiryOf = ({ auth }: VirtualClient): number | undefined =>
  auth.state.status === 'authenticated' ? auth.state.expiresAt : undefined

describe('the expiry', () => {
  it.each<[string, TokenResponse<User>, number | undefined]>([
    ['is counted from arrival by `lifetime`', { lifetime: 60_000 }, 60_000],
    ['is `expiresAt` where there is no lifetime', { expiresAt: Date.UTC(2026, 0, 1) + 70_000 }, 70_000],
    ['is `exp` where there is neither', { accessToken: jwt({ exp: Date.UTC(2026, 0, 1) / SECOND + 80 }) }, 80_000],
    ['is taken from `lifetime` first', { lifetime: 60_000, expiresAt: 1, accessToken: jwt({ exp: 1 }) }, 60_000],
    ['may be a fraction of a second', { accessToken: jwt({ exp: Date.UTC(2026, 0, 1) / SECOND + 80.5 }) }, 80_500],
    ['is unknown for an opaque token', {}, undefined],
    ['is unknown for a JWT without `exp`', { accessToken: jwt({ sub: 'ada' }) }, undefined],
    ['is unknown where `exp` is no number', { accessToken: jwt({ exp: 'soon' }) }, undefined],
    ['is unknown where `lifetime` is no number', { lifetime: Number.NaN }, undefined],
    ['is unknown where `lifetime` is endless', { lifetime: Number.POSITIVE_INFINITY }, undefined],
  ])('%s', async (_, answer, lives) => {
    const client = await virtuallySignedIn({ issuer: createIssuer(() => answer) })
    expect(expiryOf(client)).toBe(lives === undefined ? undefined : client.page.now() + lives)
  })

  it('F10: is not made up for an opaque token: a 401 is what tells', async () => {
    const { auth, issuer, page } = await virtuallySignedIn({ issuer: createIssuer(() => ({})) })
    await page.pass(24 * HOUR)
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(issuer.refreshes).toBe(0)
    expect(await auth.getAccessToken({ rejected: 'access-1' })).toBe('access-2')
  })
})

describe.each([
  ['two hours fast', 2 * HOUR],
  ['two hours slow', -2 * HOUR],
  ['a day fast', 24 * HOUR],
  ['a day slow', -24 * HOUR],
])("a person's clock that is %s", (_, skew) => {
  it('F16: changes nothing of the expiry by `exp`', async () => {
    const clocks = twoClocks(skew)
    const client = await virtuallySignedIn({ page: clocks.page, issuer: jwtIssuer(clocks) })
    expect(expiryOf(client)).toBe(clocks.page.now() + LIFETIME)
  })

  it('F16: causes no refresh that a right clock would not', async () => {
    const right = twoClocks()
    const wrong = twoClocks(skew)
    const [one, other] = await Promise.all(
      [right, wrong].map((clocks) => virtuallySignedIn({ page: clocks.page, issuer: jwtIssuer(clocks) })),
    )
    await right.page.pass(3 * HOUR)
    await wrong.page.pass(3 * HOUR)
    expect(other?.issuer.refreshes).toBe(one?.issuer.refreshes)
  })

  it('F16: is remembered with the session: tokens that keep their old `iat` are no trouble after a reload', async () => {
    const clocks = twoClocks(skew)
    const storage = memoryStorage()
    const iat = clocks.serverNow() / SECOND
    const first = await virtuallySignedIn({ page: clocks.page, storage, issuer: jwtIssuer(clocks, () => ({ iat })) })
    first.auth.dispose()
    await clocks.page.pass(MINUTE)
    const client = createVirtualClient({ page: clocks.page, storage, issuer: jwtIssuer(clocks, () => ({ iat })) })
    await client.auth.start()
    await client.auth.getAccessToken({ forceRefresh: true })
    expect(expiryOf(client)).toBe(clocks.page.now() + LIFETIME)
  })
})

describe('a clock that is less than a minute wrong', () => {
  it.each([-59, 59])('is taken as right: %i s', async (seconds) => {
    const clocks = twoClocks(seconds * SECOND)
    const client = await virtuallySignedIn({ page: clocks.page, issuer: jwtIssuer(clocks) })
    expect(expiryOf(client)).toBe(clocks.serverNow() + LIFETIME)
  })
})

describe('a server that keeps the old `iat` on refresh', () => {
  it('gives tokens whose expiry is right', async () => {
    const clocks = twoClocks()
    const iat = clocks.serverNow() / SECOND
    const client = await virtuallySignedIn({ page: clocks.page, issuer: jwtIssuer(clocks, () => ({ iat })) })
    await clocks.page.pass(3 * HOUR)
    expect(client.issuer.refreshes).toBeGreaterThan(30)
    expect(client.issuer.refreshes).toBeLessThan(45)
    await client.auth.getAccessToken({ forceRefresh: true })
    expect(expiryOf(client)).toBe(clocks.page.now() + LIFETIME)
  })
})

describe('tokens that were got elsewhere', () => {
  it('may be old without making the clock wrong', async () => {
    const clocks = twoClocks()
    const client = createVirtualClient({ page: clocks.page })
    const now = clocks.serverNow()
    await client.auth.setTokens({ accessToken: jwt({ iat: (now - HOUR) / SECOND, exp: (now + HOUR) / SECOND }) })
    expect(expiryOf(client)).toBe(now + HOUR)
  })
})

describe.each([
  ['ahead', 2 * HOUR],
  ['back', -2 * HOUR],
])('a clock that is set two hours %s while the page is open', (_, by) => {
  const issuers: [string, (clocks: TwoClocks) => Issuer][] = [
    ['`lifetime`', () => createIssuer(() => ({ lifetime: LIFETIME }))],
    ['`exp`', (clocks) => jwtIssuer(clocks)],
    [
      '`exp` beside an old `iat`',
      (clocks) => {
        const iat = clocks.serverNow() / SECOND
        return jwtIssuer(clocks, () => ({ iat }))
      },
    ],
  ]

  it.each(issuers)('F17: causes one extra refresh at most, with tokens that expire by %s', async (_, create) => {
    const refreshes = await Promise.all(
      [0, by].map(async (jump) => {
        const clocks = twoClocks()
        const { issuer, page } = await virtuallySignedIn({ page: clocks.page, issuer: create(clocks) })
        await page.pass(20 * MINUTE)
        clocks.setClock(jump)
        await page.pass(60 * MINUTE)
        return issuer.refreshes
      }),
    )
    expect(Math.abs((refreshes[1] ?? 0) - (refreshes[0] ?? 0))).toBeLessThanOrEqual(1)
  })

  it.each(issuers)('F17: makes no token live longer than the server means, with %s', async (_, create) => {
    const clocks = twoClocks()
    const { auth, issuer, page } = await virtuallySignedIn({
      page: clocks.page,
      issuer: create(clocks),
      refresh: { when: 'on-demand' },
    })
    await page.pass(MINUTE)
    clocks.setClock(by)
    await page.pass(LIFETIME)
    await auth.getAccessToken()
    expect(issuer.refreshes).toBeGreaterThanOrEqual(1)
    const before = issuer.refreshes
    await page.pass(LIFETIME + SECOND)
    await auth.getAccessToken()
    expect(issuer.refreshes).toBe(before + 1)
  })

  it('F17: causes one extra refresh at most when the page was asleep meanwhile', async () => {
    const clocks = twoClocks()
    const { auth, issuer, page } = await virtuallySignedIn({ page: clocks.page, issuer: jwtIssuer(clocks) })
    page.sleep(10 * MINUTE)
    clocks.setClock(by)
    await page.wake('visibilitychange')
    await page.pass(30 * SECOND)
    expect(issuer.refreshes).toBeLessThanOrEqual(2)
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })
})

describe('a token that is expired on arrival', () => {
  const past = { accessToken: jwt({ exp: 1000 }) }

  it.each<[string, () => TokenResponse<User>]>([
    ['a lifetime of 0', () => ({ lifetime: 0 })],
    ['a negative lifetime', () => ({ lifetime: -MINUTE })],
    ['an `expiresAt` in the past', () => ({ expiresAt: 1 })],
    ['an `exp` in the past', () => past],
  ])('F12: is sent all the same, and causes at most one refresh in 30 s: %s', async (_, answer) => {
    const { auth, issuer, page } = await virtuallySignedIn({ issuer: createIssuer(answer) })
    expect(await auth.getAccessToken()).toMatch(/./)
    for (let second = 0; second < 29; second += 1) {
      await page.pass(SECOND)
      await page.wake('focus')
      expect(await auth.getAccessToken()).toMatch(/./)
    }
    expect(issuer.refreshes).toBeLessThanOrEqual(1)
    await page.pass(10 * MINUTE)
    expect(issuer.refreshes).toBeLessThanOrEqual(22)
    expect(auth.state).toHaveProperty('status', 'authenticated')
  })

  it('T24: hammers no server when it lives for a millisecond on arrival, as by a clock that is wrong by seconds', async () => {
    const { auth, issuer, page } = await virtuallySignedIn({ issuer: createIssuer(() => ({ lifetime: 1 })) })
    await page.pass(MINUTE)
    expect(await auth.getAccessToken()).toMatch(/^access-/)
    expect(issuer.refreshes).toBeLessThanOrEqual(120)
  })

  it('F12: is used for a while where there is nothing to renew it with', async () => {
    const { auth } = await virtuallySignedIn({ issuer: createIssuer(() => ({ lifetime: 0, refreshToken: undefined })) })
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(auth.state).toHaveProperty('status', 'authenticated')
  })
})

describe('hostile moments', () => {
  it.each<[string, TokenResponse<User>]>([
    ['lifetime: MAX_VALUE', { lifetime: Number.MAX_VALUE }],
    ['lifetime: 1e15', { lifetime: 1e15 }],
    ['lifetime: -1e300', { lifetime: -1e300 }],
    ['expiresAt: MAX_VALUE', { expiresAt: Number.MAX_VALUE }],
    ['expiresAt: -1', { expiresAt: -1 }],
    ['lifetime as a text', { lifetime: '3600' as unknown as number }],
    ['expiresAt: NaN', { expiresAt: Number.NaN }],
    ['expiresAt as a Date', { expiresAt: new Date() as unknown as number }],
    ['exp: 1e308', { accessToken: jwt({ exp: 1e308 }) }],
    ['exp and iat: 1e308', { accessToken: jwt({ exp: 1e308, iat: 1e308 }) }],
    ['exp: 1e308, iat: -1e308', { accessToken: jwt({ exp: 1e308, iat: -1e308 }) }],
    ['exp: -1e308', { accessToken: jwt({ exp: -1e308 }) }],
    ['exp: 0', { accessToken: jwt({ exp: 0 }) }],
    ['iat: 0', { accessToken: jwt({ iat: 0, exp: Date.UTC(2026, 0, 1) / SECOND + 300 }) }],
    ['exp in milliseconds', { accessToken: jwt({ exp: Date.UTC(2026, 0, 1) + 300_000 }) }],
  ])('T24: cause no loop, no delay that rings at once, and no lost session: %s', async (_, answer) => {
    const storage = memoryStorage()
    const { auth, issuer, page } = await virtuallySignedIn({ storage, issuer: createIssuer(() => answer) })
    expect(await auth.getAccessToken()).toMatch(/./)
    for (let minute = 0; minute < 10; minute += 1) {
      await page.pass(MINUTE)
      await page.wake('focus')
      await auth.getAccessToken()
    }
    expect(issuer.refreshes).toBeLessThanOrEqual(22)
    expect(page.callbacks).toBeLessThanOrEqual(50)
    for (const delay of page.delays) expect(delay).toBeLessThanOrEqual(2 ** 31 - 1)
    const { state } = auth
    expect(state).toHaveProperty('status', 'authenticated')
    if (state.status === 'authenticated' && state.expiresAt !== undefined) expect(state.expiresAt).not.toBeNaN()

    auth.dispose()
    const next = createVirtualClient({ storage, page, issuer: createIssuer() })
    expect(await next.auth.start()).toHaveProperty('status', 'authenticated')
  })
})

describe('a refresh', () => {
  it('F11: keeps refresh token, ID token, user and scope that its answer leaves out', async () => {
    const idToken = jwt({ sub: 'ada' })
    const storage = memoryStorage()
    const { auth, issuer } = createVirtualClient({ storage })
    await auth.setTokens({
      accessToken: 'one',
      refreshToken: 'refresh-one',
      idToken,
      scope: 'read write',
      user: { id: 1 },
    })
    issuer.answer = () => ({ refreshToken: undefined })
    await auth.getAccessToken({ forceRefresh: true })
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.offered).toMatchObject([
      { refreshToken: 'refresh-one', idToken, scope: 'read write' },
      { refreshToken: 'refresh-one', idToken, scope: 'read write' },
    ])
    expect(auth.state).toMatchObject({ user: { id: 1 }, idClaims: { sub: 'ada' } })
    expect(storage.getItem('latchkey')).toContain('refresh-one')
  })

  it.each(['', null])('F11: keeps the refresh token where the answer has %j for one', async (refreshToken) => {
    const { auth, issuer } = await virtuallySignedIn()
    issuer.answer = () => ({ refreshToken: refreshToken as string })
    await auth.getAccessToken({ forceRefresh: true })
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.offered.map(({ refreshToken }) => refreshToken)).toEqual(['refresh-1', 'refresh-1'])
  })

  it('uses the new refresh token from then on', async () => {
    const { auth, issuer } = await virtuallySignedIn()
    await auth.getAccessToken({ forceRefresh: true })
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.offered.map(({ refreshToken }) => refreshToken)).toEqual(['refresh-1', 'refresh-2'])
  })

  it('F15: takes a scope that has become narrower', async () => {
    const { auth, issuer } = createVirtualClient()
    await auth.setTokens({ accessToken: 'one', refreshToken: 'refresh-one', scope: 'read write' })
    issuer.answer = () => ({ scope: 'read' })
    await auth.getAccessToken({ forceRefresh: true })
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.offered[1]).toMatchObject({ scope: 'read' })
    expect(auth.state).toHaveProperty('status', 'authenticated')
  })

  it('does not fail by an answer with the same access token again', async () => {
    const accessToken = jwt({ exp: (createVirtualPage().now() + LIFETIME) / SECOND })
    const { auth, issuer, page, told } = await virtuallySignedIn({ issuer: createIssuer(() => ({ accessToken })) })
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe(accessToken)
    expect(told).toEqual(['refresh'])
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    await page.pass(LIFETIME - SECOND)
    expect(issuer.refreshes).toBeLessThanOrEqual(3)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no access token', { refreshToken: 'other' }],
    ['an access token that is no text', { accessToken: 42 }],
    ['an access token with a line end', { accessToken: 'a\r\nX-Admin: 1' }],
    ['null', null],
  ])('F9: keeps the session when its answer has %s', async (_, answer) => {
    const issuer = createIssuer()
    const { auth, told } = await virtuallySignedIn({ issuer })
    issuer.refresh = async () => answer as TokenResponse<User>
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'invalid_response' })
    await settle()
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(told).toEqual(['refreshFailed'])
  })
})

describe('`minValidity`', () => {
  it('renews a token that lives shorter, and no other', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    await page.pass(MINUTE)
    expect(await auth.getAccessToken({ minValidity: 3 * MINUTE })).toBe('access-1')
    expect(await auth.getAccessToken({ minValidity: 4 * MINUTE + 1 })).toBe('access-2')
    expect(issuer.refreshes).toBe(1)
  })

  it('gives what there is when no token ever lives so long, with no refresh at each call', async () => {
    const { auth, issuer } = await virtuallySignedIn()
    for (let count = 0; count < 20; count += 1) expect(await auth.getAccessToken({ minValidity: HOUR })).toBeDefined()
    expect(issuer.refreshes).toBeLessThanOrEqual(1)
  })

  it('gives the token that still lives when the renewal fails', async () => {
    const { auth, issuer } = await virtuallySignedIn()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    expect(await auth.getAccessToken({ minValidity: LIFETIME + 1 })).toBe('access-1')
  })
})
