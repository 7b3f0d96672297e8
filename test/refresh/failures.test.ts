import { AuthError, jsonBackend } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { createAuthServer, type Fault } from '../support/auth-server.ts'
import { FORM, type LoginForm, type Setup, type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, START, settle, stopTime, watch } from '../support/clock.ts'

const API = 'https://api.test/todos'
const status = (code: number, headers: Record<string, string> = {}): Response =>
  new Response(null, { status: code, headers })
const html = '<!doctype html><title>Sign in to the Wi-Fi</title>'

const TRANSIENT: [string, Fault, string][] = [
  ['F1: 500', status(500), 'server_error'],
  ['F1: 502 with a page', new Response(html, { status: 502 }), 'server_error'],
  ['F1: 503 with Retry-After', status(503, { 'Retry-After': '20' }), 'server_error'],
  ['F1: 500 whose JSON says invalid_grant', Response.json({ error: 'invalid_grant' }, { status: 500 }), 'server_error'],
  ['F2: 429', status(429), 'rate_limited'],
  ['F2: 429 with seconds', status(429, { 'Retry-After': '20' }), 'rate_limited'],
  [
    'F2: 429 with a date',
    () => status(429, { 'Retry-After': new Date(Date.now() + 20_000).toUTCString() }),
    'rate_limited',
  ],
  ['F2: 429 with garbage', status(429, { 'Retry-After': 'soon' }), 'rate_limited'],
  ['F3: a connection reset', 'network-error', 'network'],
  ['F4: a timeout', 'hang', 'timeout'],
  ['F5: a hang in the body', 'hang-body', 'timeout'],
  ['F7: a page with 200', new Response(html, { headers: { 'Content-Type': 'text/html' } }), 'invalid_response'],
  ['F7: an empty 200', status(200), 'invalid_response'],
  ['F7: 204', status(204), 'invalid_response'],
  ['F8: truncated JSON', new Response('{"access_token":"a'), 'invalid_response'],
  ['F8: JSON null', new Response('null'), 'invalid_response'],
  ['F8: a JSON array', new Response('["a"]'), 'invalid_response'],
  ['F9: JSON without a token', Response.json({ ok: true }), 'invalid_response'],
  ['F9: a token that is no string', Response.json({ access_token: 42 }), 'invalid_response'],
  ['F9: a token with a line break', Response.json({ access_token: 'a\r\nX-Evil: 1' }), 'invalid_response'],
  ['F9: a refresh token alone', Response.json({ refresh_token: 'r' }), 'invalid_response'],
  ['403 of a proxy', new Response(html, { status: 403 }), 'server_error'],
  ['F46: 404', status(404), 'server_error'],
  ['405', status(405), 'server_error'],
  ['408', status(408), 'server_error'],
  ['422', status(422), 'server_error'],
]

describe.each(TRANSIENT)('R5: a refresh that meets %s', (_fault, fault, code) => {
  it('keeps the person signed in, and requests go on while the access token lives', async () => {
    stopTime()
    const { client, server, heard } = await signedIn()
    server.failNext('refresh', fault, Number.POSITIVE_INFINITY)

    await pass(285_000)

    expect(server.refreshes).toBeGreaterThan(0)
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect((await client.fetch(API)).status).toBe(200)
    expect(await client.getAccessToken()).toBe(server.current.accessToken)
    expect(heard('logout')).toEqual([])
  })

  it('is told by refreshFailed, with what went wrong', async () => {
    stopTime()
    const { client, server, heard } = await signedIn({ refresh: { when: 'on-demand' } })
    server.failNext('refresh', fault)

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await pass(10_000)

    const [event] = heard('refreshFailed')
    expect(heard('refreshFailed')).toHaveLength(1)
    expect(event).toMatchObject({ attempt: 1, error: { code, retryable: true }, retryAt: expect.any(Number) })
    expect(event?.error).toBeInstanceOf(AuthError)
    expect(call.error).toBe(event?.error)
    expect(client.explain().at(-1)).toMatchObject({ what: 'not renewed', why: event?.error.message })
  })

  it(`rejects callers whose token has expired with ${code}`, async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.failNext('refresh', fault)

    const calls = [watch(client.getAccessToken()), watch(client.fetch(API)), watch(client.http.get('todos'))]
    await pass(10_000)

    expect(calls.map(({ error }) => (error as AuthError | undefined)?.code)).toEqual([code, code, code])
    expect(server.refreshes).toBe(1)
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
  })

  it('is over with the next request, however long it lasted', async () => {
    stopTime()
    const server = createAuthServer()
    const { client, heard } = await signedIn({ server, fetch: server.fetch })
    server.failNext('refresh', fault, Number.POSITIVE_INFINITY)
    await pass(3 * 3_600_000)
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    server.recover('refresh')
    await pass(25_000)

    const request = watch(client.fetch(API))
    await pass(10_000)

    expect(request.value?.status).toBe(200)
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(heard('logout')).toEqual([])
  })
})

describe('R5: a refresh that is refused', () => {
  const FINAL: [string, Response][] = [
    ['400', status(400)],
    ['401', status(401)],
    ['400 with invalid_grant', Response.json({ error: 'invalid_grant' }, { status: 400 })],
    ['401 with a message', Response.json({ detail: 'Token is blacklisted' }, { status: 401 })],
    ['400 with a page', new Response(html, { status: 400, headers: { 'Content-Type': 'text/html' } })],
    ['401 with JSON as text', new Response('{"error":"invalid_token"}', { status: 401 })],
    ['400 with an error of its own', Response.json({ error: { code: 7 } }, { status: 400 })],
  ]

  it.each(FINAL)('F45: with %s ends the session: one logout, reason revoked', async (_answer, answer) => {
    stopTime()
    const { client, server, heard, states } = await signedIn()
    server.failNext('refresh', answer, Number.POSITIVE_INFINITY)

    await pass(6 * 3_600_000)

    expect(heard('logout')).toHaveLength(1)
    expect(heard('logout')[0]).toMatchObject({
      reason: 'revoked',
      origin: 'this-tab',
      generation: 1,
      error: { code: 'refresh_rejected', status: answer.status, retryable: false },
    })
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    expect(states).toEqual([client.state])
    expect(heard('refreshFailed')).toEqual([])
    expect(server.refreshes).toBe(1)
  })

  it('F45: leaves nothing in the storage', async () => {
    const items = new Map<string, string>()
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
      removeItem: (key: string) => items.delete(key),
    }
    const { client, server } = await signedIn({ storage })
    expect(items.size).toBe(1)
    server.failNext('refresh', status(401))

    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await settle()

    expect(items.size).toBe(0)
  })

  it('rejects every caller with login_required', async () => {
    const { client, server, heard } = await signedIn()
    server.failNext('refresh', status(401))

    const calls = Array.from({ length: 20 }, () =>
      client.getAccessToken({ forceRefresh: true }).catch((error) => error.code),
    )

    expect(await Promise.all(calls)).toEqual(Array(20).fill('login_required'))
    expect(server.refreshes).toBe(1)
    expect(heard('logout')).toHaveLength(1)
  })

  it('is explained', async () => {
    const { client, server } = await signedIn()
    server.failNext('refresh', status(401))

    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)

    expect(client.explain().at(-1)).toMatchObject({
      what: 'signed out',
      why: expect.stringContaining('401'),
    })
  })

  it('lets the person sign in again', async () => {
    const { client, server } = await signedIn()
    server.failNext('refresh', status(401))
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)

    await client.login(FORM)

    expect((await client.fetch(API)).status).toBe(200)
    expect(await client.getAccessToken({ forceRefresh: true })).toBe(server.current.accessToken)
  })
})

describe('F46: a refresh that is refused because of the client', () => {
  const CODES = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_request']

  it.each(CODES.flatMap((error) => [[error, 400] as const, [error, 401] as const]))(
    'with %s (%i) is misconfigured: told by reportError, and the session stays',
    async (error, code) => {
      stopTime()
      const { client, server, heard, reported } = await signedIn({ refresh: { when: 'on-demand' } })
      server.failNext('refresh', Response.json({ error }, { status: code }))

      await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'misconfigured' })

      expect(reported).toEqual([expect.objectContaining({ code: 'misconfigured', oauthError: error, status: code })])
      expect(heard('refreshFailed')).toMatchObject([{ error: { code: 'misconfigured', retryable: false } }])
      expect(heard('logout')).toEqual([])
      expect((await client.fetch(API)).status).toBe(200)
    },
  )

  it('causes no storm: the timer backs off as after any failure', async () => {
    stopTime()
    const { server } = await signedIn()
    server.failNext('refresh', Response.json({ error: 'invalid_client' }, { status: 401 }), Number.POSITIVE_INFINITY)

    await pass(3_600_000)

    expect(server.refreshes).toBeGreaterThan(10)
    expect(server.refreshes).toBeLessThan(35)
  })
})

describe('R5: isFinal', () => {
  const options = (isFinal: (answer: { status: number; headers: Headers; body: unknown }) => boolean) => ({
    baseUrl: 'https://api.test',
    backend: jsonBackend<LoginForm>({ baseUrl: 'https://api.test', isFinal }),
  })

  it('ends the session where the default would keep it', async () => {
    const { client, server, heard } = await signedIn(options(({ status }) => status === 403))
    server.failNext('refresh', status(403))

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })

    expect(heard('logout')).toMatchObject([{ reason: 'revoked' }])
  })

  it('keeps the session where the default would end it', async () => {
    const { client, server, heard } = await signedIn(options(() => false))
    server.failNext('refresh', status(401))

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'server_error' })

    expect(heard('logout')).toEqual([])
    expect(client.state.status).toBe('authenticated')
  })

  it('wins over an OAuth error that blames the client', async () => {
    const { client, server } = await signedIn(options(() => true))
    server.failNext('refresh', Response.json({ error: 'invalid_client' }, { status: 401 }))

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })
  })

  it('sees status, headers and the parsed body', async () => {
    const seen: unknown[] = []
    const { client, server } = await signedIn(
      options(({ status, headers, body }) => {
        seen.push([status, headers.get('x-reason'), body])
        return false
      }),
    )
    server.failNext('refresh', Response.json({ detail: 'gone' }, { status: 410, headers: { 'X-Reason': 'idle' } }))
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)

    expect(seen).toEqual([[410, 'idle', { detail: 'gone' }]])
  })

  it('is asked about refused refreshes only', async () => {
    const { client, server } = setUp(options(() => true))
    server.failNext('login', status(500))
    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'server_error' })
    await client.login(FORM)
    server.failNext('refresh', new Response(html))

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'invalid_response' })

    expect(client.state.status).toBe('authenticated')
  })
})

describe('R5: an attempt that breaks off', () => {
  const original = new TypeError('Cannot read properties of undefined')
  const breakOff = (): never => {
    throw original
  }
  /** Each begins signed in, and from then on all attempts break off. */
  const causes: [string, (options: SetupOptions) => Promise<Setup>][] = [
    [
      'an isFinal that throws',
      async (options) => {
        const backend = jsonBackend<LoginForm>({ baseUrl: 'https://api.test', isFinal: breakOff })
        const setup = await signedIn({ ...options, baseUrl: 'https://api.test', backend })
        setup.server.failNext('refresh', () => status(502), Number.POSITIVE_INFINITY)
        return setup
      },
    ],
  ]

  it.each(causes)('by %s is a failure like any other: told, reported, and the session stays', async (_, begin) => {
    stopTime()
    const { client, heard, reported } = await begin({ refresh: { when: 'on-demand' } })

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    expect(call.error).toMatchObject({ name: 'AuthError', code: 'server_error', retryable: true })
    expect(heard('refreshFailed')).toMatchObject([{ attempt: 1, retryAt: expect.any(Number) }])
    expect(heard('refreshFailed')[0]?.error).toBe(call.error)
    expect(reported).toEqual([original])
    expect(heard('logout')).toEqual([])
    expect((await client.fetch(API)).status).toBe(200)
  })

  it.each(causes)('by %s rejects callers whose token has expired with that error', async (_, begin) => {
    stopTime()
    const { client, heard } = await begin({ refresh: { when: 'on-demand' } })
    await pass(300_000)

    const calls = [watch(client.getAccessToken()), watch(client.fetch(API))]
    await settle()

    for (const { error } of calls) expect(error).toBe(heard('refreshFailed')[0]?.error)
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
  })

  it.each(causes)('by %s causes no storm: the timer backs off', async (_, begin) => {
    stopTime()
    const { client, server } = await begin({ refresh: { spread: false } })
    await pass(270_000)
    expect(server.refreshes).toBe(1)

    await pass(1000)
    expect(server.refreshes).toBe(1)
    await pass(59_000)

    expect(server.refreshes).toBeGreaterThan(1)
    expect(server.refreshes).toBeLessThan(6)
    expect(client.state.status).toBe('authenticated')
  })
})

describe('R5: an answer whose `user` is nothing that JSON can hold', () => {
  const backend = () => {
    const calls = { refreshes: 0 }
    const tokens = () => ({ accessToken: `a${calls.refreshes}`, refreshToken: 'r', lifetime: 300_000 })
    return Object.assign(calls, {
      id: 'own',
      origin: undefined,
      refreshVia: 'body' as const,
      login: async () => tokens(),
      async refresh() {
        calls.refreshes += 1
        return { ...tokens(), user: { id: 10n } }
      },
    })
  }

  it('is a failure like any other: told, and the session stays', async () => {
    stopTime()
    const { client, heard } = await signedIn({ backend: backend(), refresh: { when: 'on-demand' } })

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    expect(call.error).toMatchObject({ name: 'AuthError', code: 'invalid_option' })
    expect(heard('refreshFailed')[0]?.error).toBe(call.error)
    expect(heard('refresh')).toEqual([])
    expect(client.state.status).toBe('authenticated')
  })

  it('causes no storm', async () => {
    stopTime()
    const own = backend()
    const { client } = await signedIn({ backend: own, refresh: { spread: false } })
    await pass(270_000)
    expect(own.refreshes).toBe(1)

    await pass(1000)
    expect(own.refreshes).toBe(1)
    await pass(59_000)

    expect(own.refreshes).toBeLessThan(6)
    expect(client.state.status).toBe('authenticated')
  })
})

describe('R5: a backend of one’s own', () => {
  const failing = (thrown: unknown) => ({
    id: 'own',
    origin: undefined,
    refreshVia: 'body' as const,
    login: async () => ({ accessToken: 'a', refreshToken: 'r', lifetime: 300_000 }),
    refresh: async () => {
      throw thrown
    },
  })

  it('ends the session by throwing refresh_rejected', async () => {
    const { client, heard } = await signedIn({ backend: failing(new AuthError('refresh_rejected', 'Over.')) })

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })

    expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { message: 'Over.' } }])
  })

  it.each([
    ['an Error', new Error('boom')],
    ['a TypeError', new TypeError('x')],
    ['nothing at all', undefined],
  ])('keeps the session when it throws %s', async (_what, thrown) => {
    const { client, heard } = await signedIn({ backend: failing(thrown) })

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      name: 'AuthError',
      retryable: true,
    })

    expect(heard('logout')).toEqual([])
    expect(client.state.status).toBe('authenticated')
  })

  it.each(['rate_limited', 'timeout', 'misconfigured'] as const)(
    'says more by throwing %s than the status of a refused answer does',
    async (code) => {
      const { client, server } = await signedIn({
        backend: {
          ...failing(undefined),
          refresh: async (_tokens, { fetch }) => {
            await fetch('https://api.test/refresh', { method: 'POST' })
            throw new AuthError(code, 'Read from the body.', { retryAt: Date.now() + 60_000 })
          },
        },
      })
      server.failNext('refresh', Response.json({ code: 'busy' }, { status: 400 }))

      const renewal = client.getAccessToken({ forceRefresh: true })

      await expect(renewal).rejects.toMatchObject({ code, message: 'Read from the body.' })
      expect(client.state.status).toBe('authenticated')
    },
  )

  it('keeps the session when it answers nothing', async () => {
    const backend = { ...failing(undefined), refresh: async () => undefined as never }
    const { client } = await signedIn({ backend })

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'invalid_response' })

    expect(client.state.status).toBe('authenticated')
  })
})

describe('R6: Retry-After', () => {
  it.each([
    ['20', 20_000],
    [' 20 ', 20_000],
    ['31536000', 300_000],
    ['99999999999999999999', 300_000],
    [new Date(START + 20_000).toUTCString(), 20_000],
    [new Date(START + 86_400_000).toUTCString(), 300_000],
  ])('of %j binds callers until then: rate_limited, with retryAt', async (value, pause) => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    server.failNext('refresh', status(503, { 'Retry-After': value }))
    const first = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()
    const sent = server.refreshes

    const second = watch(client.getAccessToken({ forceRefresh: true }))
    await pass(pause - 1)
    const third = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    expect(first.error).toMatchObject({ code: 'server_error', retryAt: START + pause })
    expect([second.error, third.error]).toEqual(
      Array(2).fill(expect.objectContaining({ code: 'rate_limited', retryAt: START + pause, retryable: true })),
    )
    expect(server.refreshes).toBe(sent)
    await pass(1)
    expect(await client.getAccessToken({ forceRefresh: true })).toBe(server.current.accessToken)
  })

  it.each(['soon', '', '0', '-5', '1.5', 'NaN', 'Infinity', new Date(START - 60_000).toUTCString()])(
    'of %j binds nobody',
    async (value) => {
      stopTime()
      const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
      server.failNext('refresh', status(429, { 'Retry-After': value }))
      await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ retryAt: undefined })

      const next = watch(client.getAccessToken({ forceRefresh: true }))
      await pass(500)

      expect(next.value).toBe(server.current.accessToken)
    },
  )
})
