import { describe, expect, it } from 'vitest'
import {
  createIssuer,
  createVirtualPage,
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  virtuallySignedIn,
} from '../session/virtual-page.ts'
import { seeded } from '../support/random.ts'

describe('a timer for each generation', () => {
  it('rings once for each renewal in a day of 5-minute tokens, and for nothing else', async () => {
    const page = createVirtualPage(undefined, seeded(1))
    const { issuer } = await virtuallySignedIn({ page })
    const before = page.callbacks
    await page.pass(DAY)
    expect(page.callbacks - before).toBe(issuer.refreshes)
    // 85 % of 5 minutes on average.
    expect(issuer.refreshes).toBeGreaterThan(330)
    expect(issuer.refreshes).toBeLessThan(348)
    expect(page.timers).toBe(1)
  })

  it('renews before every expiry in that day', async () => {
    const page = createVirtualPage(undefined, seeded(7))
    const { auth, states } = await virtuallySignedIn({ page })
    await page.pass(DAY)
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(states.filter((state) => state.status !== 'authenticated' || state.freshness !== 'fresh')).toEqual([])
  })

  it('sets no timer while nobody is signed in', async () => {
    const { auth, page } = await virtuallySignedIn()
    await auth.logout()
    expect(page.timers).toBe(0)
    await page.pass(DAY)
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  it('sets no timer for a token whose expiry nobody knows', async () => {
    const { auth, page, issuer } = await virtuallySignedIn({ issuer: createIssuer(() => ({})) })
    expect(page.timers).toBe(0)
    await page.pass(30 * DAY)
    expect(issuer.refreshes).toBe(0)
    expect(auth.state).toMatchObject({ freshness: 'fresh', expiresAt: undefined })
  })

  it('sets no timer when renewals happen on demand, but renews when a token is asked for', async () => {
    const { auth, page, issuer } = await virtuallySignedIn({ refresh: { when: 'on-demand' } })
    expect(page.timers).toBe(0)
    await page.pass(DAY)
    await page.wake('focus')
    expect(issuer.refreshes).toBe(0)
    expect(await auth.getAccessToken()).toBe('access-2')
    expect(page.timers).toBe(0)
  })
})

describe('lifetimes', () => {
  it('F18: renews a 30-day token near its end, and not at once', async () => {
    const { issuer, page } = await virtuallySignedIn({
      issuer: createIssuer(() => ({ lifetime: 30 * DAY })),
      refresh: { spread: false },
    })
    await page.pass(30 * DAY - 2 * MINUTE)
    expect(issuer.refreshes).toBe(0)
    await page.pass(MINUTE)
    expect(issuer.refreshes).toBe(1)
  })

  it('F18: never hands a timer a delay over 31 bits, which would ring at once', async () => {
    const { page } = await virtuallySignedIn({ issuer: createIssuer(() => ({ lifetime: 100 * 365 * DAY })) })
    await page.pass(365 * DAY)
    expect(page.delays.length).toBeGreaterThan(1)
    for (const delay of page.delays) {
      expect(delay).toBeGreaterThanOrEqual(0)
      expect(delay).toBeLessThanOrEqual(2 ** 31 - 1)
    }
  })

  it('F18: keeps a token of 100 years for ten of them', async () => {
    const { auth, issuer, page } = await virtuallySignedIn({
      issuer: createIssuer(() => ({ lifetime: 100 * 365 * DAY })),
    })
    await page.pass(3650 * DAY)
    expect(issuer.refreshes).toBe(0)
    expect(page.callbacks).toBeLessThan(160)
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })

  it('keeps a session of 2-second tokens fresh', async () => {
    const { auth, issuer, page, states } = await virtuallySignedIn({
      issuer: createIssuer(() => ({ lifetime: 2 * SECOND })),
    })
    await page.pass(MINUTE)
    expect(issuer.refreshes).toBeGreaterThan(30)
    expect(issuer.refreshes).toBeLessThan(40)
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
    expect(states.filter((state) => state.status === 'authenticated' && state.freshness === 'stale')).toEqual([])
  })
})

describe('the moment of a renewal', () => {
  /** When the first renewal after a login, and the one after that, happen: as shares of a lifetime of 100 s. */
  async function shares(random: number, refresh = {}): Promise<[number, number]> {
    const issuer = createIssuer(() => ({ lifetime: 100 * SECOND }))
    const page = createVirtualPage(undefined, () => random)
    const moments: number[] = []
    issuer.onRefresh = () => moments.push(page.now())
    const begin = page.now()
    await virtuallySignedIn({ issuer, page, refresh })
    await page.pass(200 * SECOND)
    const [first = 0, second = 0] = moments
    return [Math.round((first - begin) / SECOND), Math.round((second - first) / SECOND)]
  }

  it.each([
    [0, 30, 80],
    [0.5, 60, 85],
    [0.999999, 90, 90],
  ])('is spread: a random %d gives %i %% of the lifetime after a login, then %i %%', async (random, first, second) => {
    expect(await shares(random)).toEqual([first, second])
  })

  it('is never later than `before` expiry', async () => {
    expect(await shares(0.999999, { before: 25 * SECOND })).toEqual([75, 75])
  })

  it('is never in the first half of the lifetime because of `before`', async () => {
    expect(await shares(0.999999, { before: 95 * SECOND })).toEqual([50, 50])
  })

  it('is exactly `before` expiry when it is not spread', async () => {
    expect(await shares(0, { spread: false, before: 20 * SECOND })).toEqual([80, 80])
    expect(await shares(0.9, { spread: false, before: 20 * SECOND })).toEqual([80, 80])
  })

  it('is a tenth of the lifetime before expiry when it is not spread, and nothing else is said', async () => {
    expect(await shares(0, { spread: false })).toEqual([90, 90])
  })

  it('is a minute before expiry at most when it is not spread, and nothing else is said', async () => {
    const issuer = createIssuer(() => ({ lifetime: 10 * HOUR }))
    const { page } = await virtuallySignedIn({ issuer, refresh: { spread: false } })
    await page.pass(10 * HOUR - MINUTE - SECOND)
    expect(issuer.refreshes).toBe(0)
    await page.pass(2 * SECOND)
    expect(issuer.refreshes).toBe(1)
  })

  it('is spread widely again after a token that had expired', async () => {
    const { issuer, page } = await virtuallySignedIn({ page: createVirtualPage(undefined, () => 0) })
    page.sleep(HOUR)
    await page.wake('visibilitychange')
    expect(issuer.refreshes).toBe(1)
    await page.pass(0.3 * 5 * MINUTE - SECOND)
    expect(issuer.refreshes).toBe(1)
    await page.pass(2 * SECOND)
    expect(issuer.refreshes).toBe(2)
  })

  it('is spread widely again after an outage, which brings everybody back at once', async () => {
    const { issuer, page } = await virtuallySignedIn({ page: createVirtualPage(undefined, () => 0) })
    let isDown = true
    issuer.onRefresh = () => {
      if (isDown) throw new TypeError('Failed to fetch')
    }
    await page.pass(0.3 * 5 * MINUTE)
    expect(issuer.refreshes).toBe(1)
    isDown = false
    await page.pass(7.5 * SECOND)
    expect(issuer.refreshes).toBe(2)
    await page.pass(0.3 * 5 * MINUTE - SECOND)
    expect(issuer.refreshes).toBe(2)
    await page.pass(2 * SECOND)
    expect(issuer.refreshes).toBe(3)
  })

  it.each([0, 50 * SECOND])('happens within the lifetime when `before` is %i', async (before) => {
    const [first, second] = await shares(0.999999, { before, spread: false })
    expect(first).toBe(100 - before / SECOND)
    expect(second).toBe(100 - before / SECOND)
  })
})
