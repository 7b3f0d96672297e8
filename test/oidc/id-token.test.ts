import type { JWTPayload } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Lies, ProviderOptions } from './provider.ts'
import { createScene, outcomeOf, type SceneOptions } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

/** The page is back from a provider whose answers are not true; what became of it. */
async function comeBack(lies: Lies, options: SceneOptions = {}) {
  const scene = await createScene(options)
  const { provider, open, leave, goTo } = scene
  provider.lie(lies)
  const first = open()
  goTo(provider.authorize(await leave(first)))
  first.client.dispose()
  const page = open()
  const { value, error } = await outcomeOf(page.client.start())
  return { ...scene, page, result: value, error }
}

const saying = (more: JWTPayload) => ({ idToken: (claims: JWTPayload) => ({ ...claims, ...more }) })
const without = (name: string) => ({
  idToken: (claims: JWTPayload) => Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name)),
})
const at = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
const instead = (id_token: unknown) => ({ tokens: (body: Record<string, unknown>) => ({ ...body, id_token }) })
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const forgeries: [what: string, lies: Lies][] = [
  ['is not signed (alg none)', { alg: 'none' }],
  ['is signed by HS256 with the public key', { alg: 'HS256' }],
  ['has an extension that must be understood', { header: { crit: ['b64'], b64: true } }],
  ['is of another issuer', saying({ iss: 'https://evil.test' })],
  ['is of an issuer that is written otherwise', saying({ iss: 'https://id.test/' })],
  ['has no issuer', without('iss')],
  ['is for another client', saying({ aud: 'other' })],
  ['is for several others', saying({ aud: ['other', 'another'] })],
  ['has no audience', without('aud')],
  ['has no audience in its list', saying({ aud: [] })],
  ['is for several, and does not say who asked', saying({ aud: ['spa', 'other'] })],
  ['is for several, and another one has asked', saying({ aud: ['spa', 'other'], azp: 'other' })],
  ['answers to another sign-in', saying({ nonce: 'other' })],
  ['answers to no sign-in', without('nonce')],
  ['is about nobody', without('sub')],
  ['is about a number', saying({ sub: 7 as unknown as string })],
  ['has expired', saying({ exp: at(-3600) })],
  ['never expires', without('exp')],
  ['expires at a text', saying({ exp: 'soon' as unknown as number })],
  ['does not say when it was issued', without('iat')],
  ['is not good before tomorrow', saying({ nbf: at(86_400) })],
  ['is missing', { idToken: () => undefined }],
  ['is empty', instead('')],
  ['is no text', instead({})],
  ['is no JWT', instead('opaque')],
  ['is encrypted', instead('a.b.c.d.e')],
  ['has a header that is no JSON', instead('e30x.e30.')],
  ['has a payload that is no object', instead(`${encode({ alg: 'ES256' })}.${encode([1])}.x`)],
]

describe('T8: an ID token that', () => {
  it.each(forgeries)('%s signs nobody in, and is not told to anybody', async (_, lies) => {
    const { provider, page, error, area } = await comeBack(lies)

    expect(error).toMatchObject({ name: 'AuthError', code: 'invalid_response' })
    expect(page.client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(page.events).toEqual([])
    expect([...area.items.keys()]).toEqual([])
    expect(provider.to('token')).toHaveLength(1)
    expectNoSecret(provider, page, error)
  })

  it('is of the wrong issuer says so, and how the rest was refused', async () => {
    const { error } = await comeBack(saying({ iss: 'https://evil.test' }))

    expect(error).toHaveProperty('message', expect.stringContaining('"iss" (issuer)'))
  })
})

describe('an ID token', () => {
  it('needs no signature of a known key, since it comes straight from the provider', async () => {
    const cut = (body: Record<string, unknown>) => ({ ...body, id_token: `${String(body.id_token).slice(0, -20)}AAAA` })

    const { result } = await comeBack({ tokens: cut })

    expect(result).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
  })

  it.each([
    ['one audience in a list', { aud: ['spa'] }],
    ['several audiences of which this client has asked', { aud: ['spa', 'other'], azp: 'spa' }],
    ['claims that nobody knows', { tenant: 'x', roles: ['a'] }],
  ])('may have %s', async (_, more) => {
    const { result } = await comeBack(saying(more))

    expect(result).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada', ...more } })
  })

  it.each<[late: string, seconds: number, clockTolerance: number | undefined, isTaken: boolean]>([
    ['20 s ago, by default', 20, undefined, true],
    ['40 s ago, by default', 40, undefined, false],
    ['100 s ago, where clocks may differ by two minutes', 100, 120_000, true],
    ['130 s ago, where clocks may differ by two minutes', 130, 120_000, false],
    ['2 s ago, where clocks may not differ', 2, 0, false],
  ])('T8: that expired %s', async (_, seconds, clockTolerance, isTaken) => {
    const { page, error } = await comeBack(saying({ exp: at(-seconds) }), { oidc: { clockTolerance } })

    expect(page.client.state.status).toBe(isTaken ? 'authenticated' : 'unauthenticated')
    if (!isTaken) expect(error).toHaveProperty('code', 'invalid_response')
  })

  it('is not asked for without the scope `openid`', async () => {
    const { result, left } = await comeBack({}, { oidc: { scope: 'todos' } })

    expect(left()[0]?.searchParams.get('scope')).toBe('todos')
    expect(left()[0]?.searchParams.has('nonce')).toBe(false)
    expect(result).toMatchObject({ status: 'authenticated', idClaims: undefined })
  })

  const lists = (values: string[]): ProviderOptions => ({
    document: (document) => ({ ...document, id_token_signing_alg_values_supported: values }),
  })

  it.each(['none', 'HS256'] as const)('T8: with %s is refused though the provider announces that', async (alg) => {
    const { page, error } = await comeBack({ alg }, { provider: lists(['ES256', 'none', 'HS256']) })

    expect(error).toMatchObject({ code: 'invalid_response' })
    expect(page.client.state.status).toBe('unauthenticated')
  })
})

describe('T8: a token answer', () => {
  it.each<[what: string, change: (body: Record<string, unknown>) => unknown]>([
    ['without an access token', ({ access_token: _, ...body }) => body],
    ['with an access token that is no text', (body) => ({ ...body, access_token: 7 })],
    ['without a type', ({ token_type: _, ...body }) => body],
    ['of an unknown type', (body) => ({ ...body, token_type: 'mac' })],
    ['with a refresh token that is no text', (body) => ({ ...body, refresh_token: [1] })],
    ['with a lifetime that is no number', (body) => ({ ...body, expires_in: 'soon' })],
    ['that is HTML', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
    ['that is a list', () => []],
    ['that is broken', () => new Response('{"access_', { headers: { 'Content-Type': 'application/json' } })],
  ])('%s signs nobody in', async (_, tokens) => {
    const { provider, page, error } = await comeBack({ tokens })

    expect(error).toMatchObject({ name: 'AuthError', code: 'invalid_response' })
    expect(page.client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expectNoSecret(provider, page, error)
  })

  it('with a lifetime as text is taken, as with a type in other letters', async () => {
    const tokens = (body: Record<string, unknown>) => ({ ...body, expires_in: '300', token_type: 'bEaReR' })

    const { result } = await comeBack({ tokens })

    expect(result).toMatchObject({ status: 'authenticated', expiresAt: expect.any(Number) })
  })
})
