import { type AuthBackend, AuthClient } from 'latchkey'
import { type OidcLogin, oidcBackend, type StandardSchemaV1 } from 'latchkey/oidc'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { CLIENT, ISSUER } from './provider.ts'
import { createScene, type SceneOptions } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

interface Profile {
  readonly name: string
}

/** What a schema library makes: a name is wanted, all else is left out. */
function schemaOf(isLate = false): StandardSchemaV1<unknown, Profile> {
  const validate = (value: unknown) => {
    const { name } = value as { name?: unknown }
    return typeof name === 'string'
      ? { value: { name } }
      : { issues: [{ message: 'name: expected a text' }, { message: 'and more' }] }
  }
  return {
    '~standard': { version: 1, vendor: 'test', validate: isLate ? async (value) => validate(value) : validate },
  }
}

async function signIn(
  oidc: NonNullable<SceneOptions['oidc']>,
  userinfo?: (claims: Record<string, unknown>) => unknown,
) {
  const scene = await createScene({ oidc })
  if (userinfo) scene.provider.lie({ userinfo })
  return { ...scene, page: await scene.signIn() }
}

describe('`userinfo: true`', () => {
  it('asks the provider who signed in, with the access token', async () => {
    const { provider, page } = await signIn({ userinfo: true })

    expect(page.result).toMatchObject({ status: 'authenticated', user: { sub: 'ada', name: 'ADA' } })
    expect(page.heard('login')).toMatchObject([{ user: { sub: 'ada', name: 'ADA' } }])
    expect(provider.to('userinfo').map(({ authorization }) => authorization)).toEqual([
      expect.stringMatching(/^Bearer access-/),
    ])
  })

  it('asks once: a reload, another tab and a refresh know it from the record', async () => {
    const { provider, page, open } = await signIn({ userinfo: true })
    const next = open()
    await next.client.start()
    await page.client.getAccessToken({ forceRefresh: true })

    expect(next.client.state).toMatchObject({ user: { name: 'ADA' } })
    expect(provider.to('userinfo')).toHaveLength(1)
  })

  it.each<[what: string, userinfo: (claims: Record<string, unknown>) => unknown]>([
    ['is about somebody else', (claims) => ({ ...claims, sub: 'eve' })],
    ['is about nobody', ({ sub: _, ...claims }) => claims],
    ['is about a number', (claims) => ({ ...claims, sub: 7 })],
    ['is HTML', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
    ['is a list', () => []],
    ['is a 401', () => new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } })],
    ['is a 403', () => new Response(null, { status: 403 })],
    ['is a 500', () => new Response(null, { status: 500 })],
  ])('takes no answer that %s: the person is signed in, and `explain()` says why nobody knows who', async (_, lie) => {
    const { provider, page } = await signIn({ userinfo: true }, lie)

    expect(page.result).toMatchObject({ status: 'authenticated', user: undefined, idClaims: { sub: 'ada' } })
    expect(page.why()).toMatch(/no user: /)
    expectNoSecret(provider, page)
  })

  it('is asked again by the next page, where it could not be had', async () => {
    const { provider, open } = await signIn({ userinfo: true }, () => new Response(null, { status: 500 }))
    provider.lie({})

    const { client } = open()

    expect(await client.start()).toMatchObject({ user: { sub: 'ada' } })
  })

  it('says so where the provider has no such endpoint', async () => {
    const scene = await createScene({
      oidc: { userinfo: true },
      provider: { document: ({ userinfo_endpoint: _, ...document }) => document },
    })
    const page = await scene.signIn()

    expect(page.result).toMatchObject({ status: 'authenticated', user: undefined })
    expect(page.why()).toMatch(/no user: /)
  })

  it('takes whoever answers where there is no ID token to compare with', async () => {
    const { page } = await signIn({ userinfo: true, scope: 'profile' })
    expect(page.result).toMatchObject({ user: { sub: 'ada' }, idClaims: undefined })
  })
})

describe('`userinfo` without being asked for', () => {
  it('is not called: `idClaims` has what the ID token says', async () => {
    const { provider, page } = await signIn({})
    expect(page.result).toMatchObject({ user: undefined, idClaims: { sub: 'ada' } })
    expect(provider.to('userinfo')).toEqual([])
  })
})

describe('a schema as `userinfo`', () => {
  it.each([
    ['at once', false],
    ['later', true],
  ])('makes the user of the claims, %s', async (_, isLate) => {
    const { page } = await signIn({ userinfo: schemaOf(isLate) })
    expect(page.result).toHaveProperty('user', { name: 'ADA' })
  })

  it('that does not fit leaves the user unknown, and `explain()` says what is wrong', async () => {
    const { provider, page } = await signIn({ userinfo: schemaOf() }, (claims) => ({ ...claims, name: 7 }))

    expect(page.result).toMatchObject({ status: 'authenticated', user: undefined })
    expect(page.why()).toContain('name: expected a text; and more')
    expectNoSecret(provider, page)
  })

  it('sees no answer about somebody else', async () => {
    const seen: unknown[] = []
    const schema = schemaOf()
    const { validate } = schema['~standard']
    const spy = (value: unknown) => {
      seen.push(value)
      return validate(value)
    }
    const spying: typeof schema = {
      '~standard': { ...schema['~standard'], validate: spy },
    }
    await signIn({ userinfo: spying }, (claims) => ({ ...claims, sub: 'eve' }))
    expect(seen).toEqual([])
  })

  it('gives `user` its type', () => {
    const base = { issuer: ISSUER, clientId: CLIENT, redirectUri: '/callback' }
    expectTypeOf(oidcBackend({ ...base, userinfo: schemaOf() })).toEqualTypeOf<AuthBackend<OidcLogin, Profile>>()
    const client = new AuthClient({ backend: oidcBackend({ ...base, userinfo: schemaOf() }) })
    expectTypeOf(client.setUser).parameter(0).toEqualTypeOf<Profile>()
    expectTypeOf(client.login).toBeCallableWith({ mode: 'popup', returnTo: '/', parameters: { prompt: 'login' } })
    expectTypeOf(client.login).toBeCallableWith()
    expectTypeOf(oidcBackend({ ...base, userinfo: true })).toEqualTypeOf<AuthBackend<OidcLogin, unknown>>()
    expectTypeOf(oidcBackend<Profile>(base)).toEqualTypeOf<AuthBackend<OidcLogin, Profile>>()
  })
})
