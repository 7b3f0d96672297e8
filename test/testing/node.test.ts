// @vitest-environment node
import { createLocalJWKSet, jwtVerify } from 'jose'
import { AuthClient, webStorage } from 'latchkey'
import { mockAuthServer, signedIn, signedOut, virtualBrowser } from 'latchkey/testing'
import { setupServer } from 'msw/node'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

const baseUrl = 'https://api.test'
const JOHN = { username: 'johndoe', password: 'password123' }

function create(options: object = {}): AuthClient {
  const auth = new AuthClient({ baseUrl, ...options })
  onTestFinished(() => auth.dispose())
  return auth
}

describe('in Node, with no page at all', () => {
  it('there is none', () => {
    expect([typeof document, typeof location]).toEqual(['undefined', 'undefined'])
  })

  it('a session lives, by msw and without', async () => {
    const server = mockAuthServer({ baseUrl })
    const network = setupServer(...server.handlers)
    network.listen({ onUnhandledFrame: 'error' })
    onTestFinished(() => network.close())
    for (const options of [{}, { fetch: server.fetch }]) {
      const auth = create(options)
      await auth.login(JOHN)
      server.expireAccessTokens()
      expect(await auth.http.get('todos').json()).toMatchObject({ username: 'johndoe' })
      await auth.logout()
    }
    expect([server.logins, server.refreshes, server.logouts]).toEqual([2, 2, 2])
  })

  it('a relative `baseUrl` is refused', () => {
    expect(() => mockAuthServer({ baseUrl: '/api' })).toThrow('there is no page')
  })

  it('`signedIn` and `signedOut` work, whatever the storage', async () => {
    for (const options of [{}, { storage: webStorage('local') }]) {
      const auth = create(options)
      expect(await signedIn(auth)).toMatchObject({ status: 'authenticated' })
      await signedOut(auth)
      expect(auth.state.status).toBe('unauthenticated')
    }
  })

  it('virtual tabs work', async () => {
    const server = mockAuthServer({ baseUrl })
    const browser = virtualBrowser({ fetch: server.fetch })
    const [first, second] = [1, 2].map(() => create(browser.openTab().options)) as [AuthClient, AuthClient]
    await first.login(JOHN)

    expect(await second.start()).toMatchObject({ status: 'authenticated' })
  })

  it('a page is played whose `crypto` has no `subtle`, as jsdom’s', async () => {
    const randomUUID = crypto.randomUUID.bind(crypto)
    const getRandomValues = crypto.getRandomValues.bind(crypto)
    vi.stubGlobal('crypto', { randomUUID, getRandomValues })
    onTestFinished(() => void vi.unstubAllGlobals())
    const server = mockAuthServer({ baseUrl })
    const auth = create({ fetch: server.fetch })
    const login = auth.login(JOHN)
    await server.settled()

    expect(await login).toMatchObject({ status: 'authenticated' })
  })

  it('where Node’s own cryptography is out of reach, tokens are signed by WebCrypto, and verify as well', async () => {
    vi.stubGlobal('process', { ...process, getBuiltinModule: undefined })
    onTestFinished(() => void vi.unstubAllGlobals())
    const server = mockAuthServer({ baseUrl })
    const { accessToken = '' } = await server.issueTokens()
    await server.settled()

    const { payload } = await jwtVerify(accessToken, createLocalJWKSet(await server.keySet()))
    expect(payload.sub).toBe('u1')
  })
})
