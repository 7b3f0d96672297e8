import { HTTPError, type KyOptions, TimeoutError } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { setUp, signedIn } from '../support/client.ts'
import { pass, stopTime, watch } from '../support/clock.ts'

const unavailable = (): Response => new Response(null, { status: 503 })

describe('H7: http', () => {
  it('joins paths to baseUrl', async () => {
    const { client, server } = await signedIn({ server: { baseUrl: 'https://api.test/v1' } })

    await client.http.get('todos/1', { searchParams: { page: 2 } }).json()

    expect(server.to('api')[0]?.url).toBe('https://api.test/v1/todos/1?page=2')
  })

  it.each([0, 1, 2])('F35: gets the replay after a 401 with retry: %i', async (retry) => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const answer = await client.http.get('todos', { retry }).json()

    expect(answer).toMatchObject({ path: 'todos' })
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['api', 'refresh', 'api'])
  })

  it('F35: gets the replay of a POST, which ky would not retry', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const answer = await client.http.post('todos', { json: { a: 1 } }).json()

    expect(answer).toMatchObject({ body: { a: 1 } })
    expect(server.to('api')).toHaveLength(2)
  })

  it('F35: carries the newest token on ky’s own retry after a 503', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', unavailable)
    const options: KyOptions = {
      retry: { limit: 1, delay: () => 1 },
      hooks: { beforeRetry: [async () => void (await client.getAccessToken({ forceRefresh: true }))] },
    }

    await client.http.get('todos', options).json()

    const tokens = server.to('api').map(({ authorization }) => authorization)
    expect(tokens).toEqual([expect.any(String), `Bearer ${server.current.accessToken}`])
    expect(tokens[0]).not.toBe(tokens[1])
  })

  it.each([
    [['503', '503', '401'], 200, 1],
    [['401', '503'], 200, 1],
    [['503', '401', '401'], 401, 1],
  ])(
    'F35: answers %j, then 200, as two layers that know nothing of each other',
    async (statuses, expected, refreshes) => {
      const { client, server } = await signedIn()
      const queue = [...statuses]
      server.failNext(
        'api',
        () => {
          const status = queue.shift()
          return status ? new Response(null, { status: Number(status) }) : Response.json({})
        },
        9,
      )

      const response = await client.http
        .get('todos', { retry: { limit: 2, delay: () => 1 } })
        .catch((error: HTTPError) => error.response)

      expect(response.status).toBe(expected)
      expect(server.refreshes).toBe(refreshes)
    },
  )

  it('T4: throws an HTTPError that carries no token', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', Response.json({ reason: 'gone' }, { status: 410 }))

    const error = await client.http.get('todos').catch((thrown: HTTPError) => thrown)

    if (!(error instanceof HTTPError)) throw new Error('There was no HTTPError.')
    expect(error.response.status).toBe(410)
    expect(error.request.headers.has('authorization')).toBe(false)
    expect(new Headers(error.options.headers as Headers).has('authorization')).toBe(false)
  })

  it('gives a 401 that stays one as HTTPError, never as ForceRetryError', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', new Response(null, { status: 401 }), 9)

    const error = await client.http.get('todos', { retry: 0 }).catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(HTTPError)
    expect(error).toMatchObject({ response: { status: 401 } })
    expect(server.to('api')).toHaveLength(2)
  })

  it('ends a call after 30 s, unless told otherwise', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    server.failNext('api', 'hang', 9)
    const call = watch(client.http.get('todos', { retry: 0 }))
    const short = watch(client.http.get('todos', { retry: 0, timeout: 1000 }))

    await pass(1000)
    expect(short.error).toBeInstanceOf(TimeoutError)
    await pass(28_999)
    expect(call.status).toBe('pending')
    await pass(1)

    expect(call.error).toBeInstanceOf(TimeoutError)
  })

  it('ends a call after 30 s, where `http` leaves its timeout undefined', async () => {
    stopTime()
    const { client, server } = await signedIn({
      http: { timeout: undefined } as object,
      refresh: { when: 'on-demand' },
    })
    server.failNext('api', 'hang')
    const call = watch(client.http.get('todos', { retry: 0 }))

    await pass(29_999)
    expect(call.status).toBe('pending')
    await pass(1)

    expect(call.error).toBeInstanceOf(TimeoutError)
  })

  it('passes the `http` options on to ky', async () => {
    const { client, server } = await signedIn({ http: { headers: { 'X-App': '1' }, throwHttpErrors: false, retry: 0 } })
    server.failNext('api', unavailable)

    const response = await client.http.get('todos')

    expect(response.status).toBe(503)
    expect(server.to('api')[0]?.headers.get('x-app')).toBe('1')
  })

  it('keeps the token and the replay when it is extended', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const answer = await client.http
      .extend({ headers: { 'X-App': '1' } })
      .get('todos')
      .json()

    expect(answer).toMatchObject({ path: 'todos' })
    expect(server.to('api')[1]?.headers.get('x-app')).toBe('1')
  })

  it('serves absolute URLs only where no baseUrl is given', async () => {
    const { client, server } = setUp({
      backend: { id: 'x', origin: undefined, refreshVia: 'none', login: async () => ({ accessToken: 'a' }) },
      attachTo: ['https://api.test'],
    })
    await client.login({ username: 'ada', password: 'secret' })

    await client.http.get('https://api.test/todos').catch(() => undefined)

    expect(server.to('api')[0]?.authorization).toBe('Bearer a')
  })
})
