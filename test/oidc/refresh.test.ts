import type { JWTPayload } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { settle, watch } from '../support/clock.ts'
import { CLIENT, type Lies } from './provider.ts'
import { createScene, outcomeOf, type Page, type SceneOptions, until } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

const forced = { forceRefresh: true }

/** Ada is signed in, in so many tabs. */
async function signedIn(tabs = 1, options: SceneOptions = {}) {
  const scene = await createScene(options)
  const first = await scene.signIn()
  const pages: [Page, ...Page[]] = [first, ...(await scene.join(tabs - 1))]
  for (const { events } of pages) events.length = 0
  scene.provider.requests.length = 0
  return { ...scene, pages, page: first }
}

/** What the storage holds: `i` is the ID token, `r` the refresh token. */
const stored = (items: Map<string, string>) => JSON.parse([...items.values()][0] ?? '{}')

describe('a refresh', () => {
  it('sends what RFC 6749 asks for, and no access token', async () => {
    const { provider, page } = await signedIn()
    const token = await page.client.getAccessToken()

    const next = await page.client.getAccessToken(forced)

    expect(next).not.toBe(token)
    const [request] = provider.to('token')
    expect(request).toMatchObject({ method: 'POST', authorization: null, proof: undefined })
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: expect.stringMatching(/^refresh-/),
      client_id: CLIENT,
    })
  })

  it('goes on with each new refresh token, through many generations', async () => {
    const { provider, page } = await signedIn()

    for (let generation = 0; generation < 5; generation += 1) await page.client.getAccessToken(forced)

    const offered = provider.to('token').map(({ form }) => form.get('refresh_token'))
    expect(new Set(offered).size).toBe(5)
    expect(page.heard('logout')).toEqual([])
  })

  it('goes on with the old refresh token where the provider keeps it', async () => {
    const { provider, page } = await signedIn(1, { provider: { rotates: false } })

    for (let generation = 0; generation < 3; generation += 1) await page.client.getAccessToken(forced)

    expect(new Set(provider.to('token').map(({ form }) => form.get('refresh_token'))).size).toBe(1)
    expect(page.heard('refresh')).toHaveLength(3)
  })

  it('of five tabs at once is one', async () => {
    const { provider, pages } = await signedIn(5)
    provider.expireAccessTokens()

    const answers = await Promise.all(pages.map(({ client }) => client.fetch('https://api.test/todos')))

    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
    expect(provider.refreshes).toBe(1)
  })

  it('F14: without an ID token keeps the one before', async () => {
    const { provider, page, area } = await signedIn()
    const before = stored(area.items)
    provider.lie({ idToken: () => undefined })

    await page.client.getAccessToken(forced)

    expect(page.client.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
    expect(stored(area.items).i).toBe(before.i)
  })

  it('F14: with a new ID token of the same person shows that', async () => {
    const { provider, page } = await signedIn()
    provider.lie({ idToken: ({ nonce: _, ...claims }) => ({ ...claims, acr: 'gold' }) })

    await page.client.getAccessToken(forced)

    expect(page.client.state).toMatchObject({ idClaims: { sub: 'ada', acr: 'gold' } })
    expect(page.heard('logout')).toEqual([])
  })

  it('F14: with the first ID token of a session that had none is nobody else’s', async () => {
    const { provider, signIn } = await createScene({ oidc: { scope: 'todos' } })
    const { client } = await signIn()
    provider.lie({ tokens: (body) => ({ ...body, scope: 'todos' }) })

    await client.getAccessToken(forced)

    expect(client.state.status).toBe('authenticated')
  })
})

describe('F14: a renewed ID token', () => {
  it('about somebody else ends the session in each tab, and the tokens with it', async () => {
    const { provider, pages, page, area } = await signedIn(2)
    provider.lie({ idToken: (claims) => ({ ...claims, sub: 'eve' }) })

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code: 'login_required', cause: { code: 'subject_mismatch' } })
    await until(() => pages.every(({ heard }) => heard('logout').length > 0), 'a logout in each tab')
    for (const { heard, client } of pages) {
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'subject_mismatch' } }])
      expect(heard('refresh')).toEqual([])
      expect(client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    }
    await until(() => provider.to('revocation').length > 0, 'the revocation')
    const given = String(provider.to('revocation')[0]?.form.get('token'))
    expect(given).toMatch(/^refresh-/)
    expect(given).not.toBe(provider.to('token')[0]?.form.get('refresh_token'))
    expect(provider.isGood(given)).toBe(false)
    expect(stored(area.items)).toEqual({})
    expectNoSecret(provider, page, error)
  })

  it.each([
    ['was', true, false],
    ['has become', false, true],
    ['is, and was,', true, true],
  ])('about somebody else ends it though the ID token %s too large to be read', async (_, isBefore, isAfter) => {
    const { provider, signIn } = await createScene()
    const pad = 'x'.repeat(20_000)
    if (isBefore) provider.lie({ idToken: (claims) => ({ ...claims, pad }) })
    const { client } = await signIn()
    expect(client.state.status).toBe('authenticated')
    provider.lie({ idToken: (claims) => ({ ...claims, sub: 'eve', ...(isAfter && { pad }) }) })

    const { error } = await outcomeOf(client.getAccessToken(forced))

    expect(error).toMatchObject({ cause: { code: 'subject_mismatch' } })
  })

  it('of another issuer ends the session in each tab', async () => {
    const { provider, pages, page } = await signedIn(2)
    provider.lie({ idToken: (claims) => ({ ...claims, iss: 'https://evil.test' }) })

    await outcomeOf(page.client.getAccessToken(forced))

    await until(() => pages.every(({ heard }) => heard('logout').length > 0), 'a logout in each tab')
    for (const { heard } of pages)
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'subject_mismatch' } }])
  })

  it('of another issuer is given back with all that came with it', async () => {
    const { provider, page } = await signedIn()
    provider.lie({ idToken: (claims) => ({ ...claims, iss: 'https://evil.test' }) })

    await outcomeOf(page.client.getAccessToken(forced))

    await until(() => provider.to('revocation').length > 0, 'the revocation')
    expect(provider.to('revocation')[0]?.form.get('token')).toMatch(/^refresh-/)
  })

  it.each<[what: string, lies: Lies]>([
    ['is not signed (alg none)', { alg: 'none' }],
    ['is signed by HS256 with the public key', { alg: 'HS256' }],
    ['is for another client', { idToken: (claims) => ({ ...claims, aud: 'other' }) }],
    ['has expired', { idToken: (claims) => ({ ...claims, exp: 1 }) }],
    ['is about nobody', { idToken: ({ sub: _, ...claims }) => claims as JWTPayload }],
  ])('T8: that %s is not used, nor is what came with it', async (_, lies) => {
    const { provider, page } = await signedIn()
    const token = await page.client.getAccessToken()
    provider.lie(lies)

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code: 'invalid_response' })
    expect(page.heard('refresh')).toEqual([])
    expect(await page.client.getAccessToken()).toBe(token)
    expect(page.client.state).toMatchObject({ idClaims: { sub: 'ada', aud: CLIENT } })
    expectNoSecret(provider, page, error)
  })
})

describe('a refused refresh', () => {
  it.each([
    ['invalid_grant', 400],
    ['invalid_grant', 401],
    ['invalid_grant', 403],
    ['invalid_token', 401],
  ])('by `%s` with %i ends the session in each tab', async (oauthError, status) => {
    const { provider, pages, page } = await signedIn(2)
    provider.failNext('token', Response.json({ error: oauthError }, { status }))

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code: 'login_required', cause: { code: 'refresh_rejected', oauthError, status } })
    await until(() => pages.every(({ heard }) => heard('logout').length > 0), 'a logout in each tab')
    for (const { heard } of pages) expect(heard('logout')).toMatchObject([{ reason: 'revoked' }])
  })

  it.each([
    ['invalid_client', 401, 'misconfigured'],
    ['invalid_client', 400, 'misconfigured'],
    ['unauthorized_client', 400, 'misconfigured'],
    ['unsupported_grant_type', 400, 'misconfigured'],
    ['invalid_dpop_proof', 400, 'server_error'],
    ['invalid_dpop_proof', 401, 'server_error'],
    ['access_denied', 403, 'server_error'],
    ['invalid_grant', 500, 'server_error'],
    ['temporarily_unavailable', 503, 'server_error'],
    ['slow_down', 429, 'rate_limited'],
  ])('by `%s` with %i ends nothing: `%s`', async (oauthError, status, code) => {
    const { provider, page } = await signedIn()
    provider.failNext('token', Response.json({ error: oauthError }, { status }))

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code, status, oauthError })
    expect(page.heard('logout')).toEqual([])
    expect(page.client.state.status).toBe('authenticated')
    expect(page.reported).toHaveLength(code === 'misconfigured' ? 1 : 0)
  })

  it('by a spent refresh token ends all that came of it', async () => {
    const { provider, page, open, area } = await signedIn()
    const refreshToken = stored(area.items).r
    const thief = open({ storageKey: 'thief' })
    await thief.client.setTokens({ accessToken: 'stolen', refreshToken, lifetime: 1000 })
    await page.client.getAccessToken(forced)

    const stolen = await outcomeOf(thief.client.getAccessToken(forced))
    const mine = await outcomeOf(page.client.getAccessToken(forced))

    expect(stolen.error).toMatchObject({ code: 'login_required' })
    expect(mine.error).toMatchObject({ code: 'login_required' })
    expect(provider.refreshes).toBe(3)
  })
})

describe('a clock that goes wrong while somebody is signed in', () => {
  it('F17: by hours costs nothing, though renewed ID tokens look expired', async () => {
    const { signIn, provider } = await createScene()
    const page = await signIn()
    const now = Date.now
    provider.lie({ idToken: (claims) => ({ ...claims, iat: now() / 1000, exp: now() / 1000 + 300 }) })
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 7_200_000)

    const renewals = [
      await outcomeOf(page.client.getAccessToken(forced)),
      await outcomeOf(page.client.getAccessToken(forced)),
    ]
    clock.mockRestore()

    expect(renewals.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(page.heard('logout')).toEqual([])
  })
})

describe('tokens that come too late', () => {
  it.each([
    ['are not revoked where the same person has signed in again: that may end the new session, too', 'ada', 0],
    ['are revoked where somebody else has', 'eve', 1],
  ])('%s', async (_, sub, revocations) => {
    const { signIn, leave, provider, goTo, open } = await createScene()
    const first = await signIn()
    const gate = Promise.withResolvers<void>()
    let isSlow = false
    const slow: typeof globalThis.fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init)
      if (isSlow && String(input).endsWith('/token')) await gate.promise
      return response
    }
    const other = open({ fetch: slow })
    await other.client.start()
    const url = await leave(first, { parameters: { acr_values: 'gold' } })
    first.client.dispose()
    isSlow = true
    const late = watch(other.client.getAccessToken(forced))
    await until(() => provider.to('token').length === 2)
    await settle(30)

    provider.lie({ idToken: (claims) => ({ ...claims, sub }) })
    goTo(provider.authorize(url))
    const back = open()
    await back.client.start()
    gate.resolve()
    await until(() => late.status !== 'pending')
    await settle(100)

    expect(back.client.state).toMatchObject({ status: 'authenticated', idClaims: { sub } })
    expect(provider.to('revocation')).toHaveLength(revocations)
  })
})
