import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type SetupOptions, signedIn } from '../support/client.ts'
import { pass, START, settle, stopTime, watch } from '../support/clock.ts'

const API = 'https://api.test/todos'
const ON_DEMAND: SetupOptions = { refresh: { when: 'on-demand' } }
const unavailable = (retryAfter?: string): Response =>
  new Response(null, { status: 503, headers: retryAfter ? { 'Retry-After': retryAfter } : {} })

/** How long it took from each refresh to the next. */
function gaps(moments: readonly { readonly at: number }[]): number[] {
  return moments.slice(1).map(({ at }, index) => at - (moments[index]?.at ?? 0))
}

describe('R6: the timer', () => {
  it.each([
    ['shortest', 0, [7500, 37_500, 150_000, 150_000, 150_000, 150_000, 150_000]],
    ['longest', 0.999_999, [15_000, 75_000, 300_000, 300_000, 300_000, 300_000, 300_000]],
  ])(
    'tries again after 15 s, five times as late each time up to 300 s, with equal jitter: the %s pauses',
    async (_which, random, expected) => {
      stopTime()
      const { server } = await signedIn({ environment: { random: () => random } })
      server.failNext('refresh', () => unavailable(), Number.POSITIVE_INFINITY)

      await pass(3_600_000)

      expect(
        gaps(server.to('refresh'))
          .slice(0, 7)
          .map((gap) => Math.round(gap / 10) * 10),
      ).toEqual(expected)
    },
  )

  it('says when, in refreshFailed', async () => {
    stopTime()
    const { server, heard } = await signedIn()
    server.failNext('refresh', () => unavailable(), Number.POSITIVE_INFINITY)

    await pass(600_000)

    const told = heard('refreshFailed')
    const tries = server.to('refresh')
    expect(told.map(({ attempt }) => attempt)).toEqual(told.map((_, index) => index + 1))
    told.slice(0, -1).forEach(({ retryAt }, index) => {
      expect(Math.abs((retryAt ?? 0) - (tries[index + 1]?.at ?? 0))).toBeLessThan(2)
    })
  })

  it('begins anew after a success', async () => {
    stopTime()
    const { server, heard } = await signedIn({ environment: { random: () => 0 } })
    server.failNext('refresh', () => unavailable(), 3)
    await pass(3_600_000)
    server.failNext('refresh', () => unavailable(), 1)
    await pass(300_000)

    expect(heard('refreshFailed').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1])
  })

  it('begins anew with the next session', async () => {
    stopTime()
    const { client, server, heard } = await signedIn(ON_DEMAND)
    server.failNext('refresh', () => unavailable('300'), 1)
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)

    await client.login({ username: 'bea', password: 'secret' })

    expect(await client.getAccessToken({ forceRefresh: true })).toBe(server.current.accessToken)
    expect(heard('refreshFailed')).toHaveLength(1)
  })

  it.each([
    [0, 120_000],
    [0.999_999, 240_000],
  ])(
    'comes once to twice as late as Retry-After says, so that not all come back together (random %d)',
    async (random, gap) => {
      stopTime()
      const { server } = await signedIn({ environment: { random: () => random } })
      server.failNext('refresh', () => unavailable('120'), 1)

      await pass(900_000)

      expect(Math.round((gaps(server.to('refresh'))[0] ?? 0) / 10) * 10).toBe(gap)
    },
  )
})

describe('R6: a caller', () => {
  it.each([
    [1, 500],
    [2, 1000],
    [3, 2000],
    [4, 4000],
    [5, 5000],
    [9, 5000],
  ])('in the pause after %i failures waits until %i ms after the last, and then tries', async (failures, pause) => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', () => unavailable(), failures)
    for (let count = 0; count < failures; count += 1) {
      watch(client.getAccessToken({ forceRefresh: true }))
      await pass(count && Math.min(5000, 500 * 2 ** (count - 1)))
    }
    expect(server.refreshes).toBe(failures)

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await pass(pause - 1)
    expect([call.status, server.refreshes]).toEqual(['pending', failures])
    await pass(1)

    expect([call.status, server.refreshes]).toEqual(['fulfilled', failures + 1])
  })

  it('shares the pause and the next try with all others', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    await pass(300_000)
    server.failNext('refresh', () => unavailable(), 1)
    await client.getAccessToken().catch(() => undefined)

    const requests = Array.from({ length: 50 }, () => watch(client.fetch(API)))
    await pass(500)

    expect(requests.map(({ value }) => value?.status)).toEqual(Array(50).fill(200))
    expect(server.refreshes).toBe(2)
  })

  it('does not wait when the pause has passed already', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', () => unavailable(), 1)
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await pass(500)

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    expect(call.status).toBe('fulfilled')
  })

  it('with a living token does not wait at all', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', () => unavailable('300'), 1)
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)

    const request = watch(client.fetch(API))
    await settle()

    expect(request.value?.status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  it('F20: in a pause is told at once what failed, while the page is offline', async () => {
    stopTime()
    let isOnline = true
    const lifecycle = { isOnline: () => isOnline, listen: () => () => undefined }
    const { client, server } = await signedIn({ ...ON_DEMAND, environment: { lifecycle } })
    await pass(300_000)
    server.failNext('refresh', 'network-error', 1)
    isOnline = false
    await client.getAccessToken().catch(() => undefined)

    const call = watch(client.getAccessToken())
    await settle()

    expect(call.error).toMatchObject({ code: 'network' })
    expect(server.refreshes).toBe(1)
  })
})

describe('R6: time that a test has stopped in part, so that `performance` goes on', () => {
  const stopPartly = (): void => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: START })
    onTestFinished(() => {
      vi.useRealTimers()
    })
  }

  it.each([
    ['a failure', undefined, 15_000],
    ['a Retry-After', '20', 40_000],
  ])('keeps the timer from trying again after %s no longer than the clock says', async (_which, retryAfter, pause) => {
    stopPartly()
    const { client, server, heard } = await signedIn({ refresh: { spread: false } })
    server.failNext('refresh', () => unavailable(retryAfter), 1)
    await pass(270_000)
    expect(server.refreshes).toBe(1)

    await pass(pause)

    expect(server.refreshes).toBe(2)
    expect(client.state).toMatchObject({ freshness: 'fresh' })
    expect(heard('refreshFailed').map(({ retryAt }) => Number.isInteger(retryAt))).toEqual([true])
  })

  it('ends a Retry-After for callers, who are told a whole number', async () => {
    stopPartly()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', () => unavailable('20'), 1)
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()
    expect(call.error).toMatchObject({ code: 'rate_limited', retryAt: expect.toSatisfy(Number.isInteger) })

    await pass(20_000)

    expect(await client.getAccessToken({ forceRefresh: true })).toBe(server.current.accessToken)
  })
})

describe('R6: the page that comes back', () => {
  const wakes: [string, () => void][] = [
    ['online', () => window.dispatchEvent(new Event('online'))],
    ['visibilitychange', () => document.dispatchEvent(new Event('visibilitychange'))],
  ]

  it.each(wakes)('F3: ends the timer’s backoff: %s', async (_event, wake) => {
    stopTime()
    const { client, server } = await signedIn()
    server.failNext('refresh', 'network-error', Number.POSITIVE_INFINITY)
    await pass(3_600_000)
    server.recover('refresh')
    const before = server.refreshes

    wake()
    await settle()

    expect(server.refreshes).toBe(before + 1)
    expect(client.state).toMatchObject({ freshness: 'fresh' })
  })

  it.each(wakes)('ends the pause that a caller waits out: %s', async (_event, wake) => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', 'network-error', 1)
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()
    expect(call.status).toBe('pending')

    wake()
    await settle()

    expect(call.value).toBe(server.current.accessToken)
  })

  it.each(wakes)('never ends a Retry-After: %s', async (_event, wake) => {
    stopTime()
    const { client, server } = await signedIn()
    server.failNext('refresh', () => unavailable('300'), 1)
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)

    for (let second = 0; second < 299; second += 10) {
      wake()
      await pass(10_000)
      if (second < 280) await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    }
    expect(server.to('refresh').filter(({ at }) => at < (server.requests[0]?.at ?? 0) + 300_000)).toHaveLength(1)
    wake()
    await settle()

    expect(server.refreshes).toBe(2)
  })

  it('ends nothing when it is hidden', async () => {
    stopTime()
    const { server } = await signedIn()
    server.failNext('refresh', 'network-error', Number.POSITIVE_INFINITY)
    await pass(3_600_000)
    const before = server.refreshes

    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    document.dispatchEvent(new Event('visibilitychange'))
    await settle()
    vi.restoreAllMocks()

    expect(server.refreshes).toBe(before)
  })
})
