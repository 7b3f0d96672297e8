import { memoryStorage, type TokenStorage, type WakeEvent } from 'latchkey'
import { describe, expect, it } from 'vitest'
import {
  createIssuer,
  createVirtualClient,
  createVirtualPage,
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  settle,
  virtuallySignedIn,
} from '../session/virtual-page.ts'

const EVENTS: WakeEvent[] = ['visibilitychange', 'pageshow', 'resume', 'online', 'focus']

describe('a laptop that slept over the expiry', () => {
  it.each(EVENTS)('F19: renews at %s', async (event) => {
    const { auth, issuer, page } = await virtuallySignedIn()
    page.sleep(8 * HOUR)
    await page.wake(event)
    expect(issuer.refreshes).toBe(1)
    expect(auth.state).toMatchObject({ freshness: 'fresh', expiresAt: page.now() + 5 * MINUTE })
  })

  it('F19: renews once, though all events come together', async () => {
    const { issuer, page, told } = await virtuallySignedIn()
    page.sleep(8 * HOUR)
    await Promise.all(EVENTS.map((event) => page.wake(event)))
    for (const event of EVENTS) await page.wake(event)
    expect(issuer.refreshes).toBe(1)
    expect(told).toEqual(['refresh'])
  })

  it('F19: renews on demand, before any event has come', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    page.sleep(8 * HOUR)
    expect(await auth.getAccessToken()).toBe('access-2')
    expect(issuer.refreshes).toBe(1)
  })

  it('F19: goes on renewing by its timer', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    page.sleep(8 * HOUR)
    await page.wake('visibilitychange')
    await page.pass(HOUR)
    expect(issuer.refreshes).toBeGreaterThan(12)
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
  })

  it('F19: needs no event to find out, when its timer rings late', async () => {
    const { issuer, page } = await virtuallySignedIn()
    page.sleep(8 * HOUR)
    await page.pass(5 * MINUTE)
    expect(issuer.refreshes).toBeGreaterThan(0)
  })

  it('ends as expired at the first event, where there is nothing to renew with', async () => {
    const { auth, page, told } = await virtuallySignedIn({
      issuer: createIssuer(() => ({ refreshToken: undefined, lifetime: 5 * MINUTE })),
    })
    page.sleep(8 * HOUR)
    await page.wake('visibilitychange')
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'expired' })
    expect(told).toEqual(['logout'])
  })
})

describe('a page that wakes', () => {
  it.each(EVENTS)('does nothing at %s while the token is good', async (event) => {
    const { auth, issuer, page, told, states } = await virtuallySignedIn()
    const { state } = auth
    await page.wake(event)
    expect(issuer.refreshes).toBe(0)
    expect(auth.state).toBe(state)
    expect(told).toEqual([])
    expect(states).toEqual([])
    expect(page.timers).toBe(1)
  })

  it.each(EVENTS)('renews at %s when the moment has passed, though the token is still good', async (event) => {
    const { issuer, page, states } = await virtuallySignedIn()
    page.sleep(4 * MINUTE)
    await page.wake(event)
    expect(issuer.refreshes).toBe(1)
    expect(states).toHaveLength(1)
  })

  it('F3: recovers at `online`, at once, from an outage that lasted long', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    page.goOffline()
    await page.pass(DAY)
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    issuer.onRefresh = () => undefined
    const before = issuer.refreshes
    await page.goOnline()
    expect(issuer.refreshes).toBe(before + 1)
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
  })

  it('F3: recovers without any event, once the network is back', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    await page.pass(HOUR)
    issuer.onRefresh = () => undefined
    await page.pass(5 * MINUTE)
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
  })

  it('F21: takes up where it was when it comes out of the back/forward cache', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    page.sleep(20 * MINUTE)
    await page.wake('pageshow')
    expect(issuer.refreshes).toBe(1)
    expect(await auth.getAccessToken()).toBe('access-2')
  })

  it('tells the state as stale when it wakes expired and the server does not answer', async () => {
    const { auth, issuer, page, states } = await virtuallySignedIn()
    issuer.onRefresh = () => new Promise(() => undefined)
    page.sleep(HOUR)
    await page.wake('focus')
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    expect(states).toHaveLength(1)
  })

  it('does nothing more once it was disposed of', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    auth.dispose()
    page.sleep(HOUR)
    for (const event of EVENTS) await page.wake(event)
    expect(issuer.refreshes).toBe(0)
  })
})

describe('the moment that was decided', () => {
  it('is kept by the page that restores the session', async () => {
    const storage = memoryStorage()
    const page = createVirtualPage(undefined, () => 0)
    const first = await virtuallySignedIn({ page, storage, issuer: createIssuer(() => ({ lifetime: 100 * SECOND })) })
    first.auth.dispose()

    const later = createVirtualPage(page.now() + 10 * SECOND, () => 0.999)
    const { auth, issuer } = createVirtualClient({ page: later, storage })
    await auth.start()
    await later.pass(20 * SECOND - 1)
    expect(issuer.refreshes).toBe(0)
    await later.pass(2)
    expect(issuer.refreshes).toBe(1)
  })

  it('is not decided anew by a page that only reads: the storage sees no write', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const before = storage.getItem('latchkey')

    const writes: string[] = []
    const watched: TokenStorage = {
      scope: 'memory',
      getItem: storage.getItem,
      setItem: (key) => void writes.push(`set ${key}`),
      removeItem: (key) => void writes.push(`remove ${key}`),
    }
    const { auth, page } = createVirtualClient({ storage: watched })
    await auth.start()
    await auth.getAccessToken()
    await page.wake('focus')
    await page.pass(MINUTE)
    auth.dispose()
    await settle()
    expect(writes).toEqual([])
    expect(storage.getItem('latchkey')).toBe(before)
  })

  it('has passed when a page restores it late: it renews at once, but shows the session first', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const later = createVirtualPage(first.page.now() + 4 * MINUTE)
    const { auth, issuer } = createVirtualClient({ page: later, storage, issuer: createIssuer() })
    expect(await auth.start()).toMatchObject({ freshness: 'fresh' })
    await later.pass(1)
    expect(issuer.refreshes).toBe(1)
  })
})

describe('failed renewals by the timer', () => {
  it('come at growing distances, from 7.5 s up to five minutes', async () => {
    const moments: number[] = []
    const { issuer, page } = await virtuallySignedIn({ page: createVirtualPage(undefined, Math.random) })
    issuer.onRefresh = () => {
      moments.push(page.now())
      throw new TypeError('Failed to fetch')
    }
    await page.pass(DAY)
    const distances = moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0))
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(7500)
    expect(Math.max(...distances)).toBeLessThanOrEqual(300_000)
    expect(distances[0]).toBeLessThanOrEqual(15_000)
    expect(Math.min(...distances.slice(6))).toBeGreaterThanOrEqual(150_000)
  })

  it('F1: leave the session as it is, and say when the next one comes', async () => {
    const { auth, issuer, page, heard } = await virtuallySignedIn()
    issuer.onRefresh = () => {
      throw new TypeError('Failed to fetch')
    }
    await page.pass(4 * MINUTE)
    const failures = heard('refreshFailed')
    expect(failures.map(({ attempt }) => attempt)).toEqual([...failures.keys()].map((index) => index + 1))
    expect(failures.at(-1)?.retryAt).toBeGreaterThanOrEqual(page.now())
    expect(failures[0]?.error).toMatchObject({ code: 'network', retryable: true })
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })

  it('let the state become stale when the token expires', async () => {
    const { auth, issuer, page, states } = await virtuallySignedIn()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    await page.pass(5 * MINUTE - 1)
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
    await page.pass(2)
    expect(auth.state).toMatchObject({ freshness: 'stale' })
    await page.pass(HOUR)
    expect(states).toHaveLength(1)
  })
})

describe('a write that the storage refused', () => {
  it('F22: is tried again, until the storage has the session of now', async () => {
    const storage = memoryStorage()
    let isFull = true
    const flaky: TokenStorage = {
      ...storage,
      setItem: (key, value) => {
        if (isFull) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
        return storage.setItem(key, value)
      },
    }
    const { auth, page, heard } = await virtuallySignedIn({ storage: flaky })
    expect(storage.getItem('latchkey')).toBe(null)
    isFull = false
    await page.pass(MINUTE)
    expect(storage.getItem('latchkey')).toContain(await auth.getAccessToken())
    expect(heard('storageDegraded')).toHaveLength(1)
  })

  it('F22: is tried again at a distance of seconds, not in a loop', async () => {
    let attempts = 0
    const full: TokenStorage = {
      getItem: () => null,
      setItem: () => {
        attempts += 1
        throw new Error('full')
      },
      removeItem: () => undefined,
    }
    const { page, issuer } = await virtuallySignedIn({ storage: full })
    await page.pass(HOUR)
    expect(attempts).toBeLessThan(250 + issuer.refreshes)
  })

  it('F22: tries a removal again, so that a logout does not come undone at a reload', async () => {
    const storage = memoryStorage()
    let isBroken = false
    const flaky: TokenStorage = {
      ...storage,
      removeItem: (key) => {
        if (isBroken) throw new Error('broken')
        return storage.removeItem(key)
      },
    }
    const { auth, page } = await virtuallySignedIn({ storage: flaky })
    isBroken = true
    await auth.logout()
    isBroken = false
    await page.pass(MINUTE)
    await page.wake('focus')
    expect(storage.getItem('latchkey')).toBe(null)
  })
})

describe('nothing to renew with', () => {
  const once = () => ({ refreshToken: undefined, lifetime: 100 * SECOND })

  it('tells `expiring` before the end, then ends as expired', async () => {
    const { auth, issuer, page, told, heard } = await virtuallySignedIn({
      issuer: createIssuer(once),
      refresh: { spread: false, before: 20 * SECOND },
    })
    const end = page.now() + 100 * SECOND
    await page.pass(80 * SECOND - 1)
    expect(told).toEqual([])
    await page.pass(2)
    expect(told).toEqual(['expiring'])
    expect(heard('expiring')[0]).toMatchObject({ expiresAt: end, generation: 1, origin: 'this-tab' })
    await page.pass(20 * SECOND)
    expect(told).toEqual(['expiring', 'logout'])
    expect(heard('logout')[0]).toMatchObject({ reason: 'expired' })
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'expired' })
    expect(page.timers).toBe(0)
    expect(issuer.refreshes + issuer.logouts).toBe(0)
  })

  it('tells `expiring` exactly `before` expiry, spread or not', async () => {
    const { page, told } = await virtuallySignedIn({ issuer: createIssuer(once), refresh: { before: 20 * SECOND } })
    await page.pass(80 * SECOND - 1)
    expect(told).toEqual([])
    await page.pass(2)
    expect(told).toEqual(['expiring'])
  })

  it('tells `expiring` once, though the page wakes again and again', async () => {
    const { page, told } = await virtuallySignedIn({ issuer: createIssuer(once) })
    await page.pass(95 * SECOND)
    for (const event of EVENTS) await page.wake(event)
    expect(told).toEqual(['expiring'])
  })

  it('tells no `expiring` on demand, not even when the page wakes', async () => {
    const { page, told } = await virtuallySignedIn({ issuer: createIssuer(once), refresh: { when: 'on-demand' } })
    await page.pass(95 * SECOND)
    for (const event of EVENTS) await page.wake(event)
    expect(told).toEqual([])
  })

  it('rejects with login_required a caller that finds the token expired', async () => {
    const { auth, page, told } = await virtuallySignedIn({ issuer: createIssuer(once), refresh: { when: 'on-demand' } })
    page.sleep(HOUR)
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'login_required' })
    expect(told).toEqual(['logout'])
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'expired' })
  })

  it('ends a restored session that has expired before `loading` ends', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage, issuer: createIssuer(once) })
    first.auth.dispose()
    const { auth, told, states } = createVirtualClient({ storage, page: createVirtualPage(first.page.now() + HOUR) })
    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'expired' })
    expect(told).toEqual(['logout'])
    expect(states).toHaveLength(1)
    expect(storage.getItem('latchkey')).toBe(null)
  })
})
