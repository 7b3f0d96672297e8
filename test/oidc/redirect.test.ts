import { describe, expect, it, vi } from 'vitest'
import { settle, stopTime, watch } from '../support/clock.ts'
import { CALLBACK, createScene, HOME, outcomeOf, remembered, until } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

const verifierIn = (pendings: ReturnType<typeof remembered>) => Object.values(pendings)[0]?.verifier

describe('a sign-in by redirect', () => {
  it('leads to the provider, and back to a person who is signed in', async () => {
    const { provider, signIn, left } = await createScene()

    const page = await signIn()

    expect(left()[0]?.href).toContain(`${provider.metadata.authorization_endpoint}?`)
    expect(page.result).toMatchObject({ status: 'authenticated', freshness: 'fresh', idClaims: { sub: 'ada' } })
    expect(page.events.map(({ name }) => name)).toEqual(['login'])
    expect(location.href).toBe(CALLBACK)
    expectNoSecret(provider, page)
  })

  it('puts the access token on requests from then on', async () => {
    const { signIn } = await createScene()
    const { client } = await signIn()

    const response = await client.fetch('https://api.test/todos')

    expect(await response.json()).toMatchObject({ sub: 'ada' })
  })

  it('asks for a code and nothing else', async () => {
    const { open, leave } = await createScene()

    const { searchParams } = await leave(open())

    expect(Object.fromEntries(searchParams)).toEqual({
      scope: 'openid',
      client_id: 'spa',
      response_type: 'code',
      redirect_uri: CALLBACK,
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
  })

  it('asks for another state, nonce and challenge each time', async () => {
    const { open, leave } = await createScene()
    const [first, second] = [await leave(open()), await leave(open())]

    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(first.searchParams.get(name)).not.toBe(second.searchParams.get(name))
  })

  it('needs no argument', async () => {
    const { open, left } = await createScene()
    void open()
      .client.login()
      .catch(() => undefined)
    await until(() => left().length > 0)
  })

  it('leaves a session alone until the page is back: a step up may be called off', async () => {
    const { signIn, leave } = await createScene()
    const page = await signIn()
    page.events.length = 0

    await leave(page, { parameters: { acr_values: 'gold' } })

    expect(page.client.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
    expect(page.events).toEqual([])
    expect((await page.client.fetch('https://api.test/todos')).status).toBe(200)
  })

  it('writes the redirect URI as it is registered', async () => {
    const { open, leave } = await createScene()
    for (const redirectUri of ['http://localhost:3000', 'http://LOCALHOST:3000/Callback', `${HOME}a?b=c`]) {
      const url = await leave(open({ oidc: { redirectUri } }))
      expect(url.searchParams.get('redirect_uri')).toBe(redirectUri)
    }
  })

  it('stays pending while the page leaves, and is aborted when the person comes back by the back button', async () => {
    const { open, left } = await createScene()
    const { client } = open()
    const login = watch(client.login({}))
    await until(() => left().length > 0)
    await settle()
    expect(login.status).toBe('pending')

    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
    await settle()
    expect(login.status).toBe('pending')

    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    await settle()
    expect(login.error).toMatchObject({ code: 'aborted' })
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
  })

  it('leads nowhere once the caller has given up', async () => {
    const { open, left, provider } = await createScene()
    const release = provider.hold('discovery')
    const giveUp = new AbortController()
    const login = watch(open().client.login({}, { signal: giveUp.signal }))
    await until(() => provider.to('discovery').length > 0)

    giveUp.abort()
    release()
    await settle(40)

    expect(login.error).toBe(giveUp.signal.reason)
    expect(left()).toEqual([])
    expect(remembered()).toEqual({})
  })

  it('leads nowhere though the caller gives up when nothing is on the way', async () => {
    const metadata = { authorization_endpoint: 'https://id.test/authorize', token_endpoint: 'https://id.test/token' }
    const { open, left } = await createScene({ oidc: { metadata } })
    const { client } = open()
    await client.start()
    const giveUp = new AbortController()

    const login = watch(client.login({}, { signal: giveUp.signal }))
    giveUp.abort()
    await until(() => login.status === 'rejected')
    await settle(40)

    expect(left()).toEqual([])
    expect(remembered()).toEqual({})
  })

  it('says so where the tab cannot remember it, and stays', async () => {
    const { open, left } = await createScene()
    vi.stubGlobal('sessionStorage', undefined)

    const { error } = await outcomeOf(open().client.login({}))

    expect(error).toMatchObject({ code: 'storage_unavailable' })
    expect(left()).toEqual([])
  })
})

describe('T17: the code verifier', () => {
  it('is long, is in no URL, and answers to the challenge by S256', async () => {
    const { open, leave, left, provider, goTo } = await createScene()
    const url = await leave(open())
    const verifier = String(verifierIn(remembered()))

    expect(verifier).toMatch(/^[\w.~-]{43,128}$/)
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    expect(url.searchParams.get('code_challenge')).toBe(Buffer.from(hash).toString('base64url'))
    goTo(provider.authorize(url))
    await open().client.start()
    expect(provider.to('token')[0]?.form.get('code_verifier')).toBe(verifier)
    const urls = [...left().map(String), ...provider.requests.map((seen) => seen.url), location.href]
    expect(urls.filter((each) => each.includes(verifier))).toEqual([])
  })

  it('is forgotten by the tab before the code is exchanged', async () => {
    const { open, leave, provider, goTo } = await createScene()
    const url = await leave(open())
    const verifier = String(verifierIn(remembered()))
    goTo(provider.authorize(url))
    const release = provider.hold('token')

    const starting = open().client.start()

    expect(JSON.stringify(remembered())).not.toContain(verifier)
    await until(() => provider.to('token').length > 0)
    expect(JSON.stringify(remembered())).not.toContain(verifier)
    release()
    expect(await starting).toHaveProperty('status', 'authenticated')
  })

  it('is never sent plain: without `crypto.subtle` nobody leaves the page', async () => {
    const { open, left, provider } = await createScene()
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto), randomUUID: crypto.randomUUID })

    const { error } = await outcomeOf(open().client.login({}))

    expect(error).toMatchObject({ code: 'insecure_url' })
    expect(left()).toEqual([])
    expect(provider.requests).toEqual([])
  })
})

describe('T17: the address of a page that is back', () => {
  it('is clean before `start()` returns, and so is the history', async () => {
    const { open, leave, provider, goTo } = await createScene()
    goTo(provider.authorize(await leave(open())))
    history.replaceState({ scroll: 7 }, '')
    const { length } = history
    const pushing = vi.spyOn(history, 'pushState')
    const { client } = open()

    const starting = client.start()

    expect(location.href).toBe(CALLBACK)
    expect(document.baseURI).toBe(CALLBACK)
    expect(history.state).toEqual({ scroll: 7 })
    expect(history.length).toBe(length)
    await starting
    expect(pushing).not.toHaveBeenCalled()
    expect(location.href).toBe(CALLBACK)
  })

  it('is clean before any other method returns, too', async () => {
    const { open, leave, provider, goTo } = await createScene()
    goTo(provider.authorize(await leave(open())))
    const { client } = open()

    const token = client.getAccessToken()

    expect(location.href).toBe(CALLBACK)
    expect(await token).toMatch(/^access-/)
  })

  it('keeps what belongs to the redirect URI, and loses all else', async () => {
    const redirectUri = `${HOME}app?view=callback`
    const { open, leave, provider, goTo } = await createScene({ oidc: { redirectUri } })
    const back = provider.authorize(await leave(open()))
    back.searchParams.append('session_state', 'x.y')
    back.hash = '_=_'
    goTo(back)

    await open().client.start()

    expect(location.href).toBe(redirectUri)
  })

  it('is clean after an error of the provider', async () => {
    const { open, leave, provider, goTo } = await createScene()
    goTo(provider.authorize(await leave(open()), { error: 'access_denied' }))

    const starting = watch(open().client.start())

    expect(location.href).toBe(CALLBACK)
    await until(() => starting.status === 'rejected')
  })

  it('is left alone where nothing in it is an answer', async () => {
    const { open, goTo } = await createScene()
    for (const path of [
      '/?state=CA&code=promo',
      '/callback?code=promo',
      '/callback?state=CA',
      '/shop?error=1&state=x',
    ]) {
      goTo(path)
      expect(await open().client.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
      expect(location.pathname + location.search).toBe(path)
    }
  })
})

describe('T16: a sign-in that is remembered', () => {
  it('is over after ten minutes', async () => {
    const { open, leave, provider, goTo } = await createScene()
    stopTime(Date.now())
    const back = provider.authorize(await leave(open()))
    vi.setSystemTime(Date.now() + 600_000)
    goTo(back)

    const { error } = await outcomeOf(open().client.start())

    expect(error).toMatchObject({ code: 'login_required' })
    expect(provider.to('token')).toEqual([])
    expect(location.href).toBe(CALLBACK)
  })

  it('is good until then', async () => {
    const { open, leave, provider, goTo } = await createScene()
    stopTime(Date.now())
    const back = provider.authorize(await leave(open()))
    vi.setSystemTime(Date.now() + 590_000)
    goTo(back)

    const { value } = await outcomeOf(open().client.start())

    expect(value).toHaveProperty('status', 'authenticated')
  })

  it('is swept out by the next one once it is over; what others keep there stays', async () => {
    const { open, leave } = await createScene()
    stopTime(Date.now())
    sessionStorage.setItem('draft', '{}')
    await leave(open())
    vi.setSystemTime(Date.now() + 600_000)
    await leave(open())

    expect(Object.keys(remembered())).toHaveLength(2)
    expect(sessionStorage.getItem('draft')).toBe('{}')
  })

  it.each(['{', 'null', '[]', '7', '{"backend":7,"at":"x"}', '{"__proto__":{"purpose":"login"}}'])(
    'and was damaged to %s is none',
    async (text) => {
      const { open, leave, provider, goTo } = await createScene()
      const url = await leave(open())
      for (const key of Object.keys(sessionStorage)) sessionStorage.setItem(key, text)
      goTo(provider.authorize(url))

      const { error } = await outcomeOf(open().client.start())

      expect(error).toMatchObject({ code: 'login_required' })
      expect(provider.to('token')).toEqual([])
    },
  )
})
