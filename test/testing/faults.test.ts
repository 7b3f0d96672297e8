import { isAuthError } from 'latchkey'
import type { FaultOrder } from 'latchkey/testing'
import { describe, expect, it } from 'vitest'
import { pass, stopTime, watch } from '../support/clock.ts'
import { BASE, call, JOHN, open, openBoth, post, renew } from './scene.ts'

describe('a fault', () => {
  it('is an answer with status, Retry-After, headers and body', async () => {
    const server = open()
    server.fail('refresh', { status: 503, retryAfter: 5, headers: { 'X-By': 'proxy' }, body: { error: 'busy' } })
    const { status, headers, body } = await renew(server, 'any')

    expect([status, headers.get('retry-after'), headers.get('x-by')]).toEqual([503, '5', 'proxy'])
    expect(headers.get('content-type')).toBe('application/json')
    expect(body).toEqual({ error: 'busy' })
  })

  it.each([
    ['a status alone has no body', { status: 418 }, 418, null, ''],
    ['no status is 500', { body: 'Oh no' }, 500, 'text/plain;charset=UTF-8', 'Oh no'],
    ['a Retry-After may be a date', { retryAfter: 'Thu, 01 Jan 2026 00:00:00 GMT' }, 500, null, ''],
    ['headers alone', { headers: { 'X-A': 'b' } }, 500, null, ''],
    ['a page instead of JSON', 'html', 200, 'text/html', '<!doctype html><title>Welcome</title>'],
    ['a page of a proxy that has no server', { kind: 'html', status: 502 }, 502, 'text/html', expect.any(String)],
    ['half a JSON text', 'malformed-json', 200, 'application/json', '{"access_token": "'],
    ['headers of its own', { body: {}, headers: { 'Content-Type': 'text/json' } }, 500, 'text/json', '{}'],
    ['a Response', new Response('own', { status: 201 }), 201, 'text/plain;charset=UTF-8', 'own'],
    ['what makes one', ({ method }: Request) => Response.json({ method }), 200, 'application/json', '{"method":"GET"}'],
  ] as const)('%s', async (_what, fault, status, type, text) => {
    const server = open()
    server.fail('todos', fault as FaultOrder)
    const response = await server.fetch(`${BASE}/todos`)

    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([status, type, text])
    expect(server.requests[0]?.status).toBe(status)
  })

  it('is met so often as it says, and then no more', async () => {
    const server = open()
    server.fail('public', { response: new Response('x', { status: 500 }), times: 2 })
    server.fail('public', { response: () => new Response(null, { status: 501 }), times: 2 })

    const statuses = []
    for (const _ of [1, 2, 3, 4, 5]) statuses.push((await server.fetch(`${BASE}/public`)).status)
    expect(statuses).toEqual([500, 500, 501, 501, 200])
  })

  it('without end lasts until `recover` or `reset`', async () => {
    const server = open()
    server.fail('*', { status: 500, times: Number.POSITIVE_INFINITY })
    for (const _ of [1, 2, 3]) expect((await call(server, 'public')).status).toBe(500)
    server.recover()
    expect((await call(server, 'public')).status).toBe(200)
    server.fail('*', { status: 500, times: Number.POSITIVE_INFINITY })
    server.reset()
    expect((await call(server, 'public')).status).toBe(200)
  })

  it('is for an endpoint, a path, the whole API or everything; `recover` takes back what is for one of them', async () => {
    const server = open()
    for (const target of ['login', '/todos', 'api', '*']) server.fail(target, { status: 500 })
    server.recover('todos')

    expect((await post(server, 'login', JOHN)).status).toBe(500)
    expect((await call(server, 'todos')).status).toBe(500) // of the API
    expect((await call(server, 'todos')).status).toBe(500) // of everything
    expect((await call(server, 'todos')).status).toBe(401)
  })

  it('leaves the session alone: the refresh token is not spent', async () => {
    const server = open()
    const { refreshToken } = await server.issueTokens()
    for (const fault of ['html', 'malformed-json', 'hang-body', { status: 503 }] as const) server.fail('refresh', fault)
    for (const _ of [1, 2, 3, 4]) {
      const body = JSON.stringify({ refresh_token: refreshToken })
      await server.fetch(`${BASE}/refresh`, { method: 'POST', body })
    }

    expect((await renew(server, refreshToken)).status).toBe(200)
  })

  it.each(['msw', 'fetch'])('can be a cut connection, which comes to nobody (%s)', async (by) => {
    const server = open()
    const send = by === 'msw' ? fetch : server.fetch
    server.fail('public', 'connection-error')

    await expect(send(`${BASE}/public`)).rejects.toMatchObject({ name: 'TypeError' })
    expect(server.requests[0]?.status).toBe(0)
    expect((await send(`${BASE}/public`)).status).toBe(200)
  })

  it('can be a lost answer: the refresh token is spent, and nobody has the new one', async () => {
    const { server, auth } = openBoth<typeof JOHN>()
    await auth.login(JOHN)
    server.fail('refresh', 'lost-answer')

    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'network' })
    expect(server.issued).toHaveLength(2)
    expect(auth.state.status).toBe('authenticated')
    expect(await renew(server, server.issued[0]?.refreshToken)).toMatchObject({ status: 401 })
  })

  it.each(['hang', 'hang-body'] as const)('can be a server that %ss: the client’s deadline ends it', async (kind) => {
    stopTime()
    const { server, auth } = openBoth<typeof JOHN>()
    server.fail('login', kind)
    const login = watch(auth.login(JOHN))
    await pass(9999)
    expect(login.status).toBe('pending')
    await pass(1)

    expect(login.error).toMatchObject({ code: 'timeout' })
    await server.settled()
    expect(server.requests[0]?.status).toBe(kind === 'hang' ? undefined : 200)
  })

  it('can come late, or be nothing but that', async () => {
    stopTime()
    const server = open()
    server.fail('public', { status: 500, delay: 1000 })
    server.fail('public', { delay: 2000 })
    const answers = [1, 2].map(() => watch(server.fetch(`${BASE}/public`)))

    await pass(999)
    expect(answers.map(({ status }) => status)).toEqual(['pending', 'pending'])
    await pass(1)
    expect(answers[0]?.value?.status).toBe(500)
    await pass(999)
    expect(answers[1]?.status).toBe('pending')
    await pass(1)
    expect(answers[1]?.value?.status).toBe(200)
  })

  it('tells a client what it would hear of a real server', async () => {
    const codes = []
    const faults: FaultOrder[] = [
      'connection-error',
      'html',
      'malformed-json',
      { status: 500 },
      { status: 429, retryAfter: 60 },
    ]
    for (const fault of faults) {
      const { server, auth } = openBoth<typeof JOHN>()
      await auth.login(JOHN)
      server.fail('refresh', fault)
      const error: unknown = await auth.getAccessToken({ forceRefresh: true }).catch((reason: unknown) => reason)
      codes.push(isAuthError(error) && error.code)
    }

    expect(codes).toEqual(['network', 'invalid_response', 'invalid_response', 'server_error', 'rate_limited'])
  })
})

describe('a delay', () => {
  it('makes all answers of an endpoint late; what the server does, it does on arrival', async () => {
    stopTime()
    const server = open({ createAccessToken: () => crypto.randomUUID() })
    const { refreshToken } = await server.issueTokens()
    server.delay('refresh', 1000)
    const answer = watch(renew(server, refreshToken))
    await pass(999)

    expect([answer.status, server.issued.length]).toEqual(['pending', 2])
    await pass(1)
    expect(answer.value?.status).toBe(200)
  })

  it('may be another one for each request', async () => {
    stopTime()
    const server = open()
    server.delay('*', ({ path }) => (path === 'public' ? 1000 : 0))
    const slow = watch(call(server, 'public'))

    expect((await call(server, 'todos')).status).toBe(401)
    expect(slow.status).toBe('pending')
    await pass(1000)
    expect(slow.value?.status).toBe(200)
  })

  it('ends by a delay of zero, or by `reset`', async () => {
    const server = open()
    server.delay('/public', 1e9)
    server.delay('public', 0)
    expect((await call(server, 'public')).status).toBe(200)
    server.delay('public', 1e9)
    server.reset()
    expect((await call(server, 'public')).status).toBe(200)
  })
})

describe('a clock that is wrong', () => {
  it.each([3_600_000, -3_600_000])('by %i ms shows in the tokens, and the client lives with it', async (clockSkew) => {
    const { server, auth } = openBoth<typeof JOHN>({ clockSkew })
    const state = await auth.login(JOHN)
    const { iat = 0 } = (state.status === 'authenticated' && state.claims) || {}

    expect(Math.abs(iat * 1000 - Date.now() - clockSkew)).toBeLessThan(5000)
    expect((await auth.http.get('todos')).status).toBe(200)
    server.setClockSkew(0)
    const { body } = await post(server, 'login', JOHN)
    expect(
      Math.abs((JSON.parse(atob(String(body.access_token).split('.')[1] ?? '')).iat as number) - Date.now() / 1000),
    ).toBeLessThan(5)
  })

  it('that is set ahead makes tokens expire', async () => {
    const server = open({ lifetime: 60_000 })
    const { accessToken } = await server.issueTokens()
    server.setClockSkew(60_000)

    expect((await call(server, 'todos', { token: accessToken })).status).toBe(401)
  })
})
