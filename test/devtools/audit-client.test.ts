import {
  AuthClient,
  type AuthClientOptions,
  jsonBackend,
  memoryStorage,
  type TokenResponse,
  webStorage,
} from 'latchkey'
import { type AuditOptions, audit, type Finding, type FindingCode } from 'latchkey/devtools'
import { mockAuthServer } from 'latchkey/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createServer } from '../../examples/server/app.ts'
import type { ServerConfig } from '../../examples/server/config.ts'
import { signedIn } from '../support/client.ts'
import { pass, stopTime } from '../support/clock.ts'
import { network } from '../support/network.ts'
import { forge } from './audit-tokens.ts'

const API = 'http://localhost:8080'
const FORM = { username: 'johndoe', password: 'password123' }
type Form = typeof FORM

const codesOf = (client: AuthClient<Form> | AuthClient<Form, object>, options?: AuditOptions): FindingCode[] =>
  audit(client, options).map(({ code }) => code)

/** What the server asks its socket: who calls. */
const connection = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }

/** A client of the example server, which answers in this process, and whose cookies are kept as a browser does. */
async function onExampleServer(config: ServerConfig, options: AuthClientOptions<Form>): Promise<AuthClient<Form>> {
  const server = await createServer({ ...config, origins: [location.origin], secureCookies: false })
  let cookie = ''
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    request.headers.set('Origin', location.origin)
    if (cookie) request.headers.set('Cookie', cookie)
    const response = await server.fetch(request, connection)
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
    return response
  }
  const client = new AuthClient<Form>({ baseUrl: API, fetch: send, ...options })
  onTestFinished(() => client.dispose())
  await client.login(FORM)
  return client
}

/** The options of a client that is looked at before anybody has signed in. */
const found = (options: AuthClientOptions<Form>): Finding[] => {
  const client = new AuthClient<Form>({ baseUrl: 'https://api.example.com', ...options })
  onTestFinished(() => client.dispose())
  return [...audit(client)]
}
const codes = (options: AuthClientOptions<Form>): FindingCode[] => found(options).map(({ code }) => code)

/** A client with tokens that an auth server has just given out. */
async function holding(
  tokens: TokenResponse,
  options: Partial<AuthClientOptions<Form>> = {},
): Promise<AuthClient<Form>> {
  const client = new AuthClient<Form>({ baseUrl: 'https://api.example.com', ...options })
  onTestFinished(() => client.dispose())
  await client.setTokens(tokens)
  return client
}

const seconds = (): number => Math.floor(Date.now() / 1000)
const tokenFor = (life: number, claims: object = {}): string =>
  forge({ claims: { iat: seconds(), exp: seconds() + life, ...claims } })

describe('the example server', () => {
  const cookies = {
    backend: jsonBackend<Form, unknown>({ baseUrl: API, refreshVia: 'cookie', user: 'me' }),
    storage: memoryStorage(),
  }

  it.each([30, 900])('has nothing wrong in cookie mode, with tokens of %i s', async (accessTokenLifetime) => {
    const auth = await onExampleServer({ refreshTokenIn: 'cookie', accessTokenLifetime }, cookies)
    expect(codesOf(auth)).toEqual([])

    await auth.getAccessToken({ forceRefresh: true })
    expect(codesOf(auth)).toEqual([])

    await auth.logout()
    expect(codesOf(auth)).toEqual([])
  })

  it.each([30, 900])(
    'in body mode keeps the refresh token where scripts can read it, and that is all, at %i s',
    async (life) => {
      const auth = await onExampleServer({ accessTokenLifetime: life }, { storage: webStorage('local') })
      onTestFinished(() => localStorage.clear())
      expect(codesOf(auth)).toEqual(['refresh-token-in-storage'])

      await auth.getAccessToken({ forceRefresh: true })
      expect(codesOf(auth)).toEqual(['refresh-token-in-storage'])
    },
  )
})

describe('the server of `latchkey/testing`', () => {
  it('has nothing wrong, so that a test can expect that', async () => {
    const server = mockAuthServer({ baseUrl: 'https://api.test' })
    network.use(...server.handlers)
    const auth = new AuthClient<Form>({ baseUrl: 'https://api.test' })
    onTestFinished(() => auth.dispose())
    await auth.login(FORM)

    expect(codesOf(auth)).toEqual([])
  })
})

describe('where the refresh token is kept', () => {
  it('matters where every tab can read it', () => {
    expect(codes({ storage: webStorage('local') })).toEqual(['refresh-token-in-storage'])
    const own = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined }
    expect(codes({ storage: own })).toEqual(['refresh-token-in-storage'])
    expect(codes({ storage: webStorage('session') })).toEqual([])
    expect(codes({ storage: memoryStorage() })).toEqual([])
  })

  it('does not matter where there is none', () => {
    const backend = jsonBackend<Form, unknown>({ baseUrl: 'https://api.example.com', refresh: false })
    expect(codes({ backend, storage: webStorage('local') })).toEqual([])
  })

  it('matters too where the access token buys the next one', () => {
    const backend = jsonBackend<Form, unknown>({ baseUrl: 'https://api.example.com', refreshVia: 'access-token' })
    expect(codes({ backend, storage: webStorage('local') })).toEqual(['refresh-token-in-storage'])
  })

  it('does not matter where it is bound to a key, and less where no cookie could be', () => {
    const backend = jsonBackend<Form, unknown>({ baseUrl: 'https://api.example.com' })
    expect(codes({ backend: { ...backend, authorize: (request) => request }, storage: webStorage('local') })).toEqual(
      [],
    )
    const redirecting = { ...backend, resume: async () => undefined }
    expect(found({ backend: redirecting, storage: webStorage('local') })).toMatchObject([{ severity: 'info' }])
  })

  it('matters where it is a JWT that never ends', async () => {
    const refreshToken = forge({ claims: { exp: undefined } })
    expect(codesOf(await holding({ accessToken: tokenFor(900), refreshToken }))).toEqual(['no-expiry'])
  })
})

describe('where tokens go', () => {
  it('may be any https address, this machine, and a path of the page', () => {
    for (const baseUrl of [
      'https://api.example.com',
      '/api',
      API,
      'http://127.0.0.1:9000',
      'http://[::1]/',
      'http://api.localhost',
    ])
      expect(codes({ baseUrl })).toEqual([])
    const backend = jsonBackend<Form, unknown>({ baseUrl: 'https://auth.example.com' })
    expect(codes({ backend, attachTo: ['https://files.example.com', 'https://cdn.example.net/api'] })).toEqual([])
  })

  it('is no plain http elsewhere, be it the API, the backend, or one more', () => {
    const plain = 'http://api.example.com'
    expect(codes({ baseUrl: plain })).toEqual(['plain-http'])
    expect(codes({ attachTo: [`${plain}/v2`] })).toEqual(['plain-http'])
    expect(codes({ backend: jsonBackend<Form, unknown>({ baseUrl: plain }) })).toEqual(['plain-http'])
    expect(found({ baseUrl: `${plain}:8080/v1` })[0]?.why).toContain('`api.example.com:8080`')
  })

  it('may be plain http on the LAN where that is allowed, and not on the internet', () => {
    const allowed = (host: string): FindingCode[] => codes({ baseUrl: `http://${host}`, allowInsecure: [host] })
    for (const host of ['192.168.0.7', '192.168.0.7:8080', '10.0.2.2', '172.16.0.1', 'phone.local', 'api', 'nas.lan'])
      expect(allowed(host)).toEqual([])
    for (const host of ['api.example.com', '8.8.8.8', '172.32.0.1', 'api.example.com:8080'])
      expect(allowed(host)).toEqual(['plain-http'])
  })

  it('is not a whole foreign site, nor all of the page', () => {
    expect(codes({ attachTo: ['https://cdn.example.net'] })).toEqual(['wide-destination'])
    expect(codes({ attachTo: ['/'] })).toEqual(['wide-destination'])
    expect(codes({ attachTo: ['https://*.example.com'] })).toEqual(['wide-destination'])
    expect(codes({ attachTo: ['/api2', 'https://cdn.example.net/api'] })).toEqual([])
  })

  it.each([
    ['https://api.example.co.uk', 'https://evil.co.uk', 'https://files.example.co.uk'],
    ['https://api.example.com.au', 'https://evil.com.au', 'https://example.com.au'],
    ['https://me.github.io', 'https://evil.github.io', 'https://a.me.github.io'],
    ['https://shop.vercel.app', 'https://evil.vercel.app', 'https://api.shop.vercel.app'],
    ['https://10.0.0.1', 'https://66.7.0.1', 'https://10.0.0.1:8443'],
    ['https://[fd00::1]', 'https://[fd00::2]', 'https://[fd00::1]:8443'],
    ['https://api.example.co', 'https://other.co', 'https://files.example.co'],
  ])('knows whose a host is: beside %s not %s, but %s', (baseUrl, foreign, own) => {
    expect(codes({ baseUrl, attachTo: [foreign] })).toEqual(['wide-destination'])
    expect(codes({ baseUrl, attachTo: [own] })).toEqual([])
  })

  it('is the API wherever it is, and no other site where there is a backend alone', () => {
    const backend = jsonBackend<Form, unknown>({ baseUrl: 'https://auth.example.com' })
    expect(codes({ baseUrl: 'https://api.example.net', backend })).toEqual([])
    expect(codes({ baseUrl: '/' })).toEqual([])
    expect(codes({ baseUrl: location.origin })).toEqual([])
    expect(codes({ baseUrl: undefined, backend, attachTo: ['https://evil.example'] })).toEqual(['wide-destination'])
  })
})

describe('a session', () => {
  it('is looked at as its token is', async () => {
    expect(codesOf(await holding({ accessToken: tokenFor(900), refreshToken: 'r' }))).toEqual([])
    expect(codesOf(await holding({ accessToken: tokenFor(7200), refreshToken: 'r' }))).toEqual(['long-lifetime'])
    expect(codesOf(await holding({ accessToken: tokenFor(900, { iss: undefined }), refreshToken: 'r' }))).toEqual([
      'no-issuer',
    ])
    expect(codesOf(await holding({ accessToken: 'opaque', refreshToken: 'r' }))).toEqual([])
  })

  it('that began with a token with an old `iat` is not blamed for it, and a long life is one however late it is seen', async () => {
    stopTime()
    const onDemand = { refresh: { when: 'on-demand' } } as const
    const renewed = { accessToken: tokenFor(300, { iat: seconds() - 3 * 3600 }), refreshToken: 'r' }
    expect(codesOf(await holding(renewed, onDemand))).toEqual([])

    const auth = await holding({ accessToken: tokenFor(7200), refreshToken: 'r' }, onDemand)
    await pass(6_600_000)
    expect(audit(auth)).toMatchObject([{ code: 'long-lifetime', severity: 'warning' }])
  })

  it('that nothing renews should not need a long life', async () => {
    const backend = jsonBackend<Form, unknown>({ baseUrl: 'https://api.example.com', refresh: false })
    expect(codesOf(await holding({ accessToken: tokenFor(86_400) }, { backend }))).toEqual(['long-lifetime'])
    expect(codesOf(await holding({ accessToken: tokenFor(900) }, { backend }))).toEqual([])
  })

  it('is not blamed for an `iat` that stays that of the sign-in', async () => {
    stopTime()
    const since = seconds()
    const backend = {
      ...jsonBackend<Form, unknown>({ baseUrl: 'https://api.example.com' }),
      refresh: async () => ({ accessToken: tokenFor(300, { iat: since }) }),
    }
    const auth = await holding(
      { accessToken: tokenFor(300), refreshToken: 'r' },
      { backend, refresh: { spread: false } },
    )
    await pass(3 * 3_600_000)

    expect(seconds() - since).toBe(3 * 3600)
    expect(codesOf(auth)).toEqual([])
  })

  it('may expire between two renewals', async () => {
    stopTime()
    const auth = await holding({ accessToken: tokenFor(300), refreshToken: 'r' }, { refresh: { when: 'on-demand' } })
    await pass(600_000)

    expect(codesOf(auth)).toEqual([])
  })

  it('shows by how much the clock is off', async () => {
    stopTime()
    const ahead = forge({ claims: { iat: seconds() + 600, exp: seconds() + 1500 } })
    for (const tokens of [{ accessToken: ahead }, { accessToken: ahead, lifetime: 900_000 }]) {
      const findings = audit(await holding({ ...tokens, refreshToken: 'r' }))
      expect(findings).toMatchObject([{ code: 'clock-off' }])
      expect(findings[0]?.why).toContain('10 min')
    }
  })

  it('does not send its ID token to APIs', async () => {
    const token = tokenFor(900)
    expect(codesOf(await holding({ accessToken: token, idToken: token, refreshToken: 'r' }))).toEqual([
      'wrong-kind-of-token',
    ])
  })

  it('proves by its ID token that there are public keys', async () => {
    const accessToken = forge({ header: { alg: 'HS256' }, claims: { iat: seconds(), exp: seconds() + 900 } })
    const tokens = { accessToken, refreshToken: 'r' }
    expect(codesOf(await holding({ ...tokens, idToken: tokenFor(900) }))).toEqual(['alg-symmetric'])
    expect(codesOf(await holding({ ...tokens, idToken: tokenFor(900, { iss: 'https://other.example' }) }))).toEqual([])
    expect(codesOf(await holding(tokens))).toEqual([])
    expect(codesOf(await holding({ ...tokens, idToken: tokenFor(900) }), { keySet: false })).toEqual([])
  })

  it('is looked for in the address of the page, whichever of its tokens stands there', async () => {
    const auth = await holding({ accessToken: 'opaque-access', refreshToken: 'opaque-refresh', idToken: 'opaque-id' })
    for (const token of ['opaque-access', 'opaque-refresh', 'opaque-id'])
      expect(codesOf(auth, { url: `https://app.example.com/?x=${token}` })).toEqual(['token-in-url'])
    expect(codesOf(auth, { url: 'https://app.example.com/?x=opaque' })).toEqual([])
  })

  it('is left as it was: nothing is sent, stored or told', async () => {
    const { client, server, events, states } = await signedIn({ storage: webStorage('local') })
    onTestFinished(() => localStorage.clear())
    const stored = localStorage.getItem('latchkey')
    const state = client.state
    audit(client)

    expect(server.requests).toEqual([])
    expect([events, states]).toEqual([[], []])
    expect(localStorage.getItem('latchkey')).toBe(stored)
    expect(client.state).toBe(state)
  })

  it('may be behind a proxy, as those of Vue', async () => {
    const client = await holding({ accessToken: tokenFor(900, { sub: undefined }), refreshToken: 'r' })
    expect(codesOf(new Proxy(client, {}))).toEqual(['no-subject'])
  })
})
