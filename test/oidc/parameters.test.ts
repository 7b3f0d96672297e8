import { describe, expect, it } from 'vitest'
import { CLIENT } from './provider.ts'
import { CALLBACK, createScene, outcomeOf } from './scene.ts'

const now = () => Math.floor(Date.now() / 1000)

describe('`parameters`', () => {
  it('of the backend go with each authorization request, those of a sign-in with that one', async () => {
    const { open, leave } = await createScene({ oidc: { parameters: { audience: 'api', prompt: 'login' } } })
    const page = open()

    const first = await leave(page, { parameters: { prompt: 'consent', login_hint: 'ada@id.test' } })
    const second = await leave(page)

    expect(Object.fromEntries(first.searchParams)).toMatchObject({
      audience: 'api',
      prompt: 'consent',
      login_hint: 'ada@id.test',
    })
    expect(Object.fromEntries(second.searchParams)).toMatchObject({ audience: 'api', prompt: 'login' })
    expect(second.searchParams.has('login_hint')).toBe(false)
  })

  it('of a sign-in may ask for more: a step up', async () => {
    const { signIn, left } = await createScene({ oidc: { scope: 'openid todos' } })
    await signIn()

    const { result } = await signIn({ parameters: { acr_values: 'gold', scope: 'openid todos admin' } })

    expect(left()[1]?.searchParams.get('acr_values')).toBe('gold')
    expect(left()[1]?.searchParams.get('scope')).toBe('openid todos admin')
    expect(result.status).toBe('authenticated')
  })

  it('carry whatever letters, as they are', async () => {
    const { open, leave } = await createScene()
    const strange = 'a b&c=d#é/?"+%20\u2028'
    const { searchParams } = await leave(open(), { parameters: { login_hint: strange, 'x y': '1' } })
    expect(searchParams.get('login_hint')).toBe(strange)
    expect(searchParams.get('x y')).toBe('1')
  })

  const reserved = {
    client_id: 'other',
    response_type: 'token',
    redirect_uri: 'https://evil.test/',
    state: 'mine',
    nonce: 'mine',
    code_challenge: 'mine',
    code_challenge_method: 'plain',
  }

  it.each(['by the backend', 'by the sign-in'])('T17: %s override nothing that protects the sign-in', async (how) => {
    const isBackend = how === 'by the backend'
    const { open, leave, goTo, provider } = await createScene({ oidc: isBackend ? { parameters: reserved } : {} })

    const url = await leave(open(), isBackend ? {} : { parameters: reserved })

    for (const name of Object.keys(reserved)) expect(url.searchParams.getAll(name)).toHaveLength(1)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: CLIENT,
      response_type: 'code',
      redirect_uri: CALLBACK,
      code_challenge_method: 'S256',
    })
    for (const name of ['state', 'nonce', 'code_challenge']) expect(url.searchParams.get(name)).not.toBe('mine')
    goTo(provider.authorize(url))
    expect(await open().client.start()).toHaveProperty('status', 'authenticated')
  })
})

describe('`max_age`', () => {
  const comeBack = async (max_age: string, authTime: number | undefined, where: 'backend' | 'sign-in' = 'sign-in') => {
    const parameters = { max_age }
    const scene = await createScene({ oidc: where === 'backend' ? { parameters } : {} })
    const { open, leave, goTo, provider } = scene
    if (authTime === undefined) provider.lie({ idToken: ({ auth_time: _, ...claims }) => claims })
    const url = await leave(open(), where === 'backend' ? {} : { parameters })
    expect(url.searchParams.get('max_age')).toBe(max_age)
    goTo(provider.authorize(url, authTime === undefined ? {} : { authTime }))
    return outcomeOf(open().client.start())
  }

  it.each([
    ['60', 10],
    ['0', 0],
    ['3600', 3000],
  ])('of %s s takes a person who signed in %i s ago', async (maxAge, age) => {
    expect((await comeBack(maxAge, now() - age)).value).toHaveProperty('status', 'authenticated')
  })

  it.each([
    ['60', 100],
    ['0', 40],
    ['3600', 4000],
  ])('T8: of %s s refuses a person who signed in %i s ago, whatever the provider says', async (maxAge, age) => {
    expect((await comeBack(maxAge, now() - age)).error).toMatchObject({ code: 'invalid_response' })
  })

  it('T8: refuses an ID token that does not say when', async () => {
    expect((await comeBack('60', undefined)).error).toMatchObject({ code: 'invalid_response' })
  })

  it('T8: is heeded where the backend asks for it each time', async () => {
    expect((await comeBack('60', now() - 100, 'backend')).error).toMatchObject({ code: 'invalid_response' })
  })
})
