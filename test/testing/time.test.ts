import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { JOHN, openBoth } from './scene.ts'

const MINUTE = 60_000
type Fakes = NonNullable<Parameters<typeof vi.useFakeTimers>[0]>['toFake']

const fakes: Record<string, Fakes> = {
  'as they are by default': undefined,
  'of Date alone': ['Date'],
  'of what a test mostly fakes': ['Date', 'setTimeout', 'clearTimeout'],
  'of everything but `nextTick` and `queueMicrotask`': [
    'Date',
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'clearImmediate',
    'performance',
  ],
}

function fake(toFake: Fakes): void {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), ...(toFake && { toFake }) })
  onTestFinished(() => void vi.useRealTimers())
}

describe('with fake timers', () => {
  it.each(Object.entries(fakes))('%s, a login, a request, a 401 and a logout work', async (_name, toFake) => {
    fake(toFake)
    const { server, auth } = openBoth<typeof JOHN>()
    await auth.login(JOHN)
    expect((await auth.http.get('todos')).status).toBe(200)
    server.expireAccessTokens()
    expect((await auth.http.get('todos')).status).toBe(200)
    await auth.logout()

    expect([server.logins, server.refreshes, server.logouts]).toEqual([1, 1, 1])
  })

  it.each(Object.entries(fakes).filter(([, toFake]) => toFake?.length !== 1))(
    '%s, the session is renewed once for each lifetime that passes',
    async (_name, toFake) => {
      fake(toFake)
      const { server, auth } = openBoth<typeof JOHN>({ lifetime: 5 * MINUTE })
      await auth.login(JOHN)
      for (let renewals = 1; renewals <= 5; renewals += 1) {
        await vi.advanceTimersByTimeAsync(5 * MINUTE)
        await server.settled()
        expect(server.refreshes).toBeGreaterThanOrEqual(renewals)
        expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
      }
      expect((await auth.http.get('todos')).status).toBe(200)
      expect(server.requestsTo('api')).toHaveLength(1)
    },
  )

  it('tokens expire by them, for the server and for the client', async () => {
    fake(undefined)
    const { server, auth } = openBoth<typeof JOHN>({ lifetime: MINUTE, refresh: false })
    const heard: string[] = []
    auth.on('logout', ({ reason }) => heard.push(reason))
    await auth.login(JOHN)
    const token = server.issued[0]?.accessToken
    await vi.advanceTimersByTimeAsync(MINUTE)

    expect(heard).toEqual(['expired'])
    const headers = { Authorization: `Bearer ${token}` }
    expect((await fetch('https://api.test/todos', { headers })).status).toBe(401)
  })

  it('a delay passes by them, and `settled` is reached once it has passed', async () => {
    fake(undefined)
    const { server, auth } = openBoth<typeof JOHN>()
    server.delay('login', 2000)
    const login = auth.login(JOHN)
    await vi.advanceTimersByTimeAsync(2000)
    await server.settled()

    expect(auth.state.status).toBe('authenticated')
    await login
  })

  it('a refusal that says `Retry-After` holds for that time, and then the next call goes through', async () => {
    fake(undefined)
    const { server, auth } = openBoth<typeof JOHN>({ lifetime: 5 * MINUTE })
    await auth.login(JOHN)
    server.fail('refresh', { status: 429, retryAfter: 30 })
    const forced = { forceRefresh: true }

    await expect(auth.getAccessToken(forced)).rejects.toMatchObject({ code: 'rate_limited' })
    await expect(auth.getAccessToken(forced)).rejects.toMatchObject({ code: 'rate_limited' })
    expect(server.refreshes).toBe(1)
    await vi.advanceTimersByTimeAsync(30_000)
    await server.settled()
    expect(await auth.getAccessToken(forced)).toBe(server.issued.at(-1)?.accessToken)
    expect(server.issued).toHaveLength(2)
  })
})
