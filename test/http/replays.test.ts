import { describe, expect, it } from 'vitest'
import { type AuthServer, createAuthServer } from '../support/auth-server.ts'
import { type Setup, signedIn } from '../support/client.ts'
import { pass, settle, stopTime, watch } from '../support/clock.ts'

const API = 'https://api.test/todos'
const unauthorized = (): Response => Response.json({ error: 'invalid_token' }, { status: 401 })

/** What the API was sent: the token of which generation, counted from 1. */
function generationsSent({ requests }: AuthServer, issued: readonly string[]): number[] {
  const accessTokens = issued.filter((token) => token.includes('.'))
  const sent = requests.filter(({ endpoint }) => endpoint === 'api')
  return sent.map(({ authorization }) => accessTokens.indexOf(authorization?.replace('Bearer ', '') ?? '') + 1)
}

describe('H5: a 401', () => {
  it('is answered by one refresh and one replay, and the caller sees the second answer', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['api', 'refresh', 'api'])
    expect(generationsSent(server, server.issued)).toEqual([1, 2])
  })

  it('leaves the headers of the first time as they were sent', async () => {
    const server = createAuthServer()
    const kept: Headers[] = []
    const { client } = await signedIn({
      server,
      fetch: (input, init) => {
        if (String(input).startsWith(API)) kept.push(init?.headers as Headers)
        return server.fetch(input, init)
      },
    })
    const first = await client.getAccessToken()
    server.expireAccessTokens()

    await client.fetch(API, { headers: { 'x-page': '1' } })

    const second = await client.getAccessToken()
    expect(kept.map((headers) => Object.fromEntries(headers))).toEqual([
      { authorization: `Bearer ${first}`, 'x-page': '1' },
      { authorization: `Bearer ${second}`, 'x-page': '1' },
    ])
  })

  it('F29: shares one refresh with 999 others whose answers come over 100 ms, and all of them succeed', async () => {
    const server = createAuthServer()
    const { client } = await signedIn({ server, fetch: server.fetch })
    server.expireAccessTokens()
    server.slowDown('api', (_, index) => (index < 1000 ? index % 100 : 0))

    const responses = await Promise.all(Array.from({ length: 1000 }, (_, index) => client.fetch(`${API}/${index}`)))

    expect(server.refreshes).toBe(1)
    expect(server.to('api')).toHaveLength(2000)
    expect(responses.every(({ ok }) => ok)).toBe(true)
  })

  it('F30: of an older token is sent again with the current one, without a refresh', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    server.expireAccessTokens()
    server.slowDown('api', 1000)
    const request = watch(client.fetch(API))
    await settle()
    server.slowDown('api', 0)
    await client.getAccessToken({ forceRefresh: true })
    server.requests.length = 0

    await pass(1000)

    expect(request.value?.status).toBe(200)
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['api'])
    expect(generationsSent(server, server.issued)).toEqual([2])
  })

  it('F30: of a token two generations old is sent again without a refresh', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    server.expireAccessTokens()
    server.slowDown('api', (_, index) => (index === 0 ? 1000 : 0))
    const request = watch(client.fetch(API))
    await settle()
    await client.getAccessToken({ forceRefresh: true })
    await client.getAccessToken({ forceRefresh: true })

    await pass(1000)

    expect(request.value?.status).toBe(200)
    expect(server.refreshes).toBe(2)
  })

  it.each([
    ['500', new Response(null, { status: 500 })],
    ['a lost connection', 'network-error'],
    ['invalid_client', Response.json({ error: 'invalid_client' }, { status: 401 })],
    ['a refusal', new Response(null, { status: 401 })],
  ] as const)('is the caller’s answer, body and all, when the refresh meets %s', async (_what, fault) => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    server.failNext('refresh', fault)

    const response = await client.fetch(API)

    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ error: 'invalid_token', message: expect.any(String) })
    expect(server.to('api')).toHaveLength(1)
  })

  it('is the caller’s answer where there is nothing to renew with', async () => {
    const { client, server } = await signedIn()
    await client.setTokens({ accessToken: 'opaque' })

    const response = await client.fetch(API)

    expect(response.status).toBe(401)
    expect(server.refreshes).toBe(0)
    expect(client.state.status).toBe('authenticated')
  })

  it.each([
    ['another origin causes no refresh: it is not about our token', 'https://elsewhere.test/todos', 401, 0],
    ['another of our own origins causes none: the browser has taken the token off', 'https://files.test/todos', 401, 0],
    ['another path of `baseUrl` causes one, as any other', 'https://api.test/tasks', 200, 1],
  ])('after a redirect to %s', async (_where, url, expected, refreshes) => {
    const server = createAuthServer()
    let isMoved = true
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (!isMoved || String(input) !== API) return server.fetch(input, init)
      isMoved = false
      return Object.defineProperties(unauthorized(), { redirected: { value: true }, url: { value: url } })
    }
    const { client, heard } = await signedIn({ server, fetch, attachTo: ['https://files.test'] })

    const response = await client.fetch(API)

    expect(response.status).toBe(expected)
    expect(server.refreshes).toBe(refreshes)
    expect(heard('refresh')).toHaveLength(refreshes)
  })

  it('ends no session by itself', async () => {
    const { client, server, heard } = await signedIn()
    server.failNext('api', unauthorized, 9)

    await client.fetch(API)

    expect(client.state.status).toBe('authenticated')
    expect(heard('logout')).toEqual([])
  })

  it('frees the connection of the answer that nobody reads', async () => {
    let isCancelled = false
    const server = createAuthServer()
    const { client } = await signedIn({ server, fetch: server.fetch })
    const unread = new ReadableStream({
      cancel() {
        isCancelled = true
        throw new Error('The connection is gone already.')
      },
    })
    server.failNext('api', () => new Response(unread, { status: 401 }))

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
    expect(isCancelled).toBe(true)
  })
})

describe('H5: 403', () => {
  it('F32: never causes a refresh', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', Response.json({ error: 'insufficient_scope' }, { status: 403 }), 9)

    const response = await client.fetch(API)

    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({ error: 'insufficient_scope' })
    expect(server.refreshes).toBe(0)
    expect(server.to('api')).toHaveLength(1)
  })
})

describe('H5: an endpoint that always answers 401', () => {
  const callers: [string, (setup: Setup, index: number) => Promise<unknown>][] = [
    ['fetch', ({ client }, index) => client.fetch(`${API}/${index}`)],
    ['http', ({ client }, index) => client.http.get(`todos/${index}`).catch(() => undefined)],
    [
      'getAccessToken({ rejected }) for a client of one’s own',
      async ({ client, server }, index) => {
        const send = (token: string): Promise<Response> =>
          server.fetch(`${API}/${index}`, { headers: { Authorization: `Bearer ${token}` } })
        const token = await client.getAccessToken()
        const { status } = await send(token)
        if (status !== 401) return
        const next = await client.getAccessToken({ rejected: token })
        if (next !== token) await send(next)
      },
    ],
  ]

  it.each(callers)(
    'F31: causes one refresh in 30 s and two sends a call at most, whatever calls it: %s',
    async (_who, call) => {
      stopTime()
      const server = createAuthServer()
      const setup = await signedIn({ server, fetch: server.fetch, refresh: { when: 'on-demand' } })
      server.failNext('api', unauthorized, Number.POSITIVE_INFINITY)

      for (let second = 0; second < 29; second += 1) {
        await Promise.all(Array.from({ length: 20 }, (_, index) => call(setup, second * 20 + index)))
        await pass(1000)
      }

      expect(server.refreshes).toBe(1)
      const sends = new Map<string, number>()
      for (const { path } of server.to('api')) sends.set(path, (sends.get(path) ?? 0) + 1)
      expect(sends.size).toBe(580)
      expect(Math.max(...sends.values())).toBe(2)
    },
  )

  it.each(callers)('F31: causes another refresh after 30 s: %s', async (_who, call) => {
    stopTime()
    const server = createAuthServer()
    const setup = await signedIn({ server, fetch: server.fetch, refresh: { when: 'on-demand' } })
    server.failNext('api', unauthorized, Number.POSITIVE_INFINITY)
    await call(setup, 0)

    await pass(30_000)
    await call(setup, 1)

    expect(server.refreshes).toBe(2)
  })

  it('F31: causes one refresh, whichever callers are mixed', async () => {
    stopTime()
    const server = createAuthServer()
    const setup = await signedIn({ server, fetch: server.fetch, refresh: { when: 'on-demand' } })
    server.failNext('api', unauthorized, Number.POSITIVE_INFINITY)

    for (let second = 0; second < 29; second += 1) {
      for (const [, call] of callers) await call(setup, second)
      await pass(1000)
    }

    expect(server.refreshes).toBe(1)
  })

  it('F48: stops no other endpoint from working', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', unauthorized, 2)
    await client.fetch(`${API}/broken`)

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  it('keeps no renewal from an endpoint whose replay was accepted', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    await client.fetch(API)
    server.expireAccessTokens()

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
    expect(server.refreshes).toBe(2)
  })

  it('keeps no renewal from the next session', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', unauthorized, 2)
    await client.fetch(API)
    await client.login({ username: 'bea', password: 'secret' })
    server.expireAccessTokens()

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
  })
})

describe('H5: getAccessToken({ rejected })', () => {
  it('answers the current token where that is newer, without a refresh', async () => {
    const { client, server } = await signedIn()
    const old = await client.getAccessToken()
    const current = await client.getAccessToken({ forceRefresh: true })

    const answer = await client.getAccessToken({ rejected: old })

    expect(answer).toBe(current)
    expect(server.refreshes).toBe(1)
  })

  it('renews the current token once for callers that ask at the same time', async () => {
    const { client, server } = await signedIn()
    const rejected = await client.getAccessToken()

    const answers = await Promise.all(Array.from({ length: 100 }, () => client.getAccessToken({ rejected })))

    expect(new Set(answers)).toEqual(new Set([server.current.accessToken]))
    expect(answers[0]).not.toBe(rejected)
    expect(server.refreshes).toBe(1)
  })

  it('rejects with login_required when the refresh is refused', async () => {
    const { client, server } = await signedIn()
    server.endSessions()

    const call = client.getAccessToken({ rejected: await client.getAccessToken() })

    await expect(call).rejects.toMatchObject({ code: 'login_required' })
  })
})
