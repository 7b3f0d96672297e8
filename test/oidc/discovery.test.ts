import { afterEach, describe, expect, it, vi } from 'vitest'
import { watch } from '../support/clock.ts'
import { CLIENT, ISSUER } from './provider.ts'
import { createScene, outcomeOf, type SceneOptions, until } from './scene.ts'

const forced = { forceRefresh: true }
const endpoints = { authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token` }

afterEach(() => vi.useRealTimers())

/** A page whose client has not asked for anything yet. */
async function fresh(options: SceneOptions) {
  const scene = await createScene(options)
  return { ...scene, page: scene.open() }
}

const document = (change: object) => ({ provider: { document: (it: object) => ({ ...it, ...change }) } })
const without = (...names: string[]) => ({
  provider: {
    document: (it: object) => Object.fromEntries(Object.entries(it).filter(([name]) => !names.includes(name))),
  },
})

describe('discovery', () => {
  it.each([
    ['https://id.test', 'https://id.test/.well-known/openid-configuration'],
    ['https://id.test/', 'https://id.test/.well-known/openid-configuration'],
    ['https://id.test/tenant', 'https://id.test/tenant/.well-known/openid-configuration'],
    ['https://id.test/tenant/', 'https://id.test/tenant/.well-known/openid-configuration'],
    ['https://id.test/a/b:c', 'https://id.test/a/b:c/.well-known/openid-configuration'],
    ['http://localhost:4000/tenant', 'http://localhost:4000/tenant/.well-known/openid-configuration'],
  ])('of %s asks %s, and signs in', async (issuer, url) => {
    const { provider, signIn } = await createScene({ provider: { issuer } })

    const { result } = await signIn()

    expect(provider.to('discovery').map((seen) => seen.url)).toEqual([url, url])
    expect(provider.to('discovery')[0]?.authorization).toBeNull()
    expect(result).toMatchObject({ status: 'authenticated', idClaims: { iss: issuer } })
  })

  it('of an issuer given as URL, or with another slash than the document’s at the root, is the same', async () => {
    for (const issuer of [new URL(ISSUER), `${ISSUER}/`]) {
      const { signIn } = await createScene({ oidc: { issuer } })
      expect((await signIn()).result.status).toBe('authenticated')
    }
  })

  it('is made once for each page, and not at all before somebody needs it', async () => {
    const { provider, signIn } = await createScene()
    const { client } = await signIn()
    provider.requests.length = 0

    for (let count = 0; count < 3; count += 1) await client.getAccessToken(forced)

    expect(provider.to('discovery')).toEqual([])
  })

  it('is not made to restore a session', async () => {
    const { provider, signIn, open } = await createScene()
    await signIn()
    provider.requests.length = 0

    const { status } = await open().client.start()

    expect(status).toBe('authenticated')
    expect(provider.requests).toEqual([])
  })

  it.each([
    ['of another issuer', 'invalid_response', document({ issuer: 'https://evil.test' })],
    ['of the issuer without its path', 'invalid_response', { oidc: { issuer: `${ISSUER}/tenant` } }],
    ['without an issuer', 'invalid_response', without('issuer')],
    ['without an authorization endpoint', 'misconfigured', without('authorization_endpoint')],
    ['without a token endpoint', 'misconfigured', without('token_endpoint')],
    ['with an authorization endpoint that is no URL', 'misconfigured', document({ authorization_endpoint: '/auth' })],
    ['with a plain http endpoint', 'insecure_url', document({ authorization_endpoint: 'http://id.test/authorize' })],
    ['with a script for an endpoint', 'insecure_url', document({ authorization_endpoint: 'javascript:alert(1)' })],
    ['with a plain http token endpoint', 'insecure_url', document({ token_endpoint: 'http://id.test/token' })],
  ])('that answers with a document %s is `%s`, and nobody leaves the page', async (_, code, options) => {
    const { page, left } = await fresh(options)

    const { error } = await outcomeOf(page.client.login({}))

    expect(error).toMatchObject({ name: 'AuthError', code })
    expect(left()).toEqual([])
  })

  it.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://id.test/x'])(
    'of a loopback issuer leads to no %s',
    async (authorization_endpoint) => {
      const { page, left } = await fresh({
        provider: { issuer: 'http://localhost:4000', document: (it) => ({ ...it, authorization_endpoint }) },
      })
      const { error } = await outcomeOf(page.client.login({}))
      expect(error).toMatchObject({ code: 'insecure_url' })
      expect(left()).toEqual([])
    },
  )

  it.each([
    [400, 'misconfigured'],
    [401, 'misconfigured'],
    [403, 'misconfigured'],
    [404, 'misconfigured'],
    [429, 'rate_limited'],
    [500, 'server_error'],
    [503, 'server_error'],
  ])('that is answered %i is `%s`', async (status, code) => {
    const { page, provider, left } = await fresh({})
    provider.failNext('discovery', Response.json({ error: 'invalid_grant' }, { status }))

    const { error } = await outcomeOf(page.client.login({}))

    expect(error).toMatchObject({ code, status })
    expect(left()).toEqual([])
  })

  it('that has failed is made again', async () => {
    const { page, provider, leave } = await fresh({})
    provider.failNext('discovery', new Response(null, { status: 500 }))
    await outcomeOf(page.client.login({}))

    expect((await leave(page)).origin).toBe(ISSUER)
  })
})

describe('a provider that cannot be asked', () => {
  it.each<[what: string, fault: Response | 'network-error', code: string]>([
    ['400 invalid_grant', Response.json({ error: 'invalid_grant' }, { status: 400 }), 'misconfigured'],
    ['401', new Response(null, { status: 401 }), 'misconfigured'],
    ['403', new Response(null, { status: 403 }), 'misconfigured'],
    ['404', new Response('<html>', { status: 404 }), 'misconfigured'],
    ['429', new Response(null, { status: 429, headers: { 'Retry-After': '7' } }), 'rate_limited'],
    ['500', new Response(null, { status: 500 }), 'server_error'],
    ['HTML', new Response('<html>', { headers: { 'Content-Type': 'text/html' } }), 'invalid_response'],
    ['broken JSON', new Response('{', { headers: { 'Content-Type': 'application/json' } }), 'invalid_response'],
    [
      'the document of another issuer',
      Response.json({ ...endpoints, issuer: 'https://evil.test' }),
      'invalid_response',
    ],
    ['no network', 'network-error', 'network'],
  ])('ends no session: %s', async (_, fault, code) => {
    const { signIn, open, provider } = await createScene()
    await signIn()
    const page = open()
    await page.client.start()
    provider.failNext('discovery', fault)

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code })
    expect(page.client.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
    expect(page.heard('logout')).toEqual([])
    expect(page.heard('refreshFailed')).toHaveLength(1)
    expect(provider.refreshes).toBe(0)
  })

  it('ends no session: silence', async () => {
    const { signIn, open, provider } = await createScene({ client: { refresh: { timeout: 40 } } })
    await signIn()
    const page = open()
    await page.client.start()
    provider.failNext('discovery', 'hang')

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code: 'timeout' })
    expect(page.client.state.status).toBe('authenticated')
  })

  it('does not keep anybody from signing out', async () => {
    const { signIn, open, provider, left } = await createScene({ oidc: { postLogoutRedirectUri: '/goodbye' } })
    await signIn()
    const { client } = open()
    await client.start()
    provider.failNext('discovery', new Response(null, { status: 500 }))
    const before = left().length

    await client.logout()

    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(left()).toHaveLength(before)
  })
})

describe('`metadata`', () => {
  const full = { ...endpoints, id_token_signing_alg_values_supported: ['ES256'] }

  it('with both endpoints makes discovery needless', async () => {
    const { provider, signIn } = await createScene({ oidc: { metadata: full } })

    const { result, client } = await signIn()
    await client.getAccessToken(forced)
    await client.logout()

    expect(result).toMatchObject({ status: 'authenticated', idClaims: { iss: ISSUER } })
    expect(provider.to('discovery')).toEqual([])
    expect(provider.to('revocation')).toEqual([])
  })

  it('still refuses an ID token of another issuer', async () => {
    const { provider, open, leave, goTo } = await createScene({ oidc: { metadata: full } })
    provider.lie({ idToken: (claims) => ({ ...claims, iss: 'https://evil.test' }) })
    goTo(provider.authorize(await leave(open())))

    const { error } = await outcomeOf(open().client.start())

    expect(error).toMatchObject({ code: 'invalid_response' })
  })

  it('goes with an issuer that is given as URL', async () => {
    const { signIn } = await createScene({ oidc: { issuer: new URL(ISSUER), metadata: full } })
    expect((await signIn()).result.status).toBe('authenticated')
  })

  it('fills what the document lacks', async () => {
    const { provider, signIn } = await createScene({
      ...without('token_endpoint', 'revocation_endpoint'),
      oidc: { metadata: { token_endpoint: `${ISSUER}/token`, revocation_endpoint: `${ISSUER}/revoke` } },
    })

    const { result, client } = await signIn()
    await client.logout()

    expect(result.status).toBe('authenticated')
    expect(provider.to('discovery').length).toBeGreaterThan(0)
    expect(provider.to('revocation')).toHaveLength(1)
  })

  it('wins over the document', async () => {
    const { open, leave } = await createScene({ oidc: { metadata: { authorization_endpoint: `${ISSUER}/eu/auth` } } })
    expect((await leave(open())).pathname).toBe('/eu/auth')
  })

  it('may have an endpoint with a query of its own, which is kept', async () => {
    const { open, leave } = await createScene({
      oidc: { metadata: { authorization_endpoint: `${ISSUER}/auth?p=b2c` } },
    })
    const { searchParams } = await leave(open())
    expect(searchParams.get('p')).toBe('b2c')
    expect(searchParams.get('client_id')).toBe(CLIENT)
  })
})

describe('a pushed authorization request', () => {
  const par = { pushed_authorization_request_endpoint: `${ISSUER}/par` }
  const refused = () => Response.json({ error: 'invalid_request' }, { status: 400 })

  it('keeps all but its name out of the URL', async () => {
    const { provider, signIn, left } = await createScene(document(par))

    const { result } = await signIn({ parameters: { login_hint: 'ada@id.test' } })

    expect([...(left()[0]?.searchParams.keys() ?? [])]).toEqual(['client_id', 'request_uri'])
    const [pushed] = provider.to('par')
    expect(Object.fromEntries(pushed?.form ?? [])).toMatchObject({
      login_hint: 'ada@id.test',
      client_id: CLIENT,
      response_type: 'code',
      code_challenge_method: 'S256',
      state: expect.any(String),
      nonce: expect.any(String),
    })
    expect(pushed?.url).not.toContain('?')
    expect(result.status).toBe('authenticated')
  })

  it.each<[what: string, fault: Response | (() => Response) | 'network-error']>([
    ['refused', refused],
    ['refused by a challenge', new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } })],
    ['failed', new Response(null, { status: 500 })],
    ['answered with HTML', new Response('<html>', { status: 201, headers: { 'Content-Type': 'text/html' } })],
    ['blocked, as by CORS', 'network-error'],
  ])('that is %s is done without', async (_, fault) => {
    const { provider, page, leave, left } = await fresh(document(par))
    provider.failNext('par', fault)

    await leave(page)

    expect(left()[0]?.searchParams.get('code_challenge_method')).toBe('S256')
    expect(left()[0]?.searchParams.has('request_uri')).toBe(false)
  })

  it('that the provider requires is not done without', async () => {
    const { provider, page, left } = await fresh(document({ ...par, require_pushed_authorization_requests: true }))
    provider.failNext('par', refused)

    const { error } = await outcomeOf(page.client.login({}))

    expect(error).toMatchObject({ code: 'misconfigured', oauthError: 'invalid_request', status: 400 })
    expect(left()).toEqual([])
  })

  it('leads nowhere once the caller has given up', async () => {
    const { provider, page, left } = await fresh(document(par))
    const release = provider.hold('par')
    const giveUp = new AbortController()
    const login = watch(page.client.login({}, { signal: giveUp.signal }))
    await until(() => provider.to('par').length > 0)

    giveUp.abort()
    await until(() => login.status === 'rejected')
    release()

    expect(login.error).toBe(giveUp.signal.reason)
    expect(left()).toEqual([])
  })
})
