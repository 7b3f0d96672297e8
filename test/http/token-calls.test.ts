import { type AuthBackend, type BackendContext, jsonBackend } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { createAuthServer } from '../support/auth-server.ts'
import { FORM, type LoginForm, type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, stopTime, watch } from '../support/clock.ts'
import { createWire, type Sent } from '../support/wire.ts'

const baseUrl = 'https://api.test'
const CALLS = ['login', 'user', 'refresh', 'logout'] as const

/** Makes each of the four token calls, and hands back how each left. */
async function allCalls(
  refreshVia: 'body' | 'cookie' | 'access-token',
  more: SetupOptions = {},
): Promise<Record<string, Sent>> {
  const server = createAuthServer({ refreshVia })
  const wire = createWire(({ input, init }) => server.fetch(input as string, init && { ...init, redirect: 'follow' }))
  const backend = jsonBackend<LoginForm>({ baseUrl, refreshVia, user: 'me' })
  const { client } = setUp({ server, backend, baseUrl, fetch: wire.fetch, ...more })
  await client.login(FORM)
  await client.getAccessToken({ forceRefresh: true })
  await client.logout()
  const [login, user, refresh, logout] = wire.sent as [Sent, Sent, Sent, Sent]
  expect(wire.sent.map(({ url }) => url.pathname)).toEqual(['/login', '/me', '/refresh', '/logout'])
  return { login, user, refresh, logout }
}

describe.each(CALLS)('R13: the %s call', (name) => {
  it.each(['body', 'access-token'] as const)(
    'T3: follows no redirect, sends no cookie, leaves nothing in a cache and no referrer (refreshVia: %s)',
    async (refreshVia) => {
      const { [name]: sent } = await allCalls(refreshVia)

      expect(sent?.init).toMatchObject({
        redirect: 'error',
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
      })
      expect(sent?.init?.keepalive ?? false).toBe(false)
      expect(sent?.headers.has('x-auth-request')).toBe(false)
    },
  )

  it('T7: in cookie mode sends cookies and the CSRF header, and outlives its page', async () => {
    const { [name]: sent } = await allCalls('cookie')

    expect(sent?.init).toMatchObject({
      redirect: 'error',
      credentials: 'include',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      keepalive: true,
    })
    expect(sent?.headers.get('x-auth-request')).toBe('1')
  })
})

describe('H3: the Authorization header', () => {
  it.each(['body', 'cookie', 'access-token'] as const)(
    'is on no login, refresh or logout call (%s)',
    async (refreshVia) => {
      const { login, refresh, logout } = await allCalls(refreshVia)

      expect([login, refresh, logout].map((sent) => sent?.authorization)).toEqual([null, null, null])
    },
  )

  it('is on no login of somebody who is signed in already', async () => {
    const { client, server } = await signedIn()

    await client.login(FORM)

    expect(server.to('login')[0]?.authorization).toBe(null)
  })

  it('is on the user call, which asks for it', async () => {
    const { user } = await allCalls('body')

    expect(user?.authorization).toMatch(/^Bearer ey/)
  })

  it('is on any call whose endpoint asks for it', async () => {
    const backend = jsonBackend<LoginForm>({
      baseUrl,
      refresh: { path: 'refresh', headers: ({ accessToken }) => ({ Authorization: `Bearer ${accessToken}` }) },
    })
    const { client, server } = await signedIn({ backend, baseUrl })
    const before = server.current.accessToken

    await client.getAccessToken({ forceRefresh: true })

    expect(server.to('refresh')[0]?.authorization).toBe(`Bearer ${before}`)
  })
})

describe('H3: a refused login', () => {
  it.each([400, 401, 403, 422])('starts no refresh and no replay (%i)', async (status) => {
    const { client, server } = setUp()
    server.failNext('login', new Response(null, { status }))

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'invalid_credentials', status })

    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['login'])
  })

  it('leaves whoever is signed in signed in', async () => {
    const { client, server, events } = await signedIn()
    server.failNext('login', new Response(null, { status: 401 }))

    await expect(client.login({ ...FORM, username: 'bea' })).rejects.toMatchObject({ code: 'invalid_credentials' })

    expect(client.state.status).toBe('authenticated')
    expect(events).toEqual([])
    expect(server.refreshes).toBe(0)
  })
})

describe('R13: an answer', () => {
  const sized = (size: number): Response => {
    const fields = { access_token: 'a', refresh_token: 'r', padding: '' }
    const padding = 'x'.repeat(size - JSON.stringify(fields).length)
    return Response.json({ ...fields, padding })
  }

  it('T24: of 64 KiB is read', async () => {
    const { client, server } = setUp()
    server.failNext('login', sized(64 * 1024))

    await expect(client.login(FORM)).resolves.toMatchObject({ status: 'authenticated' })
  })

  it('T24: of one byte more is refused', async () => {
    const { client, server } = setUp()
    server.failNext('login', sized(64 * 1024 + 1))

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'invalid_response' })
  })

  it('T24: that never ends is refused, and the rest of it not read', async () => {
    let isCancelled = false
    const chunk = new Uint8Array(32 * 1024)
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(chunk),
      cancel() {
        isCancelled = true
      },
    })
    const wire = createWire(() => new Response(endless))
    const { client } = setUp({ fetch: wire.fetch })

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'invalid_response' })

    expect(isCancelled).toBe(true)
  })

  it('T24: of 50 MB to a refresh ends no session', async () => {
    const { client, server } = await signedIn()
    server.failNext('refresh', () => new Response(new Uint8Array(50_000_000), { status: 500 }))

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ retryable: true })

    expect(client.state.status).toBe('authenticated')
  })

  it('with a UTF-8 character cut in two by the network is read whole', async () => {
    const bytes = new TextEncoder().encode('{"access_token":"a","user":{"name":"Zoë"}}')
    const cut = bytes.indexOf(0xc3) + 1
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.subarray(0, cut))
        controller.enqueue(bytes.subarray(cut))
        controller.close()
      },
    })
    const wire = createWire(() => new Response(body))
    const { client } = setUp({ fetch: wire.fetch })

    await expect(client.login(FORM)).resolves.toMatchObject({ user: { name: 'Zoë' } })
  })
})

describe('R13: the fetch of a backend’s own', () => {
  type Ask = (context: BackendContext) => Promise<Response>

  async function asking(ask: Ask, more: Partial<AuthBackend<LoginForm>> = {}) {
    const wire = createWire()
    const backend: AuthBackend<LoginForm> = {
      id: 'own',
      origin: baseUrl,
      refreshVia: 'body',
      async login(_, context) {
        await ask(context)
        return { accessToken: 'a', refreshToken: 'r' }
      },
      ...more,
    }
    const { client } = setUp({ backend, baseUrl, fetch: wire.fetch })
    const outcome = await client.login(FORM).catch((error: unknown) => error)
    return { sent: wire.sent, outcome }
  }

  it('keeps the rule, whatever the backend says', async () => {
    const { sent } = await asking(({ fetch }) =>
      fetch(`${baseUrl}/x`, { redirect: 'follow', credentials: 'include', cache: 'default', keepalive: true }),
    )

    expect(sent[0]?.init).toMatchObject({ redirect: 'error', credentials: 'omit', cache: 'no-store', keepalive: false })
  })

  it('takes a Request and a URL too', async () => {
    const { sent, outcome } = await asking(async ({ fetch }) => {
      await fetch(new URL(`${baseUrl}/url`))
      return fetch(new Request(`${baseUrl}/request`, { method: 'POST', body: 'x' }))
    })

    expect(outcome).toMatchObject({ status: 'authenticated' })
    expect(sent.map(({ url }) => url.pathname)).toEqual(['/url', '/request'])
  })

  it('refuses plain http', async () => {
    const { sent, outcome } = await asking(({ fetch }) => fetch('http://api.test/x'))

    expect(outcome).toMatchObject({ code: 'insecure_url' })
    expect(sent).toEqual([])
  })

  it('refuses what is no URL', async () => {
    const { sent, outcome } = await asking(({ fetch }) => fetch('https://'))

    expect(outcome).toMatchObject({ code: 'invalid_option' })
    expect(sent).toEqual([])
  })

  it('heeds the signal that the backend adds', async () => {
    const { outcome } = await asking(({ fetch }) => fetch(`${baseUrl}/x`, { signal: AbortSignal.abort() }))

    expect(outcome).toMatchObject({ status: 'authenticated' })
  })
})

describe('R13: a redirect', () => {
  it('T3: counts as no answer: the session goes on', async () => {
    const { client, server } = await signedIn()
    // What `redirect: 'error'` makes of it, in every engine.
    server.failNext('refresh', 'network-error')

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'network' })

    expect(client.state.status).toBe('authenticated')
  })
})

describe('R4: a login', () => {
  it.each(['hang', 'hang-body'] as const)('rejects with timeout when the server does: %s', async (fault) => {
    stopTime()
    const { client, server } = setUp({ refresh: { timeout: 5000 } })
    server.failNext('login', fault)
    const login = watch(client.login(FORM))

    await pass(4999)
    expect(login.status).toBe('pending')
    await pass(1)

    expect(login.error).toMatchObject({ code: 'timeout', retryable: true })
  })

  it('rejects at once when its caller aborts', async () => {
    stopTime()
    const { client, server } = setUp()
    server.failNext('login', 'hang')
    const caller = new AbortController()
    const login = watch(client.login(FORM, { signal: caller.signal }))
    await pass()

    caller.abort(new Error('The user left.'))
    await pass()

    expect(login.error).toBe(caller.signal.reason)
  })
})
