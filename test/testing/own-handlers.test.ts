import { mockAuthServer } from 'latchkey/testing'
import { HttpResponse, http, passthrough } from 'msw'
import { describe, expect, it, vi } from 'vitest'
import { network } from '../support/network.ts'
import { BASE, call, create, JOHN, open } from './scene.ts'

const TODOS = `${BASE}/todos/:id`

describe('handlers of the test’s own', () => {
  it('go before the server’s; `protect` asks for a good token, and for a role', async () => {
    const server = open()
    network.use(
      http.get(
        TODOS,
        server.protect(({ params, user }) => HttpResponse.json({ id: params.id, of: user.username })),
      ),
      http.delete(
        TODOS,
        server.protect(() => new HttpResponse(null, { status: 204 }), 'admin'),
      ),
    )
    const auth = create()
    expect((await auth.fetch(`${BASE}/todos/7`)).status).toBe(401)
    await auth.login(JOHN)

    expect(await auth.http.get('todos/7').json()).toEqual({ id: '7', of: 'johndoe' })
    expect((await auth.fetch(`${BASE}/todos/7`, { method: 'DELETE' })).status).toBe(403)
    expect((await auth.fetch(`${BASE}/todos/8`, { method: 'PATCH' })).status).toBe(200)
    expect(server.requestsTo('todos/7').map(({ status, username }) => [status, username])).toEqual([
      [401, undefined],
      [200, 'johndoe'],
      [403, 'johndoe'],
    ])
  })

  it('meet the server’s faults and delays, and can read the body', async () => {
    const server = open()
    const resolver = server.protect(async ({ request }) => HttpResponse.json(await request.json()))
    network.use(http.post(`${BASE}/echo`, resolver))
    server.fail('echo', { status: 503 })
    const auth = create()
    await auth.login(JOHN)
    const send = () => auth.fetch(`${BASE}/echo`, { method: 'POST', body: '{"a":1}' })

    expect((await send()).status).toBe(503)
    expect(await (await send()).json()).toEqual({ a: 1 })
  })

  it('may be of another origin, which the server’s tokens open', async () => {
    const server = open()
    network.use(
      http.get(
        'https://files.test/:name',
        server.protect(() => HttpResponse.text('content')),
      ),
    )
    const auth = create({ attachTo: ['https://files.test'] })
    await auth.login(JOHN)
    server.expireAccessTokens()

    expect(await (await auth.fetch('https://files.test/a.txt')).text()).toBe('content')
    expect(server.requests.map(({ path, status }) => [path, status])).toEqual([
      ['login', 200],
      ['a.txt', 401],
      ['refresh', 200],
      ['a.txt', 200],
    ])
  })

  it('go behind the server’s with `routes: false`, and what nobody answers is msw’s to report', async () => {
    const server = open({ routes: false })
    const behind = http.get(`${BASE}/todos`, () => HttpResponse.json(['of my own']))
    network.resetHandlers(
      ...server.handlers,
      behind,
      http.get(`${BASE}/else`, () => HttpResponse.error()),
    )
    const auth = create()
    await auth.login(JOHN)

    expect(await auth.http.get('todos').json()).toEqual(['of my own'])
    await expect(auth.fetch(`${BASE}/else`)).rejects.toThrow()
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    await expect(auth.fetch(`${BASE}/nobody`)).rejects.toThrow()
    expect(String(complaints.mock.calls)).toContain('GET https://api.test/nobody')
    complaints.mockRestore()
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['login'])
    await auth.logout()
    expect(server.logouts).toBe(1)
  })

  it('need not be asked where the server’s `fetch` is used', async () => {
    network.use(http.all('*', () => passthrough()))
    const server = mockAuthServer({ baseUrl: BASE })
    const auth = create({ fetch: server.fetch })
    await auth.login(JOHN)

    expect(await auth.http.get('todos').json()).toMatchObject({ username: 'johndoe' })
  })
})

describe('two servers', () => {
  it('at two addresses know nothing of each other', async () => {
    const [first, second] = [open(), open({ baseUrl: 'https://other.test/v1' })]
    const { accessToken } = await first.issueTokens()
    const auth = create({ baseUrl: 'https://other.test/v1' })
    await auth.login(JOHN)

    expect(await auth.http.get('todos').json()).toMatchObject({ username: 'johndoe' })
    expect((await second.fetch('https://other.test/v1/x', bearer(accessToken))).status).toBe(401)
    expect((await call(first, 'todos', { token: accessToken })).status).toBe(200)
    expect([first.logins, second.logins]).toEqual([0, 1])
    first.reset()
    expect(second.logins).toBe(1)
  })
})

describe('`fetch` of the server', () => {
  it('rejects at once with the reason of an abort, before and after it is sent', async () => {
    const server = mockAuthServer({ baseUrl: BASE })
    const reason = new Error('changed my mind')
    await expect(server.fetch(`${BASE}/todos`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(server.requests).toEqual([])

    server.fail('todos', 'hang')
    const controller = new AbortController()
    const answer = server.fetch(`${BASE}/todos`, { signal: controller.signal })
    controller.abort(reason)
    await expect(answer).rejects.toBe(reason)
  })

  it('works detached, as a client uses it', async () => {
    const { fetch } = mockAuthServer({ baseUrl: BASE })

    expect((await fetch(`${BASE}/public`)).status).toBe(200)
  })
})

const bearer = (token: unknown): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } })
