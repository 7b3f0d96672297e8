import { jsonBackend, type TokenSet } from 'latchkey'
import { describe, expect, it } from 'vitest'
import type { Fault } from '../support/auth-server.ts'
import { FORM, type LoginForm, setUp } from '../support/client.ts'
import { pass, stopTime } from '../support/clock.ts'
import { createWire, type Sent } from '../support/wire.ts'

const BASE = 'https://api.test'
type Options = Partial<Parameters<typeof jsonBackend<LoginForm>>[0]>
type Answers = Record<string, (sent: Sent) => Response>

const tokens = (more: object = {}): Response => Response.json({ access_token: 'a1', refresh_token: 'r1', ...more })

/** A client whose server answers by path; `sent` is what left. */
function against(options: Options, answers: Answers = {}) {
  const wire = createWire((one) => (answers[one.url.pathname] ?? (() => tokens()))(one))
  const backend = jsonBackend<LoginForm>({ baseUrl: BASE, ...options })
  const setup = setUp({ backend, attachTo: [BASE], fetch: wire.fetch, refresh: { when: 'on-demand' } })
  return { ...setup, backend, sent: wire.sent }
}

async function fullCircle(options: Options, answers: Answers = {}) {
  const circle = against(options, answers)
  await circle.client.login(FORM)
  await circle.client.getAccessToken({ forceRefresh: true })
  await circle.client.logout()
  return circle
}

const lines = (sent: readonly Sent[]): string[] =>
  sent.map(({ init, url }) => `${init?.method} ${url.href} ${init?.body ?? ''}`.trim())

describe('direction 1: paths, fields, encodings', () => {
  it('by default are POST login, refresh and logout below baseUrl, in JSON', async () => {
    const { sent } = await fullCircle({})

    expect(lines(sent)).toEqual([
      'POST https://api.test/login {"username":"ada","password":"secret"}',
      'POST https://api.test/refresh {"refresh_token":"r1"}',
      'POST https://api.test/logout {"refresh_token":"r1"}',
    ])
    expect(sent.map(({ headers }) => [headers.get('content-type'), headers.get('accept')])).toEqual(
      Array(3).fill(['application/json', 'application/json']),
    )
  })

  it('may be Simple JWT’s', async () => {
    const refresh = ({ refreshToken }: TokenSet): object => ({ refresh: refreshToken })
    const { sent, client } = await fullCircle(
      {
        login: '/api/token/',
        refresh: { path: '/api/token/refresh/', body: refresh },
        logout: { path: '/api/token/blacklist/', body: refresh },
      },
      {
        '/api/token/': () => Response.json({ refresh: 'r1', access: 'a1' }),
        '/api/token/refresh/': () => Response.json({ access: 'a2' }),
        '/api/token/blacklist/': () => Response.json({}),
      },
    )

    expect(lines(sent)).toEqual([
      'POST https://api.test/api/token/ {"username":"ada","password":"secret"}',
      'POST https://api.test/api/token/refresh/ {"refresh":"r1"}',
      'POST https://api.test/api/token/blacklist/ {"refresh":"r1"}',
    ])
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  it('may be an OAuth token endpoint’s: forms with constant fields', async () => {
    const { sent } = await fullCircle(
      {
        login: {
          path: 'oauth/token',
          encoding: 'form',
          body: (form) => ({ grant_type: 'password', ...form, client_id: 'spa', scope: undefined }),
        },
        refresh: {
          path: 'oauth/token',
          encoding: 'form',
          body: ({ refreshToken }) => ({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'spa' }),
        },
        logout: { path: 'oauth/revoke', encoding: 'form', body: ({ refreshToken }) => ({ token: refreshToken }) },
      },
      { '/oauth/revoke': () => new Response(null) },
    )

    expect(lines(sent)).toEqual([
      'POST https://api.test/oauth/token grant_type=password&username=ada&password=secret&client_id=spa',
      'POST https://api.test/oauth/token grant_type=refresh_token&refresh_token=r1&client_id=spa',
      'POST https://api.test/oauth/revoke token=r1',
    ])
    const types = sent.map(({ input, init }) => new Request(input, init).headers.get('content-type'))
    expect(types).toEqual(Array(3).fill('application/x-www-form-urlencoded;charset=UTF-8'))
  })

  it('may be Feathers’: an extra field, 201, logout by DELETE with the access token, no refresh', async () => {
    const answers: Answers = {
      '/authentication': ({ init }) =>
        Response.json({ accessToken: 'a1', user: { id: 0 } }, { status: init?.method === 'POST' ? 201 : 200 }),
    }
    const { client, sent } = against(
      {
        login: { path: 'authentication', body: (form) => ({ strategy: 'local', ...form }) },
        refresh: false,
        logout: {
          path: 'authentication',
          method: 'DELETE',
          headers: ({ accessToken }) => ({ Authorization: `Bearer ${accessToken}` }),
        },
      },
      answers,
    )

    const state = await client.login(FORM)
    await client.logout()

    expect(state).toMatchObject({ user: { id: 0 } })
    expect(sent.map(({ init, authorization }) => [init?.method, authorization])).toEqual([
      ['POST', null],
      ['DELETE', 'Bearer a1'],
    ])
  })

  it.each(['GET', 'get', 'HEAD'])('%s sends no body and no content type', async (method) => {
    const { sent, client } = against({ refresh: { path: 'renew', method } })
    await client.login(FORM)

    await client.getAccessToken({ forceRefresh: true })

    expect(sent[1]?.init?.method).toBe(method)
    expect(sent[1]?.init?.body ?? null).toBe(null)
    expect(sent[1]?.headers.has('content-type')).toBe(false)
  })

  it('take further headers', async () => {
    const { sent, client } = against({ login: { path: 'login', headers: ({ username }) => ({ 'X-User': username }) } })

    await client.login(FORM)

    expect(sent[0]?.headers.get('x-user')).toBe('ada')
  })

  it('take a readTokens of one’s own, for all endpoints or for one', async () => {
    const { client } = against(
      {
        readTokens: (body) => ({ accessToken: (body as { AT: string }).AT, refreshToken: 'r' }),
        refresh: { path: 'refresh', readTokens: (body) => ({ accessToken: String(body) }) },
      },
      { '/login': () => Response.json({ AT: 'first' }), '/refresh': () => new Response('second') },
    )

    await client.login(FORM)
    expect(await client.getAccessToken()).toBe('first')

    expect(await client.getAccessToken({ forceRefresh: true })).toBe('second')
  })

  it('hand readTokens the response: a token in a header', async () => {
    const { client } = against(
      { readTokens: (_, response) => ({ accessToken: response?.headers.get('x-token') ?? undefined }) },
      { '/login': () => new Response(null, { status: 204, headers: { 'X-Token': 'from-the-header' } }) },
    )

    await client.login(FORM)

    expect(await client.getAccessToken()).toBe('from-the-header')
  })

  it('hand readTokens only good answers', async () => {
    let calls = 0
    const { client } = against(
      {
        readTokens: () => {
          calls += 1
          return { accessToken: 'a' }
        },
      },
      { '/login': () => Response.json({ access_token: 'a' }, { status: 500 }) },
    )

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'server_error' })

    expect(calls).toBe(0)
  })

  it.each([200, 201, 202])('take %i for a success', async (status) => {
    const { client } = against({}, { '/login': () => Response.json({ token: 'a' }, { status }) })

    await expect(client.login(FORM)).resolves.toMatchObject({ status: 'authenticated' })
  })

  it('read JSON that comes as text/html', async () => {
    const { client } = against(
      {},
      { '/login': () => new Response('{"token":"a"}', { headers: { 'Content-Type': 'text/html' } }) },
    )

    await expect(client.login(FORM)).resolves.toMatchObject({ status: 'authenticated' })
  })
})

describe('direction 2: lifetimes', () => {
  it.each([
    ['expires_in in seconds', { expires_in: 60 }],
    ['a moment in seconds', { expires_at: (Date.UTC(2026, 0, 1) + 60_000) / 1000 }],
    ['a moment in milliseconds', { expiresAt: Date.UTC(2026, 0, 1) + 60_000 }],
    ['a date', { expires_at: new Date(Date.UTC(2026, 0, 1) + 60_000).toISOString() }],
  ])('come from %s', async (_where, fields) => {
    stopTime()
    const { client } = against({}, { '/login': () => tokens(fields) })

    expect(await client.login(FORM)).toMatchObject({ expiresAt: Date.now() + 60_000 })
  })

  it('come from `expires` in milliseconds, by a readTokens of one’s own', async () => {
    stopTime()
    const { client } = against(
      {
        readTokens(body) {
          const { data } = body as { data: { access_token: string; expires: number } }
          return { accessToken: data.access_token, lifetime: data.expires }
        },
      },
      { '/login': () => Response.json({ data: { access_token: 'a', expires: 900_000 } }) },
    )

    expect(await client.login(FORM)).toMatchObject({ expiresAt: Date.now() + 900_000 })
  })

  it('are unknown for an opaque token without one: only a 401 tells', async () => {
    const { client, sent } = against(
      {},
      {
        '/todos': ({ authorization }) => new Response(null, { status: authorization === 'Bearer a1' ? 401 : 200 }),
        '/refresh': () => Response.json({ access_token: 'a2' }),
      },
    )
    const state = await client.login(FORM)

    const { status } = await client.fetch(`${BASE}/todos`)

    expect(state).toMatchObject({ expiresAt: undefined })
    expect(status).toBe(200)
    expect(sent.map(({ url }) => url.pathname)).toEqual(['/login', '/todos', '/refresh', '/todos'])
  })
})

describe('direction 5: the refresh credential', () => {
  it('may be an HttpOnly cookie: empty JSON, and the CSRF header', async () => {
    const { sent, backend } = await fullCircle({ refreshVia: 'cookie' })

    expect(backend.refreshVia).toBe('cookie')
    expect(lines(sent).slice(1)).toEqual(['POST https://api.test/refresh {}', 'POST https://api.test/logout {}'])
    expect(sent.map(({ headers }) => headers.get('x-auth-request'))).toEqual(['1', '1', '1'])
  })

  it('may be the access token itself', async () => {
    const { sent, backend } = await fullCircle({ refreshVia: 'access-token' })

    expect(backend.refreshVia).toBe('access-token')
    expect(lines(sent).slice(1)).toEqual([
      'POST https://api.test/refresh {"token":"a1"}',
      'POST https://api.test/logout {"token":"a1"}',
    ])
  })

  it('may be a session token in the Authorization header of a GET', async () => {
    const { sent } = await fullCircle({
      refresh: {
        path: 'token',
        method: 'GET',
        headers: ({ refreshToken }) => ({ Authorization: `Bearer ${refreshToken}` }),
      },
    })

    expect([sent[1]?.init?.method, sent[1]?.authorization]).toEqual(['GET', 'Bearer r1'])
  })

  it('may not exist', () => {
    const backend = jsonBackend({ baseUrl: BASE, refresh: false })

    expect(backend.refreshVia).toBe('none')
    expect(backend.refresh).toBeUndefined()
  })

  it.each([
    ['another value', ['X-CSRF', 'abc'] as const, 'x-csrf', 'abc'],
    ['a value read at each call', ['X-XSRF-TOKEN', () => 'from-a-cookie'] as const, 'x-xsrf-token', 'from-a-cookie'],
  ])('of a cookie takes a CSRF header of one’s own: %s', async (_what, csrfHeader, name, value) => {
    const { sent } = await fullCircle({ refreshVia: 'cookie', csrfHeader })

    expect(sent.map(({ headers }) => headers.get(name))).toEqual([value, value, value])
    expect(sent.some(({ headers }) => headers.has('x-auth-request'))).toBe(false)
  })

  it('of a cookie does without a CSRF header where told so: some servers’ CORS lists refuse it', async () => {
    const { sent } = await fullCircle({ refreshVia: 'cookie', csrfHeader: false })

    expect(sent.some(({ headers }) => headers.has('x-auth-request'))).toBe(false)
  })
})

describe('direction 8: a login that fails', () => {
  const CASES: [string, Fault, object][] = [
    [
      '400',
      () => Response.json({ password: ['This field is required.'] }, { status: 400 }),
      { code: 'invalid_credentials' },
    ],
    ['401 without a body', () => new Response(null, { status: 401 }), { code: 'invalid_credentials', data: undefined }],
    ['403', () => Response.json({ detail: 'locked' }, { status: 403 }), { code: 'invalid_credentials' }],
    [
      '422',
      () => Response.json({ errors: [] }, { status: 422 }),
      { code: 'invalid_credentials', data: { errors: [] } },
    ],
    [
      '400 invalid_grant',
      () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
      { code: 'invalid_credentials', oauthError: 'invalid_grant' },
    ],
    [
      '400 invalid_client',
      () => Response.json({ error: 'invalid_client' }, { status: 400 }),
      { code: 'misconfigured', oauthError: 'invalid_client' },
    ],
    [
      '401 unauthorized_client',
      () => Response.json({ error: 'unauthorized_client' }, { status: 401 }),
      { code: 'misconfigured' },
    ],
    [
      '400 unsupported_grant_type',
      () => Response.json({ error: 'unsupported_grant_type' }, { status: 400 }),
      { code: 'misconfigured' },
    ],
    [
      '400 invalid_request',
      () => Response.json({ error: 'invalid_request' }, { status: 400 }),
      { code: 'misconfigured' },
    ],
    ['404', () => new Response('<html>', { status: 404 }), { code: 'server_error', status: 404 }],
    [
      '429',
      () => new Response(null, { status: 429, headers: { 'Retry-After': '30' } }),
      { code: 'rate_limited', retryable: true, retryAt: expect.any(Number) },
    ],
    ['500', () => new Response(null, { status: 500 }), { code: 'server_error', retryable: true }],
    [
      '503 with Retry-After',
      () => new Response(null, { status: 503, headers: { 'Retry-After': '9' } }),
      { code: 'server_error', retryAt: expect.any(Number) },
    ],
    ['a lost connection', 'network-error', { code: 'network', retryable: true }],
    ['a page with 200', () => new Response('<html>'), { code: 'invalid_response' }],
    ['an empty 200', () => new Response(null), { code: 'invalid_response' }],
    ['JSON without a token', () => Response.json({ mfa: true }), { code: 'invalid_response' }],
  ]

  it.each(CASES)('with %s says so by its code, and nobody is signed in', async (_answer, fault, expected) => {
    const { client, server, events } = setUp()
    server.failNext('login', fault)

    const error = await client.login(FORM).catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ name: 'AuthError', ...expected })
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(events).toEqual([])
  })

  it('hands the server’s answer to the form in `data`', async () => {
    const { client, server } = setUp()
    const body = {
      error: 'mfa_required',
      mfa: { challenge: 'c-1', methods: ['totp'] },
      errors: { username: ['unknown'] },
    }
    server.failNext('login', Response.json(body, { status: 401 }))

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'invalid_credentials', data: body })
  })

  it('T4: removes tokens from `data`, wherever they are', async () => {
    const { client, server } = setUp()
    const secrets = { access_token: 'S1', refreshToken: 'S2', id_token: 'S3', jwt: 'S4' }
    const body = { ...secrets, message: 'no', deep: [{ tokens: { access: 'S5', refresh: 'S6', token: 'S7' } }] }
    server.failNext('login', Response.json(body, { status: 403 }))

    const error = await client.login(FORM).catch((thrown: { data?: unknown }) => thrown)

    expect(error).toMatchObject({ data: { message: 'no', deep: [{ tokens: {} }] } })
    expect(JSON.stringify(error)).not.toMatch(/S\d/)
  })

  it('hands a text as it is', async () => {
    const { client, server } = setUp()
    server.failNext('login', new Response('Wrong password.', { status: 401 }))

    await expect(client.login(FORM)).rejects.toMatchObject({ data: 'Wrong password.' })
  })

  it('T10: hands on nothing that changes a prototype', async () => {
    const { client, server } = setUp()
    server.failNext('login', new Response('{"__proto__":{"isAdmin":true},"a":1}', { status: 401 }))

    const error = (await client.login(FORM).catch((thrown: unknown) => thrown)) as { data: Record<string, unknown> }

    expect(error.data.isAdmin).toBeUndefined()
    expect(Object.getPrototypeOf(error.data)).toBe(Object.prototype)
  })
})

describe('direction 14: a logout that fails', () => {
  it.each([
    ['401, as with an expired token or a second time', new Response(null, { status: 401 })],
    ['404', new Response(null, { status: 404 })],
    ['500', new Response(null, { status: 500 })],
    ['a lost connection', 'network-error'],
  ] as const)('leaves nobody signed in, and does not reject: %s', async (_answer, fault) => {
    const { client, server, heard } = setUp()
    await client.login(FORM)
    server.failNext('logout', fault)

    await expect(client.logout()).resolves.toBeUndefined()

    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(heard('logout')).toHaveLength(1)
  })

  it('is waited for for 2 s', async () => {
    stopTime()
    const { client, server } = setUp()
    await client.login(FORM)
    server.failNext('logout', 'hang')
    let isDone = false
    const logout = client.logout().then(() => {
      isDone = true
    })

    await pass(1999)
    expect([client.state.status, isDone]).toEqual(['unauthenticated', false])
    await pass(1)
    await logout

    expect(isDone).toBe(true)
  })

  it('is not tried where there is no endpoint', async () => {
    const { sent } = await fullCircle({ logout: false })

    expect(lines(sent)).toHaveLength(2)
  })
})

describe('direction 13: token types', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'token', undefined])('%s is sent as Bearer', async (token_type) => {
    const { client, sent } = against({}, { '/login': () => tokens({ token_type }) })
    await client.login(FORM)

    await client.fetch(`${BASE}/todos`)

    expect(sent[1]?.authorization).toBe('Bearer a1')
  })
})

describe('direction 15: who signed in', () => {
  it('comes from the login’s answer', async () => {
    const { client } = against({}, { '/login': () => tokens({ user: { id: 0, name: '' } }) })

    expect(await client.login(FORM)).toMatchObject({ user: { id: 0, name: '' } })
  })

  it('comes from the user endpoint where there is one, asked with the access token', async () => {
    const { client, sent } = against({ user: '/api/me/' }, { '/api/me/': () => Response.json({ id: 0 }) })

    const state = await client.login(FORM)

    expect(state).toMatchObject({ user: { id: 0 } })
    expect([sent[1]?.init?.method, sent[1]?.url.href, sent[1]?.authorization]).toEqual([
      'GET',
      `${BASE}/api/me/`,
      'Bearer a1',
    ])
  })

  it('may be asked for by POST, with a body', async () => {
    const user = { path: 'whoami', method: 'POST', body: ({ accessToken }: TokenSet) => ({ token: accessToken }) }
    const { client, sent } = against({ user }, { '/whoami': () => Response.json({ id: 1 }) })

    await client.login(FORM)

    expect(lines(sent)[1]).toBe('POST https://api.test/whoami {"token":"a1"}')
  })

  it('is found in a nested answer by a reader of its own', async () => {
    const user = { path: 'me', readTokens: (body: unknown) => ({ user: (body as { data: object }).data }) }
    const { client } = against({ user }, { '/me': () => Response.json({ data: { id: 3 } }) })

    expect(await client.login(FORM)).toMatchObject({ status: 'authenticated', user: { id: 3 } })
  })

  it.each([
    ['500', () => new Response(null, { status: 500 })],
    ['401', () => new Response(null, { status: 401 })],
    ['a page', () => new Response('<html>')],
    ['a list', () => Response.json([1])],
  ])('is what the login said, where the user endpoint answers %s: the login is good', async (_answer, me) => {
    const { client } = against({ user: 'me' }, { '/login': () => tokens({ user: { id: 7 } }), '/me': me })

    expect(await client.login(FORM)).toMatchObject({ status: 'authenticated', user: { id: 7 } })
  })
})

describe('direction 16: paths', () => {
  it.each([
    ['https://api.test', 'login', 'https://api.test/login'],
    ['https://api.test/', 'login', 'https://api.test/login'],
    ['https://api.test/', '/login', 'https://api.test/login'],
    ['https://api.test', '/login/', 'https://api.test/login/'],
    ['https://api.test/v1', 'login', 'https://api.test/v1/login'],
    ['https://api.test/v1/', '/login/', 'https://api.test/v1/login/'],
    ['https://api.test/v1', 'auth/login?mode=json', 'https://api.test/v1/auth/login?mode=json'],
    ['https://api.test/v1', 'login;a=b:c', 'https://api.test/v1/login;a=b:c'],
    ['https://api.test/v1', 'users/%61da', 'https://api.test/v1/users/%61da'],
  ])('%s and %s make %s, as written', async (baseUrl, login, expected) => {
    const { client, sent } = against({ baseUrl, login })

    await client.login(FORM)

    expect(sent[0]?.input).toBe(expected)
  })

  it('may be below a URL object, or below a path of this page', async () => {
    const absolute = against({ baseUrl: new URL('https://api.test/v1/') })
    const relative = against({ baseUrl: '/api' })

    await absolute.client.login(FORM)
    await relative.client.login(FORM)

    expect(absolute.sent[0]?.url.href).toBe('https://api.test/v1/login')
    expect(relative.sent[0]?.url.href).toBe('http://localhost:3000/api/login')
  })

  it.each(['https://evil.test/login', '//evil.test/login', 'HTTPS://evil.test', 'ftp://evil.test'])(
    'that are URLs of their own are refused as invalid_option: %s',
    (path) => {
      expect(() => jsonBackend({ baseUrl: BASE, login: path })).toThrow(
        expect.objectContaining({ code: 'invalid_option' }),
      )
      expect(() => jsonBackend({ baseUrl: BASE, refresh: { path } })).toThrow(/below `baseUrl`/)
    },
  )

  it('tell backends apart by id and origin', () => {
    const { id, origin } = jsonBackend({ baseUrl: 'https://api.test/v1', login: 'signin' })

    expect([id, origin]).toEqual(['https://api.test/v1/signin', 'https://api.test'])
    expect(jsonBackend({ baseUrl: '/api' }).origin).toBeUndefined()
  })
})

describe('T24: hostile values', () => {
  const HOSTILE: [string, unknown][] = [
    ['0', 0],
    ['-1', -1],
    ['1e12', 1e12],
    ['1e300', 1e300],
    ['"3600"', '3600'],
    ['"NaN"', 'NaN'],
    ['null', null],
    ['an object', {}],
  ]

  it.each(HOSTILE)('expires_in %s signs in, and causes no storm of refreshes', async (_value, expires_in) => {
    stopTime()
    const wire = createWire(() => tokens({ expires_in }))
    const { client } = setUp({ baseUrl: BASE, fetch: wire.fetch })
    await client.login(FORM)

    for (let second = 0; second < 120; second += 1) {
      await client.fetch(`${BASE}/todos`)
      await pass(1000)
    }

    expect(client.state.status).toBe('authenticated')
    expect(wire.sent.filter(({ url }) => url.pathname === '/refresh').length).toBeLessThanOrEqual(5)
    expect(wire.sent.filter(({ url }) => url.pathname === '/todos')).toHaveLength(120)
  })
})
