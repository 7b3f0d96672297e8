import { AuthClient } from 'latchkey'
import { expectOneRefreshPerGeneration, type MockAuthServer, type MockRequest } from 'latchkey/testing'
import { http } from 'msw'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { settle, stopTime, watch } from '../support/clock.ts'
import { network } from '../support/network.ts'
import { BASE, call, create, JOHN, open, openBoth, post, renew } from './scene.ts'

const START = Date.UTC(2026, 0, 1)

describe('`requests`', () => {
  it('says of each what arrived, when, whose it was, and what became of it', async () => {
    stopTime(START)
    const { server, auth } = openBoth<typeof JOHN>()
    await auth.login(JOHN)
    await auth.fetch(`${BASE}/todos/7?full=1`, { method: 'PUT', body: '{"done":true}' })
    const [login, todo] = server.requests as [MockRequest, MockRequest]

    expect(login).toMatchObject({
      endpoint: 'login',
      method: 'POST',
      path: 'login',
      authorization: null,
      text: JSON.stringify(JOHN),
      body: JOHN,
      at: START,
      status: 200,
      username: 'johndoe',
      generation: 1,
    })
    expect(todo).toMatchObject({
      endpoint: 'api',
      method: 'PUT',
      url: `${BASE}/todos/7?full=1`,
      path: 'todos/7',
      authorization: `Bearer ${server.issued[0]?.accessToken}`,
      body: { done: true },
      username: 'johndoe',
      session: login.session,
      generation: 1,
    })
    expect(todo.headers.get('authorization')).toBe(todo.authorization)
    expect(await todo.request.json()).toEqual({ done: true })
  })

  it('has nothing of a body that was not there, nor of a person that is unknown', async () => {
    const server = open()
    await call(server, 'todos')

    expect(server.requests[0]).toMatchObject({ text: '', body: undefined, username: undefined, session: undefined })
  })

  it('has a request from its arrival on, answered or not', async () => {
    const server = open()
    server.fail('login', 'hang')
    void post(server, 'login', JOHN)
    await settle()

    expect(server.requests).toMatchObject([{ endpoint: 'login', status: undefined, body: JOHN }])
  })

  it('counts, and finds by endpoint and by path', async () => {
    const { server, auth } = openBoth<typeof JOHN>()
    await auth.login(JOHN)
    await auth.http.get('todos')
    await auth.http.get('notes')
    await auth.getAccessToken({ forceRefresh: true })
    await auth.logout()

    expect([server.logins, server.refreshes, server.logouts]).toEqual([1, 1, 1])
    expect(server.requestsTo('api').map(({ path }) => path)).toEqual(['todos', 'notes'])
    expect(server.requestsTo('/todos')).toHaveLength(1)
    expect(server.requestsTo('*')).toEqual(server.requests)
  })

  it('is forgotten by `forgetRequests`, and nothing else is', async () => {
    const server = open()
    const { accessToken } = await server.issueTokens()
    const { requests } = server
    await call(server, 'todos', { token: accessToken })
    server.forgetRequests()

    expect(requests).toEqual([])
    expect((await call(server, 'todos', { token: accessToken })).status).toBe(200)
    expect(requests).toHaveLength(1)
  })

  it('answers HEAD with no body', async () => {
    const server = open({ routes: { public: { isPublic: true, body: ['a'] } } })
    const response = await server.fetch(`${BASE}/public`, { method: 'HEAD' })

    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await response.text()).toBe('')
  })

  it('answers what a browser asks before it calls another origin, and does not list that', async () => {
    const server = open()
    const response = await server.fetch(`${BASE}/login`, { method: 'OPTIONS' })

    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(server.requests).toEqual([])
  })
})

/** The client that many apps have: whoever meets a 401 renews, and knows nothing of the others. */
function createNaiveClient(server: MockAuthServer) {
  let tokens: Record<string, unknown> = {}
  return {
    async login() {
      tokens = (await post(server, 'login', JOHN)).body
    },
    async get(path: string): Promise<number> {
      const { status } = await call(server, path, { token: tokens.access_token })
      if (status !== 401) return status
      const renewed = await renew(server, tokens.refresh_token)
      if (renewed.status !== 200) return status
      tokens = renewed.body
      return (await call(server, path, { token: tokens.access_token })).status
    },
  }
}

describe('`expectOneRefreshPerGeneration`', () => {
  it.each([0, 10_000])('catches a naive client, with a grace of %i ms, too', async (grace) => {
    stopTime(START)
    const server = open({ grace })
    const naive = createNaiveClient(server)
    await naive.login()
    server.expireAccessTokens()
    await Promise.all(['todos', 'notes'].map((path) => naive.get(path)))

    expect(() => expectOneRefreshPerGeneration(server)).toThrow(
      /^Expected one refresh for generation 1 of the session of johndoe \([\w-]+\), but there were 2: 2026-01-01T00:00:00.000Z \(200\), 2026-01-01T00:00:00.000Z \((200|401)\)\.$/,
    )
  })

  it('passes the same two requests of a naive client one after the other', async () => {
    const server = open()
    const naive = createNaiveClient(server)
    await naive.login()
    server.expireAccessTokens()
    for (const path of ['todos', 'notes']) expect(await naive.get(path)).toBe(200)

    expectOneRefreshPerGeneration(server)
    expect(server.refreshes).toBe(1)
  })

  it('passes Latchkey: ten requests, three generations, two people', async () => {
    const server = open()
    for (const username of ['johndoe', 'admin']) {
      const auth = new AuthClient({ baseUrl: BASE })
      onTestFinished(() => auth.dispose())
      await auth.login({ username, password: 'password123' })
      for (const _ of [1, 2, 3]) {
        server.expireAccessTokens()
        await Promise.all(Array.from({ length: 10 }, (_, index) => auth.http.get(`todos/${index}`)))
      }
    }

    expectOneRefreshPerGeneration(server)
    expect(server.refreshes).toBe(6)
  })

  it.each(['connection-error', 'lost-answer', { status: 503 }, 'html'] as const)(
    'does not count a refresh that came to nothing for no fault of the client (%s), if it tries again',
    async (fault) => {
      const server = open()
      const { refreshToken } = await server.issueTokens()
      server.fail('refresh', fault)
      await server
        .fetch(`${BASE}/refresh`, { method: 'POST', body: JSON.stringify({ refresh_token: refreshToken }) })
        .catch(() => undefined)
      await renew(server, refreshToken)

      expectOneRefreshPerGeneration(server)
      expect(server.refreshes).toBe(2)
    },
  )

  it.each([0, 50])('catches refreshes that overlap where nothing rotates, each answered after %i ms', async (delay) => {
    stopTime()
    const server = open({ rotates: false })
    const { refreshToken } = await server.issueTokens()
    server.delay('refresh', delay)
    const renewals = [1, 2, 3].map(() => renew(server, refreshToken))
    await vi.advanceTimersByTimeAsync(delay)
    await Promise.all(renewals)

    expect(() => expectOneRefreshPerGeneration(server)).toThrow(/generation 1 of .* but there were 3/)
  })

  it('passes refreshes one after the other where nothing rotates', async () => {
    const server = open({ rotates: false })
    const { refreshToken } = await server.issueTokens()
    for (const _ of [1, 2, 3]) await renew(server, refreshToken)

    expectOneRefreshPerGeneration(server)
  })

  it('counts one that has no answer yet', async () => {
    stopTime(START)
    const server = open({ createAccessToken: () => crypto.randomUUID() })
    const { refreshToken } = await server.issueTokens()
    server.delay('refresh', 1000)
    for (const _ of [1, 2]) void renew(server, refreshToken)
    await settle()

    expect(() => expectOneRefreshPerGeneration(server)).toThrow('(no answer yet)')
  })
})

describe('`settled`', () => {
  it('waits until what is in hand has been answered, and the client has read it', async () => {
    const { server, auth } = openBoth<typeof JOHN>()
    const login = watch(auth.login(JOHN))
    await server.settled()

    expect(login.status).toBe('fulfilled')
    expect(auth.state.status).toBe('authenticated')
  })

  it('waits for the replay after a refresh', async () => {
    const { server, auth } = openBoth<typeof JOHN>()
    await auth.login(JOHN)
    server.expireAccessTokens()
    const todos = watch(auth.fetch(`${BASE}/todos`))
    await server.settled()

    expect(todos.value?.status).toBe(200)
  })

  it('does not wait for what hangs, nor where there is nothing', async () => {
    const server = open()
    await server.settled()
    server.fail('login', 'hang')
    void post(server, 'login', JOHN)
    await server.settled()

    expect(server.logins).toBe(1)
  })

  it('waits for a resolver of the test', async () => {
    const server = open()
    const { accessToken } = await server.issueTokens()
    let isDone = false
    const resolver = server.protect(async () => {
      await settle()
      isDone = true
      return new Response(null, { status: 204 })
    })
    network.use(http.get(`${BASE}/slow`, resolver))
    void fetch(`${BASE}/slow`, { headers: { Authorization: `Bearer ${accessToken}` } })
    await vi.waitFor(() => expect(server.requestsTo('slow')).toHaveLength(1))
    await server.settled()

    expect(isDone).toBe(true)
  })
})

describe('`reset`', () => {
  it('makes all as it was in the beginning; the keys stay', async () => {
    const server = open({ lifetime: 60_000, clockSkew: 1000 })
    const keys = await server.keySet()
    const { accessToken, refreshToken } = await server.issueTokens()
    server.setLifetime(1)
    server.setClockSkew(0)
    server.fail('*', { status: 500 })
    server.delay('*', 1e9)
    server.reset()

    expect([server.requests, server.issued, server.refreshes]).toEqual([[], [], 0])
    expect((await call(server, 'todos', { token: accessToken })).status).toBe(401)
    expect((await renew(server, refreshToken)).status).toBe(401)
    const { body } = await post(server, 'login', JOHN)
    expect(body.expires_in).toBe(60)
    expect(await server.keySet()).toEqual(keys)
  })

  it('leaves unanswered what is in hand: hanging, delayed, or at work', async () => {
    stopTime()
    const server = open({ createAccessToken: () => crypto.randomUUID() })
    server.fail('login', 'hang')
    server.delay('public', 1000)
    const requests = [post(server, 'login', JOHN), call(server, 'public'), post(server, 'login', JOHN)].map(watch)
    await settle()
    requests.push(watch(post(server, 'login', JOHN)))
    server.reset()
    await server.settled()
    await vi.advanceTimersByTimeAsync(10_000)

    expect(requests.map(({ status }) => status)).toEqual(['pending', 'pending', 'fulfilled', 'pending'])
    expect([server.requests, server.issued]).toEqual([[], []])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('wakes who waits for `settled`', async () => {
    stopTime()
    const server = open()
    server.delay('public', 1000)
    void call(server, 'public')
    const settled = server.settled()
    const outcome = watch(settled)
    await settle()
    expect(outcome.status).toBe('pending')
    server.reset()

    await settled
  })

  it('lets a module’s client go on with the next test', async () => {
    const server = open()
    const auth = create()
    for (const _ of [1, 2]) {
      await auth.login(JOHN)
      expect(server.logins).toBe(1)
      await auth.logout()
      server.reset()
    }
  })
})
