import { inspect } from 'node:util'
import { isAuthError } from 'latchkey/core'
import { HttpResponse, http } from 'msw'
import { describe, expect, it, vi } from 'vitest'
import { letTimePass, network, server } from './api.ts'
import { auth } from './auth.ts'
import { type Case, cases } from './cases.ts'
import { added } from './todos.ts'

/** The answer of an API that does not like its own tokens. */
const REFUSED = { error: 'invalid_token', message: 'No.' }

const endpoints = () => server.requests.map(({ endpoint }) => endpoint)
const statuses = () => server.requestsTo('api').map(({ status }) => status)

describe.each(cases)('$name', ({ read, add, elsewhere, failure, refusal, aborted, ...rest }: Case) => {
  const loginRequired = failure('login_required')
  const { dropped = loginRequired } = rest

  it('renews a token that has expired before a request leaves', async () => {
    letTimePass()

    expect(await read(1)).toMatchObject({ id: 1, title: 'Todo 1', by: 'johndoe' })
    expect(endpoints()).toEqual(['refresh', 'api'])
    expect(statuses()).toEqual([200])
  })

  it('renews once for ten requests that meet a 401 together, and each gets its own answer', async () => {
    server.expireAccessTokens()

    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => read(index)))

    expect(answers.map((todo) => todo?.title)).toEqual(Array.from({ length: 10 }, (_, index) => `Todo ${index}`))
    expect(server.refreshes).toBe(1)
    const count = (wanted: number): number => statuses().filter((status) => status === wanted).length
    expect(count(401)).toBeGreaterThan(0)
    expect(count(401)).toBeLessThanOrEqual(count(200))
    expect(count(200)).toBe(rest.isBatching ? 1 : 10)
  })

  it('renews once for ten requests whose token has expired', async () => {
    letTimePass()

    await Promise.all(Array.from({ length: 10 }, (_, index) => read(index)))

    expect(server.refreshes).toBe(1)
    expect(new Set(statuses())).toEqual(new Set([200]))
  })

  it('sends the same body again after a 401, and the work is done once', async () => {
    server.expireAccessTokens()

    expect(await add('Buy milk')).toMatchObject({ title: 'Buy milk', by: 'johndoe' })
    expect(endpoints()).toEqual(['api', 'refresh', 'api'])
    const [first, second] = server.requestsTo('api')
    expect(first?.text).toContain('Buy milk')
    expect(second?.text).toBe(first?.text)
    expect(second?.headers.get('content-type')).toBe(first?.headers.get('content-type'))
    expect(added).toHaveLength(1)
  })

  it('believes a 401 that stays: one renewal, and nobody is signed out', async () => {
    server.fail('api', { response: () => HttpResponse.json(REFUSED, { status: 401 }), times: 9 })

    await expect(read(1)).rejects.toEqual(expect.anything())
    expect(endpoints()).toEqual(['api', 'refresh', ...Array.from({ length: rest.tries ?? 1 }, () => 'api')])
    expect(auth.state.status).toBe('authenticated')
  })

  it('tells why a token that has expired could not be renewed, and nobody is signed out', async () => {
    letTimePass()
    server.fail('refresh', { status: 503, retryAfter: 60 })

    await expect(add('Buy milk')).rejects.toEqual(failure('server_error'))
    await expect(add('Buy milk')).rejects.toEqual(failure('rate_limited'))
    expect(endpoints()).toEqual(['refresh'])
    expect(auth.state.status).toBe('authenticated')
  })

  it('rejects with login_required when the session turns out to be over before a change leaves', async () => {
    letTimePass()
    server.revoke()

    await expect(add('Buy milk')).rejects.toEqual(loginRequired)
    expect(endpoints()).toEqual(['refresh'])
    expect(auth.state).toMatchObject({ status: 'unauthenticated', reason: 'revoked' })
  })

  it('hands over the refusal of a change when the session turns out to be over at a 401', async () => {
    server.revoke()

    await expect(add('Buy milk')).rejects.toEqual(refusal)
    expect(endpoints()).toEqual(['api', 'refresh'])
    expect(auth.state).toMatchObject({ status: 'unauthenticated', reason: 'revoked' })
  })

  it('sends nothing, and says so, when somebody signs out before a request has left', async () => {
    letTimePass()
    server.fail('refresh', 'hang')
    const reading = expect(read(1)).rejects.toEqual(dropped)
    const adding = expect(add('Buy milk')).rejects.toEqual(loginRequired)
    await vi.waitFor(() => expect(server.refreshes).toBe(1))

    await auth.logout()

    await Promise.all([reading, adding])
    expect(server.requestsTo('api')).toEqual([])
  })

  it('shows no token in what it rejects with', async () => {
    server.fail('api', { status: 500, times: 9 })

    const error: unknown = await read(1).catch((error: unknown) => error)

    expect(error).toBeInstanceOf(Error)
    const text = JSON.stringify(error) + (rest.keepsToken ? '' : inspect(error, { depth: 20, showHidden: true }))
    for (const { accessToken } of server.issued) expect(text).not.toContain(accessToken)
  })

  it('asks without a token while nobody is signed in, where the client can, and hands over the refusal', async () => {
    await auth.logout()
    server.forgetRequests()

    await expect(read(1)).rejects.toEqual(refusal)
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(
      rest.needsSomebody ? [] : Array.from({ length: rest.tries ?? 1 }, () => null),
    )
  })

  it('passes an abort on to the request', async () => {
    server.fail('api', 'hang')
    const control = new AbortController()
    const call = expect(read(1, control.signal)).rejects.toEqual(aborted)
    await vi.waitFor(() => expect(statuses()).toHaveLength(1))

    control.abort()

    await call
    expect(server.requests[0]?.request.signal.aborted).toBe(true)
  })

  it('says no `AuthError` of what is the client’s own, though axios copies name and code of ours', async () => {
    letTimePass()
    server.fail('refresh', { status: 503 })

    const error: unknown = await add('Buy milk').catch((thrown: unknown) => thrown)

    const ours = isAuthError(error) ? error : (error as Error).cause
    expect(ours).toMatchObject({ code: 'server_error', retryable: true })
    expect(isAuthError(ours)).toBe(true)
  })

  it('leaves off when it is aborted while it waits for a renewal, which goes on', async () => {
    letTimePass()
    server.fail('refresh', { delay: 500 })
    const control = new AbortController()
    const call = expect(read(1, control.signal)).rejects.toEqual(aborted)
    await vi.waitFor(() => expect(server.refreshes).toBe(1))

    control.abort()

    await call
    await server.settled()
    expect(endpoints()).toEqual(['refresh'])
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })

  it('sends no token to another origin', async () => {
    const seen: (string | null)[] = []
    network.use(
      http.all('https://elsewhere.test/*', ({ request }) => {
        seen.push(request.headers.get('authorization'))
        return new HttpResponse(null, { status: 404 })
      }),
    )

    await elsewhere().catch(() => undefined)

    expect(seen).toEqual(rest.staysHome ? [] : [null])
  })
})
