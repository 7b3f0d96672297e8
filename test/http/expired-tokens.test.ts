import { type AuthError, jsonBackend, memoryStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { createAuthServer } from '../support/auth-server.ts'
import { FORM, type LoginForm, setUp, signedIn } from '../support/client.ts'
import { pass, settle, stopTime, watch } from '../support/clock.ts'

const API = 'https://api.test/todos'
const bearer = (token: string | undefined): string => `Bearer ${token}`

describe('H4: a request on an expired token', () => {
  it('leaves with a renewed token', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['refresh', 'api'])
    expect(server.to('api')[0]?.authorization).toBe(bearer(server.current.accessToken))
  })

  it('F29: shares one refresh with 999 others, and all of them succeed', async () => {
    stopTime()
    const server = createAuthServer()
    const { client } = await signedIn({ server, fetch: server.fetch, refresh: { when: 'on-demand' } })
    await pass(300_000)

    const responses = await Promise.all(Array.from({ length: 1000 }, (_, index) => client.fetch(`${API}/${index}`)))

    expect(server.refreshes).toBe(1)
    expect(server.to('api')).toHaveLength(1000)
    expect(responses.every(({ ok }) => ok)).toBe(true)
  })

  it.each([
    ['500', new Response(null, { status: 500 }), 'server_error'],
    ['404', new Response(null, { status: 404 }), 'server_error'],
    ['429', new Response(null, { status: 429, headers: { 'Retry-After': '7' } }), 'rate_limited'],
    ['a lost connection', 'network-error', 'network'],
    ['an HTML page', new Response('<html>', { headers: { 'Content-Type': 'text/html' } }), 'invalid_response'],
    ['invalid_client', Response.json({ error: 'invalid_client' }, { status: 401 }), 'misconfigured'],
  ] as const)('rejects with the refresh’s error when that meets %s, and does not leave', async (_what, fault, code) => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.failNext('refresh', fault)

    await expect(client.fetch(API)).rejects.toMatchObject({ name: 'AuthError', code })

    expect(server.to('api')).toEqual([])
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
  })

  it.each([400, 401])('rejects with login_required when the refresh is refused with %i', async (status) => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.failNext('refresh', new Response(null, { status }))

    const error = await client.fetch(API).catch((thrown: unknown) => thrown as AuthError)

    expect(error).toMatchObject({ code: 'login_required', cause: { code: 'refresh_rejected', status } })
    expect(server.to('api')).toEqual([])
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  })

  it('rejects with login_required where there is nothing to renew it with', async () => {
    stopTime()
    const { client, server } = setUp({ refresh: { when: 'on-demand' } })
    await client.setTokens({ accessToken: 'a', lifetime: 1000 })
    await pass(1000)

    await expect(client.fetch(API)).rejects.toMatchObject({ code: 'login_required' })

    expect(server.requests).toEqual([])
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'expired' })
  })

  it('rejects ky calls with the same error, which ky does not retry', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.failNext('refresh', 'network-error', 9)

    await expect(client.http.get('todos')).rejects.toMatchObject({ name: 'AuthError', code: 'network' })

    expect(server.refreshes).toBe(1)
  })
})

describe('H4: a request of nobody', () => {
  it('leaves without a token, for public endpoints', async () => {
    const { client, server } = setUp()

    const response = await client.fetch(API)

    expect(response.status).toBe(401)
    expect(server.requests.map(({ endpoint, authorization }) => [endpoint, authorization])).toEqual([['api', null]])
  })

  it('leaves without a token after a logout', async () => {
    const { client, server } = await signedIn()
    await client.logout()

    await client.fetch(API)

    expect(server.to('api').map(({ authorization }) => authorization)).toEqual([null])
  })

  it('leaves without a token once `probe` has learnt that there is no session', async () => {
    const backend = jsonBackend<LoginForm>({ baseUrl: 'https://api.test', refreshVia: 'cookie' })
    const { client, server } = setUp({ baseUrl: 'https://api.test', backend, server: { refreshVia: 'cookie' } })
    server.slowDown('refresh', 20)
    const started = client.start({ probe: true })
    const early = client.fetch(API)
    while (server.refreshes === 0) await settle()

    const responses = await Promise.all([early, client.fetch(API)])

    expect(responses.map(({ status }) => status)).toEqual([401, 401])
    expect(server.requests.map(({ endpoint, authorization }) => [endpoint, authorization])).toEqual([
      ['refresh', null],
      ['api', null],
      ['api', null],
    ])
    expect(await started).toEqual({ status: 'unauthenticated', reason: 'never' })
  })

  it('is explained', async () => {
    const { client } = setUp()

    await client.fetch(API)

    expect(client.explain().at(-1)).toMatchObject({
      what: 'no token',
      why: expect.stringContaining('nobody was signed in'),
    })
  })
})

describe('H4: a request that began signed in', () => {
  it('never leaves when a logout comes while it waits for a refresh: it rejects with login_required', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.slowDown('refresh', 1000)
    const request = watch(client.fetch(API, { method: 'POST', body: 'x' }))
    await settle()

    await client.logout()
    await pass(1000)

    expect(request.error).toMatchObject({ code: 'login_required' })
    expect(server.to('api')).toEqual([])
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 8, 10, 15])(
    'leaves neither anonymously nor with a token once logout() was called, %i turns later',
    async (turns) => {
      const server = createAuthServer()
      let isLoggedOut = false
      const late: (string | null)[] = []
      const fetch: typeof globalThis.fetch = (input, init) => {
        const { url, headers } = new Request(input, init)
        if (isLoggedOut && url === API) late.push(headers.get('authorization'))
        return server.fetch(input, init)
      }
      const { client } = await signedIn({ server, fetch })

      const request = watch(client.fetch(API))
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      const loggingOut = client.logout()
      isLoggedOut = true
      await loggingOut
      await settle()

      expect(late).toEqual([])
      expect(request.status).not.toBe('pending')
    },
  )
})

/** A client whose storage holds a session, and says so when the test lets it. */
async function reading() {
  const server = createAuthServer()
  const storage = memoryStorage()
  const before = await signedIn({ server, storage })
  before.client.dispose()
  let resolve: (text: string | null) => void = () => undefined
  const slow = { ...storage, getItem: () => new Promise<string | null>((told) => (resolve = told)) }
  const { client } = setUp({ server, storage: slow })
  return { client, server, answer: async () => resolve(await storage.getItem('latchkey')) }
}

describe('R10: a request made while the storage is being read', () => {
  it('waits, and leaves with the restored token', async () => {
    const { client, server, answer } = await reading()

    const request = watch(client.fetch(API))
    await settle()
    expect(server.to('api')).toEqual([])
    await answer()
    await settle()

    expect(request.value?.status).toBe(200)
    expect(server.to('api')[0]?.authorization).toBe(bearer(server.current.accessToken))
  })

  it.each([
    ['', {}],
    [' (with a signal of its own)', { signal: new AbortController().signal }],
  ])('never leaves when a logout comes meanwhile: it rejects with login_required%s', async (_which, init) => {
    const { client, server, answer } = await reading()
    const request = watch(client.fetch(API, init))
    const loggingOut = client.logout()
    await settle()

    await answer()
    await loggingOut
    await settle()

    expect(request.error).toMatchObject({ code: 'login_required' })
    expect(server.to('api')).toEqual([])
  })

  it('rejects at once when its caller aborts', async () => {
    const storage = { ...memoryStorage(), getItem: () => new Promise<string | null>(() => undefined) }
    const { client, server } = setUp({ storage })
    const caller = new AbortController()
    const request = watch(client.fetch(API, { signal: caller.signal }))
    const call = watch(client.getAccessToken({ signal: caller.signal }))
    await settle()

    const reason = new Error('The user left.')
    caller.abort(reason)
    await settle()

    expect([request.error, call.error]).toEqual([reason, reason])
    expect(server.requests).toEqual([])
  })
})

describe('R10: a request belongs to the session under which it was made', () => {
  it('T13: is not sent with the token of somebody who signed in while it waited', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.slowDown('refresh', 1000)
    const requests = Array.from({ length: 50 }, () => watch(client.fetch(API)))
    await settle()

    await client.login({ ...FORM, username: 'bea' })
    const theirs = client.fetch(API)
    await pass(2000)

    expect(requests.map(({ error }) => (error as AuthError | undefined)?.code)).toEqual(
      Array(50).fill('login_required'),
    )
    expect((await theirs).status).toBe(200)
    expect(server.to('api')).toHaveLength(1)
  })

  it('T13: is not replayed with the token of somebody who signed in meanwhile', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    server.expireAccessTokens()
    server.slowDown('api', 1000)
    const request = watch(client.fetch(API))
    await settle()

    await client.login({ ...FORM, username: 'bea' })
    await pass(1000)

    expect(request.value?.status).toBe(401)
    expect(server.to('api')).toHaveLength(1)
    expect(server.refreshes).toBe(0)
  })

  it('is not replayed when a logout came meanwhile', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    server.expireAccessTokens()
    server.slowDown('api', 1000)
    const request = watch(client.fetch(API))
    await settle()

    await client.logout()
    await pass(1000)

    expect(request.value?.status).toBe(401)
    expect(server.to('api')).toHaveLength(1)
    expect(server.refreshes).toBe(0)
  })
})

describe('R7: a caller’s abort', () => {
  it('F34: rejects that caller alone, at once, with its reason', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.slowDown('refresh', 2000)
    const caller = new AbortController()
    const aborted = [
      watch(client.fetch(API, { signal: caller.signal })),
      watch(client.fetch(new Request(API, { signal: caller.signal }))),
      watch(client.getAccessToken({ signal: caller.signal })),
      watch(client.getAccessToken({ signal: caller.signal, forceRefresh: true })),
      watch(client.http.get('todos', { signal: caller.signal }).json()),
    ]
    const others = [watch(client.fetch(API)), watch(client.getAccessToken())]
    await settle()

    const reason = new Error('The user left.')
    caller.abort(reason)
    await settle()
    expect(aborted.map(({ error }) => error)).toEqual(Array(5).fill(reason))
    expect(others.map(({ status }) => status)).toEqual(['pending', 'pending'])
    await pass(2000)

    expect(others.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(server.refreshes).toBe(1)
    expect(server.to('api')).toHaveLength(1)
  })

  it('gives an AbortError where it has no reason of its own, as fetch does', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand' } })
    await pass(300_000)
    server.failNext('refresh', 'hang')
    const caller = new AbortController()
    const request = watch(client.fetch(API, { signal: caller.signal }))
    await settle()

    caller.abort()
    await settle()

    expect(request.error).toBe(caller.signal.reason)
    expect(request.error).toMatchObject({ name: 'AbortError' })
  })

  it('keeps a request from leaving that it comes before', async () => {
    const { client, server } = await signedIn()

    const reason = new Error('The user left.')
    await expect(client.fetch(API, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)

    expect(server.requests).toEqual([])
  })

  it('ends a request on the wire', async () => {
    const { client, server } = await signedIn()
    server.failNext('api', 'hang')
    const caller = new AbortController()
    const request = watch(client.fetch(API, { signal: caller.signal }))
    await settle()

    caller.abort(new Error('The user left.'))
    await settle()

    expect(request.error).toBe(caller.signal.reason)
  })

  it('ends a request that waits for the refresh after its 401', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    server.failNext('refresh', 'hang')
    const caller = new AbortController()
    const request = watch(client.fetch(API, { signal: caller.signal }))
    await settle()

    caller.abort(new Error('The user left.'))
    await settle()

    expect(request.error).toBe(caller.signal.reason)
    expect(server.to('api')).toHaveLength(1)
  })
})
