import { describe, expect, it } from 'vitest'
import { CALLBACK, createScene, HOME, outcomeOf, remembered } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

type Change = (answer: URLSearchParams) => void

/** A page back from the provider with an answer that somebody has changed. */
async function comeBack(callback: Change) {
  const scene = await createScene()
  const { provider, open, leave, goTo } = scene
  provider.lie({ callback })
  goTo(provider.authorize(await leave(open())))
  const page = open()
  const { error, value } = await outcomeOf(page.client.start())
  return { ...scene, page, error, value }
}

const twice =
  (name: string, other?: string): Change =>
  (answer) =>
    answer.append(name, other ?? answer.get(name) ?? '')

describe('T16: an answer', () => {
  it.each<[what: string, code: string, change: Change]>([
    ['to another state', 'login_required', (answer) => answer.set('state', 'x'.repeat(43))],
    ['without the issuer that was announced', 'invalid_response', (answer) => answer.delete('iss')],
    ['of another issuer', 'invalid_response', (answer) => answer.set('iss', 'https://evil.test')],
    ['of an issuer that is written otherwise', 'invalid_response', (answer) => answer.set('iss', 'https://id.test/')],
    ['with two codes', 'invalid_response', twice('code', 'stolen')],
    ['with the same code twice', 'invalid_response', twice('code')],
    ['with two states', 'invalid_response', twice('state', 'other')],
    ['with two issuers', 'invalid_response', twice('iss', 'https://evil.test')],
    ['with neither code nor error', 'invalid_response', (answer) => answer.delete('code')],
    ['with a token in it', 'invalid_response', (answer) => answer.set('id_token', 'e30.e30.x')],
    ['as a JWT', 'invalid_response', (answer) => answer.set('response', 'e30.e30.x')],
  ])('%s is refused, and nothing is exchanged', async (_, code, change) => {
    const { provider, page, error, area } = await comeBack(change)

    expect(error).toMatchObject({ name: 'AuthError', code })
    expect(provider.to('token')).toEqual([])
    expect(page.client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect([...area.items.keys()]).toEqual([])
    expect(location.href).toBe(CALLBACK)
    expectNoSecret(provider, page, error)
  })

  it('of another issuer beside an error is refused as such: the error may be anybody’s', async () => {
    const { error } = await comeBack((answer) => {
      answer.set('error', 'access_denied')
      answer.set('iss', 'https://evil.test')
    })

    expect(error).toHaveProperty('code', 'invalid_response')
    expect(error).not.toHaveProperty('oauthError')
  })

  it('may lack an issuer where none was announced', async () => {
    const { open, leave, provider, goTo } = await createScene({
      provider: { document: ({ authorization_response_iss_parameter_supported: _, ...document }) => document },
    })
    provider.lie({ callback: (answer) => answer.delete('iss') })
    goTo(provider.authorize(await leave(open())))

    expect(await open().client.start()).toHaveProperty('status', 'authenticated')
  })

  it('may come with `session_state` and what else providers add', async () => {
    const { value } = await comeBack((answer) => {
      answer.set('session_state', 'x.y')
      answer.set('scope', 'openid')
    })

    expect(value).toHaveProperty('status', 'authenticated')
    expect(location.href).toBe(CALLBACK)
  })
})

describe('T16: a callback is answered to once', () => {
  async function back() {
    const scene = await createScene()
    const { provider, open, leave, goTo } = scene
    const answer = provider.authorize(await leave(open()))
    goTo(answer)
    return { ...scene, answer }
  }

  it('by a client that is started twice', async () => {
    const { provider, open } = await back()
    const { client } = open()

    const results = await Promise.all([client.start(), client.start()])
    await client.start()

    expect(results.map(({ status }) => status)).toEqual(['authenticated', 'authenticated'])
    expect(provider.to('token')).toHaveLength(1)
  })

  it('by two clients on one page', async () => {
    const { provider, open } = await back()
    const [one, two] = [open(), open()]

    const [{ status }] = await Promise.all([one.client.start(), two.client.start()])

    expect(status).toBe('authenticated')
    expect(provider.to('token')).toHaveLength(1)
  })

  it.each(['reload', 'back button, to an address that was kept'])('after a %s', async (how) => {
    const { provider, open, goTo, answer } = await back()
    const first = open()
    await first.client.start()
    first.client.dispose()
    if (how !== 'reload') goTo(answer)

    const next = open()
    const result = await next.client.start()

    expect(result).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
    expect(next.events).toEqual([])
    expect(provider.to('token')).toHaveLength(1)
    expect(location.href).toBe(CALLBACK)
  })

  it('though the page is loaded anew while the code is on its way', async () => {
    const { provider, open, goTo, answer } = await back()
    const release = provider.hold('token')
    const first = open()
    void first.client.start().catch(() => undefined)
    first.client.dispose()
    goTo(answer)

    const result = await open().client.start()
    release()

    expect(result).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(provider.to('token').length).toBeLessThanOrEqual(1)
  })

  it('though it was refused', async () => {
    const { provider, open, goTo, answer } = await back()
    provider.failNext('token', new Response(null, { status: 500 }))
    const { error } = await outcomeOf(open().client.start())
    expect(error).toMatchObject({ code: 'server_error' })
    goTo(answer)

    expect(await open().client.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(provider.to('token')).toHaveLength(1)
  })
})

describe('T16: two sign-ins in parallel', () => {
  it('do not mix, in whatever order they come back', async () => {
    const { provider, open, leave, goTo } = await createScene()
    const urls = [
      await leave(open({ storageKey: 'one' }), { returnTo: '/one' }),
      await leave(open({ storageKey: 'two' }), { returnTo: '/two' }),
    ] as const
    goTo(provider.authorize(urls[1], { sub: 'bob' }))
    const second = await open({ storageKey: 'two' }).client.start()
    goTo(provider.authorize(urls[0], { sub: 'ada' }))
    const first = await open({ storageKey: 'one' }).client.start()

    expect(first).toMatchObject({ returnTo: '/one', idClaims: { sub: 'ada' } })
    expect(second).toMatchObject({ returnTo: '/two', idClaims: { sub: 'bob' } })
  })

  it('cannot swap their codes: the provider refuses the verifier', async () => {
    const { provider, open, leave, goTo } = await createScene()
    const [mine, stolen] = [await leave(open()), await leave(open())]
    const code = provider.authorize(stolen, { sub: 'eve' }).searchParams.get('code') ?? ''
    const back = provider.authorize(mine)
    back.searchParams.set('code', code)
    goTo(back)
    const page = open()

    const { error } = await outcomeOf(page.client.start())

    expect(error).toMatchObject({ code: 'invalid_credentials', oauthError: 'invalid_grant', status: 400 })
    expect(page.client.state.status).toBe('unauthenticated')
    expectNoSecret(provider, page, error)
  })

  it('of two tabs know nothing of each other', async () => {
    const { provider, open, leave, goTo } = await createScene()
    const url = await leave(open())
    sessionStorage.clear()
    goTo(provider.authorize(url))

    const { error } = await outcomeOf(open().client.start())

    expect(error).toMatchObject({ code: 'login_required' })
    expect(provider.to('token')).toEqual([])
  })

  it('of two backends on one page leave each other’s answer alone', async () => {
    const { provider, open, leave, goTo } = await createScene()
    const other = { clientId: 'other' }
    const mine = await leave(open())
    const back = provider.authorize(mine)
    goTo(back)
    const pendings = remembered()

    const foreign = await open({ storageKey: 'other', oidc: other }).client.start()

    expect(foreign).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(location.href).toBe(back.href)
    expect(remembered()).toEqual(pendings)
    expect(await open().client.start()).toHaveProperty('status', 'authenticated')
    expect(provider.to('token')).toHaveLength(1)
  })

  it('of two clients: who comes second leaves what the first has begun to answer alone', async () => {
    const { provider, open, leave, goTo } = await createScene()
    goTo(provider.authorize(await leave(open())))
    const mine = open().client.start()

    const foreign = await open({ storageKey: 'other', oidc: { clientId: 'other' } }).client.start()

    expect(foreign.status).toBe('unauthenticated')
    expect(await mine).toHaveProperty('status', 'authenticated')
  })
})

describe('an error of the provider', () => {
  it.each([
    ['access_denied', 'invalid_credentials'],
    ['login_required', 'login_required'],
    ['interaction_required', 'login_required'],
    ['consent_required', 'login_required'],
    ['account_selection_required', 'login_required'],
    ['server_error', 'server_error'],
    ['temporarily_unavailable', 'server_error'],
    ['invalid_scope', 'misconfigured'],
    ['invalid_request', 'misconfigured'],
    ['unauthorized_client', 'misconfigured'],
    ['unsupported_response_type', 'misconfigured'],
    ['request_not_supported', 'misconfigured'],
    ['registration_not_supported', 'misconfigured'],
    ['something_of_its_own', 'invalid_credentials'],
  ])('%s reaches the app as `%s`, with itself in `oauthError`', async (error, code) => {
    const { provider, open, leave, goTo } = await createScene()
    goTo(provider.authorize(await leave(open()), { error }))
    const page = open()

    const outcome = await outcomeOf(page.client.start())

    expect(outcome.error).toMatchObject({ name: 'AuthError', code, oauthError: error })
    expect(outcome.error).toHaveProperty('message', expect.stringContaining(error))
    expect(page.client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(provider.to('token')).toEqual([])
    expect(page.why()).toContain(error)
  })

  it('brings its description along', async () => {
    const { provider, open, leave, goTo } = await createScene()
    goTo(provider.authorize(await leave(open()), { error: 'access_denied', description: 'Pressed Cancel' }))

    const { error } = await outcomeOf(open().client.start())

    expect(error).toHaveProperty('message', expect.stringContaining('Pressed Cancel'))
  })

  it('keeps a session that the storage held, as at `prompt=none`', async () => {
    const { provider, open, leave, goTo, signIn } = await createScene()
    const { client } = await signIn()
    client.dispose()
    goTo(provider.authorize(await leave(open(), { parameters: { prompt: 'none' } }), { error: 'login_required' }))
    const page = open()

    const { error } = await outcomeOf(page.client.start())

    expect(error).toMatchObject({ code: 'login_required' })
    expect(page.client.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
  })

  it('does not keep the person from signing in after it', async () => {
    const { provider, open, leave, goTo } = await createScene()
    goTo(provider.authorize(await leave(open()), { error: 'access_denied' }))
    const denied = open()
    await outcomeOf(denied.client.start())
    goTo(provider.authorize(await leave(denied)))

    expect(await open().client.start()).toHaveProperty('status', 'authenticated')
    expect(location.href).toBe(new URL('/callback', HOME).href)
  })
})

describe('a refused exchange', () => {
  it.each([
    ['invalid_grant', 400, 'invalid_credentials'],
    ['invalid_client', 401, 'misconfigured'],
    ['unauthorized_client', 400, 'misconfigured'],
    ['temporarily_unavailable', 503, 'server_error'],
    ['slow_down', 429, 'rate_limited'],
  ])('by `%s` with %i is `%s`', async (oauthError, status, code) => {
    const { provider, open, leave, goTo } = await createScene()
    goTo(provider.authorize(await leave(open())))
    provider.failNext('token', Response.json({ error: oauthError }, { status }))
    const page = open()

    const { error } = await outcomeOf(page.client.start())

    expect(error).toMatchObject({ code, status, oauthError })
    expectNoSecret(provider, page, error)
  })

  it('by silence ends with the deadline of a token call', async () => {
    const { provider, open, leave, goTo } = await createScene({ client: { refresh: { timeout: 50 } } })
    goTo(provider.authorize(await leave(open())))
    provider.failNext('token', 'hang')

    const { error } = await outcomeOf(open().client.start())

    expect(error).toMatchObject({ code: 'timeout' })
  })
})
