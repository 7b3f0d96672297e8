import { describe, expect, it } from 'vitest'
import { useMockedSite } from './mocked-site.ts'
import type {} from './testing-kit-page.ts'

const JOHN = { username: 'johndoe', password: 'password123' }
const site = useMockedSite(`${import.meta.dirname}/testing-kit-page.ts`, {
  '/asset.json': ['application/json', '{"from":"the real server"}'],
})

describe('in Chromium, by msw’s service worker', () => {
  it.each([
    ['of another origin', 'https://api.test/v1'],
    ['of the page’s own, relative', '/api'],
    ['that is the whole origin, with `routes: false`: the page’s own files come through', '/'],
  ])('a session lives on a server %s', async (_what, baseUrl) => {
    const seen = await site.page.evaluate(
      async ([baseUrl, form]) => {
        const { AuthClient, mockAuthServer, setupWorker, webStorage } = window.kit
        const routes = baseUrl === '/' ? (false as const) : undefined
        const server = mockAuthServer({ baseUrl, routes })
        const worker = setupWorker(...server.handlers)
        await worker.start({ quiet: true, onUnhandledFrame: 'bypass' })
        const auth = new AuthClient({ baseUrl, storage: webStorage('local') })
        const denied = await auth.login({ ...form, password: 'wrong' }).catch(({ code }: { code: string }) => code)
        await auth.login(form)
        server.expireAccessTokens()
        const [todos, asset] = await Promise.all([
          routes === false
            ? auth.getAccessToken({ forceRefresh: true }).then(() => 'renewed')
            : auth.http.get('todos').json(),
          fetch('/asset.json').then((response) => response.json()),
        ])
        await auth.logout()
        worker.stop()
        return {
          denied,
          todos,
          asset,
          requests: server.requests.map(({ endpoint, status }) => `${endpoint} ${status}`),
        }
      },
      [baseUrl, JOHN] as const,
    )
    const isWhole = baseUrl === '/'
    expect(seen).toEqual({
      denied: 'invalid_credentials',
      todos: isWhole ? 'renewed' : { method: 'GET', path: 'todos', username: 'johndoe' },
      asset: { from: 'the real server' },
      requests: [
        'login 401',
        'login 200',
        ...(isWhole ? ['refresh 200'] : ['api 401', 'refresh 200', 'api 200']),
        'logout 204',
      ],
    })
    expect(site.arrived).toEqual([])
  })

  it('cookie mode keeps the cookie from script', async () => {
    const seen = await site.page.evaluate(async (form) => {
      const { AuthClient, jsonBackend, mockAuthServer, setupWorker } = window.kit
      const options = { baseUrl: '/api', refreshVia: 'cookie' } as const
      const server = mockAuthServer(options)
      const worker = setupWorker(...server.handlers)
      await worker.start({ quiet: true })
      const create = () => new AuthClient({ baseUrl: '/api', backend: jsonBackend(options) })
      const auth = create()
      await auth.login(form)
      const { status } = await auth.http.get('todos')
      auth.dispose()
      const reloaded = await create().start()
      return { status, reloaded: reloaded.status, visible: document.cookie, cookie: server.cookie?.slice(0, 8) }
    }, JOHN)

    expect(seen).toEqual({ status: 200, reloaded: 'authenticated', visible: '', cookie: 'refresh-' })
  })

  it('faults look as they would on the network', async () => {
    const codes = await site.page.evaluate(async (form) => {
      const { AuthClient, mockAuthServer, setupWorker } = window.kit
      const server = mockAuthServer({ baseUrl: '/api' })
      await setupWorker(...server.handlers).start({ quiet: true })
      const auth = new AuthClient({ baseUrl: '/api', refresh: { timeout: 300 } })
      const codes: string[] = []
      for (const fault of ['connection-error', 'html', 'malformed-json', 'hang', 'hang-body', 'lost-answer'] as const) {
        server.fail('login', fault)
        await auth.login(form).catch(({ code }: { code: string }) => codes.push(code))
      }
      await auth.login(form)
      return [...codes, server.issued.length, auth.state.status]
    }, JOHN)

    expect(codes).toEqual([
      'network',
      'invalid_response',
      'invalid_response',
      'timeout',
      'timeout',
      'network',
      2,
      'authenticated',
    ])
  })

  it('tokens are signed by WebCrypto, and verify', async () => {
    const isGood = await site.page.evaluate(async () => {
      const server = window.kit.mockAuthServer({ baseUrl: '/api' })
      const { accessToken = '' } = await server.issueTokens()
      const { keys } = await server.keySet()
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      const key = await crypto.subtle.importKey('jwk', keys[0] as JsonWebKey, algorithm, false, ['verify'])
      const [head, claims, signature = ''] = accessToken.split('.')
      const bytes = Uint8Array.from(atob(signature.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
      return crypto.subtle.verify(algorithm, key, bytes, new TextEncoder().encode(`${head}.${claims}`))
    })

    expect(isGood).toBe(true)
  })

  it('`signedIn`, `signedOut` and virtual tabs need no worker', async () => {
    const seen = await site.page.evaluate(async (form) => {
      const { AuthClient, mockAuthServer, signedIn, signedOut, virtualBrowser, webStorage } = window.kit
      const auth = new AuthClient({ baseUrl: '/api', storage: webStorage('local') })
      const { status } = await signedIn(auth, { sub: 'u7' })
      await signedOut(auth)
      const server = mockAuthServer({ baseUrl: '/api' })
      const tabs = virtualBrowser({ fetch: server.fetch })
      const [first, second] = [1, 2].map(() => new AuthClient({ baseUrl: '/api', ...tabs.openTab().options }))
      await first?.login(form)
      const other = await second?.start()
      return [status, auth.state.status, localStorage.length, other?.status]
    }, JOHN)

    expect(seen).toEqual(['authenticated', 'unauthenticated', 0, 'authenticated'])
  })
})
