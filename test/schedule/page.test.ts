import { AuthClient } from 'latchkey'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createIssuer, HOUR, type Issuer, MINUTE, SECOND, type User } from '../session/virtual-page.ts'
import { pass, setClock, stopTime } from '../support/clock.ts'

let auth: AuthClient<{ name?: string }, User>
let issuer: Issuer

beforeEach(async () => {
  stopTime()
  issuer = createIssuer()
  auth = new AuthClient({ backend: issuer })
  await auth.login()
})
afterEach(() => {
  auth.dispose()
  vi.restoreAllMocks()
})

const hide = (): void => void vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
const show = (): void => void vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('visible')

describe('a real page', () => {
  it.each<[string, () => EventTarget]>([
    ['online', () => window],
    ['pageshow', () => window],
    ['focus', () => window],
    ['visibilitychange', () => document],
    ['resume', () => document],
  ])('F19: wakes the client by `%s`', async (type, target) => {
    show()
    setClock(8 * HOUR)
    target().dispatchEvent(new Event(type))
    await pass()
    expect(issuer.refreshes).toBe(1)
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
  })

  it('F19: renews nothing at the moment in which it is hidden', async () => {
    hide()
    setClock(8 * HOUR)
    document.dispatchEvent(new Event('visibilitychange'))
    await pass()
    expect(issuer.refreshes).toBe(0)
  })

  it('F19: renews by its timer while it is hidden', async () => {
    hide()
    document.dispatchEvent(new Event('visibilitychange'))
    for (let minute = 0; minute < 60; minute += 1) await pass(MINUTE)
    expect(issuer.refreshes).toBeGreaterThan(11)
  })

  it('renews by the timers of the page, once for each generation', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    for (let minute = 0; minute < 60; minute += 1) await pass(MINUTE)
    expect(issuer.refreshes).toBeGreaterThan(11)
    expect(vi.getTimerCount()).toBe(1)
    // One to renew, and the deadlines of each attempt.
    expect(set.mock.calls.length).toBeLessThan(issuer.refreshes * 5)
  })

  it('F20: starts offline without a call where `navigator.onLine` is false', async () => {
    const storage = new Map<string, string>()
    const items = {
      getItem: (key: string) => storage.get(key) ?? null,
      setItem: (key: string, value: string) => void storage.set(key, value),
      removeItem: (key: string) => void storage.delete(key),
    }
    const first = new AuthClient({ backend: issuer, storage: items })
    await first.login({})
    first.dispose()
    setClock(HOUR)
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    const next = new AuthClient({ backend: issuer, storage: items })
    expect(await next.start()).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    expect(issuer.refreshes).toBe(0)
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(true)
    window.dispatchEvent(new Event('online'))
    await pass(SECOND)
    expect(next.state).toMatchObject({ freshness: 'fresh' })
    next.dispose()
  })

  it('is left alone by a client that was disposed of', async () => {
    auth.dispose()
    setClock(8 * HOUR)
    window.dispatchEvent(new Event('online'))
    await pass(HOUR)
    expect(issuer.refreshes).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
