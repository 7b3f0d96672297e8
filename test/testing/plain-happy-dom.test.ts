// @vitest-environment happy-dom
import { AuthClient, jsonBackend, webStorage } from 'latchkey'
import { mockAuthServer, signedIn, signedOut } from 'latchkey/testing'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'

const JOHN = { username: 'johndoe', password: 'password123' }

describe.each(['http://localhost:3000/api', '/api', 'https://api.test'])(
  'with happy-dom’s own fetch, as vitest sets it up, and `%s`',
  (baseUrl) => {
    const server = mockAuthServer({ baseUrl, routes: { todos: { body: [1] } } })
    const network = setupServer(...server.handlers)

    it('a sign-in with a CSRF header of its own in cookie mode', async () => {
      const header = ['X-CSRF-Token', () => 'abc'] as const
      const shape = { baseUrl, refreshVia: 'cookie', csrfHeader: header } as const
      const auth = create({ backend: jsonBackend(shape), fetch: mockAuthServer(shape).fetch })

      expect(await auth.login(JOHN)).toMatchObject({ status: 'authenticated' })
    })

    beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
    beforeEach(() => server.reset())
    afterAll(() => network.close())

    function create(options: object = {}): AuthClient {
      const auth = new AuthClient({ baseUrl, ...options })
      onTestFinished(() => auth.dispose())
      return auth
    }

    it('a session lives: login, expiry, refresh, replay, logout', async () => {
      const auth = create({ storage: webStorage('local') })
      await auth.login(JOHN)
      server.expireAccessTokens()

      expect(await auth.http.get('todos').json()).toEqual([1])
      expect(await (await auth.fetch(`${baseUrl}/todos`)).json()).toEqual([1])
      await auth.logout()
      expect(server.requests.map(({ endpoint, status }) => `${endpoint} ${status}`)).toEqual([
        'login 200',
        'api 401',
        'refresh 200',
        'api 200',
        'api 200',
        'logout 204',
      ])
    })

    it.each([{}, { Accept: 'application/json, text/plain, */*' }])(
      'a sign-in by `fetch` alone, with %o',
      async (more) => {
        const headers = { 'Content-Type': 'application/json', ...more }
        const init = { method: 'POST', headers, body: JSON.stringify(JOHN) }

        expect((await fetch(`${baseUrl}/login`, init)).status).toBe(200)
        expect((await server.fetch(`${baseUrl}/login`, init)).status).toBe(200)
      },
    )

    it('the server’s `fetch` does without msw', async () => {
      const auth = create({ fetch: server.fetch })
      await auth.login(JOHN)

      expect(await auth.http.get('todos').json()).toEqual([1])
    })

    it('faults come through', async () => {
      const auth = create()
      server.fail('login', 'connection-error')
      await expect(auth.login(JOHN)).rejects.toMatchObject({ code: 'network' })
      server.fail('login', 'html')
      await expect(auth.login(JOHN)).rejects.toMatchObject({ code: 'invalid_response' })
    })

    it('fake timers move a session', async () => {
      vi.useFakeTimers()
      onTestFinished(() => void vi.useRealTimers())
      const auth = create()
      await auth.login(JOHN)
      await vi.advanceTimersByTimeAsync(300_000)
      await server.settled()

      expect(auth.state).toMatchObject({ freshness: 'fresh' })
      expect(server.refreshes).toBeGreaterThanOrEqual(1)
    })

    it('`signedIn` and `signedOut` need no server', async () => {
      const auth = create({ storage: webStorage('local') })
      expect(await signedIn(auth, { sub: 'u9' })).toMatchObject({ claims: { sub: 'u9' } })
      await signedOut(auth)

      expect([localStorage.length, server.requests.length]).toEqual([0, 0])
    })
  },
)
