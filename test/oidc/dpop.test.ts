import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { bound, boundScene, keysInBrowser } from './bound.ts'
import { API } from './provider.ts'
import { createScene, outcomeOf, until } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

const TODOS = `${API}/todos`
const forced = { forceRefresh: true }

describe('T19: tokens that are bound to a key', () => {
  it('are asked for with a proof, and are no bearer tokens', async () => {
    const scene = await boundScene()
    const { provider } = scene
    const { client, result } = await scene.signIn()

    const response = await client.fetch(`${TODOS}?page=2#top`, { method: 'POST', body: 'x' })

    expect(result.status).toBe('authenticated')
    expect(await response.json()).toEqual({ sub: 'ada', text: 'x' })
    const [exchange] = provider.to('token')
    expect(exchange?.proof).toMatchObject({ htm: 'POST', htu: `${provider.issuer}/token` })
    expect(exchange?.proof).not.toHaveProperty('ath')
    expect(exchange?.authorization).toBeNull()
    const [request] = provider.to('resource')
    expect(request?.authorization).toMatch(/^DPoP access-/)
    expect(request?.proof).toMatchObject({ htm: 'POST', htu: TODOS, ath: expect.stringMatching(/^[\w-]{43}$/) })
  })

  it('are renewed with a proof of the same key', async () => {
    const { provider, page } = await bound()

    await page.client.getAccessToken(forced)

    expect(provider.to('token')[0]?.proof).toMatchObject({ htm: 'POST', htu: `${provider.issuer}/token` })
    expect((await page.client.fetch(TODOS)).status).toBe(200)
    expect(page.heard('refresh')).toHaveLength(1)
  })

  it('are shown to the userinfo endpoint with a proof', async () => {
    const scene = await boundScene({}, { userinfo: true })

    const { result } = await scene.signIn()

    expect(result).toMatchObject({ user: { sub: 'ada', name: 'ADA' } })
    const [request, ...others] = scene.provider.to('userinfo')
    expect(others).toEqual([])
    expect(request?.authorization).toMatch(/^DPoP /)
    expect(request?.proof).toMatchObject({ htm: 'GET', htu: request?.url, ath: expect.any(String) })
  })

  it('are given back without one', async () => {
    const { page, provider } = await bound()

    await page.client.logout()

    expect(provider.to('revocation')[0]?.proof).toBeUndefined()
  })

  it('need another proof at each attempt', async () => {
    const { page, provider } = await bound(1, {}, { userinfo: true })
    provider.expireAccessTokens()

    await page.client.fetch(TODOS, { method: 'POST', body: 'x' })
    await page.client.fetch(TODOS)
    await page.client.getAccessToken(forced)

    const jtis = provider.requests.flatMap(({ proof }) => proof?.jti ?? [])
    expect(provider.to('resource')).toHaveLength(3)
    expect(provider.refreshes).toBe(2)
    expect(jtis).toHaveLength(5)
    expect(new Set(jtis).size).toBe(5)
  })

  it('go along with requests of every form, whole', async () => {
    const { page, provider, sent } = await bound()
    const { signal } = new AbortController()
    const forms: Parameters<typeof fetch>[] = [
      [new URL(TODOS)],
      [new Request(TODOS, { method: 'PUT', body: 'a', headers: { 'X-Own': '1' } })],
      [TODOS, { method: 'PATCH', body: new URLSearchParams({ b: '1' }), headers: [['X-Own', '1']] }],
      [new Request(TODOS, { method: 'POST', body: 'b' }), { body: 'c', signal }],
    ]

    const texts: string[] = []
    for (const form of forms) texts.push((await (await page.client.fetch(...form)).json()).text)

    expect(texts).toEqual(['', 'a', 'b=1', 'c'])
    expect(provider.to('resource').map(({ proof }) => proof?.htm)).toEqual(['GET', 'PUT', 'PATCH', 'POST'])
    expect(sent.map(({ headers }) => headers.get('x-own'))).toEqual([null, '1', '1', null])
    const data = await page.client.http.post('todos', { json: { d: 1 } }).json()
    expect(data).toEqual({ sub: 'ada', text: '{"d":1}' })
  })

  it('follow no redirect', async () => {
    const { page, sent } = await bound(1, {}, { userinfo: true })
    await page.client.fetch(TODOS)
    await page.client.fetch(new Request(TODOS, { redirect: 'follow' }))
    await page.client.fetch(TODOS, { redirect: 'manual' })
    await page.client.getAccessToken(forced)

    expect(sent.filter(({ headers }) => headers.has('dpop')).map(({ redirect }) => redirect)).toEqual(
      Array(4).fill('error'),
    )
  })

  it.each([302, 307])('T2: are not carried on by a %i, nor is the proof', async (status) => {
    const { page, provider } = await bound()
    const Location = `${API}/elsewhere`
    provider.failNext('resource', new Response(null, { status, headers: { Location } }))

    const { error } = await outcomeOf(page.client.fetch(TODOS, { method: 'POST', body: 'x' }))

    expect(error).toBeInstanceOf(TypeError)
    expect(provider.to('resource')).toHaveLength(1)
    expect(page.client.state.status).toBe('authenticated')
  })

  it('leave no proof on requests to elsewhere', async () => {
    const { page, sent, provider } = await bound()

    await page.client.fetch(`${provider.issuer}/elsewhere`)
    await page.client.fetch(TODOS, { headers: { Authorization: 'Basic eA==' } })

    const told = sent.map(({ headers }) => [headers.get('dpop'), headers.get('authorization')])
    expect(told).toEqual([
      [null, null],
      [null, 'Basic eA=='],
    ])
  })

  it('let a request be given up as any other', async () => {
    const { page, provider } = await bound()
    provider.failNext('resource', 'hang')
    const giveUp = new AbortController()
    const request = outcomeOf(page.client.fetch(TODOS, { signal: giveUp.signal }))
    await until(() => provider.to('resource').length > 0)

    giveUp.abort()

    expect((await request).error).toBe(giveUp.signal.reason)
  })
})

describe('T19: the key', () => {
  it('cannot be read by any script', async () => {
    await bound()

    const [pair, ...others] = await keysInBrowser()

    expect(others).toEqual([])
    expect(pair?.privateKey).toMatchObject({ extractable: false, usages: ['sign'] })
    for (const format of ['jwk', 'pkcs8'] as const)
      await expect(crypto.subtle.exportKey(format as 'pkcs8', pair?.privateKey as CryptoKey)).rejects.toThrow()
  })

  it('is the same after a reload', async () => {
    const { page, open, provider } = await bound()
    page.client.dispose()
    const next = open()
    await next.client.start()

    expect((await next.client.fetch(TODOS)).status).toBe(200)
    await next.client.getAccessToken(forced)
    expect(provider.to('token')).toHaveLength(1)
  })

  it('is one for all tabs, which each sign by themselves', async () => {
    const { pages, provider } = await bound(3)
    provider.expireAccessTokens()

    const answers = await Promise.all(pages.map(({ client }) => client.fetch(TODOS)))

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(provider.refreshes).toBe(1)
    expect(await keysInBrowser()).toHaveLength(1)
  })

  it('is destroyed by a sign-out, and another one is made by the next sign-in', async () => {
    const { page, signIn } = await bound()
    const [before] = await keysInBrowser()

    await page.client.logout()
    expect(await keysInBrowser()).toEqual([])

    await signIn()
    const [after] = await keysInBrowser()
    const thumbs = await Promise.all(
      [before, after].map(async (pair) => calculateJwkThumbprint(await exportJWK(pair?.publicKey as CryptoKey))),
    )
    expect(thumbs[0]).not.toBe(thumbs[1])
  })

  it('is made by no sign-in where there is no IndexedDB: nobody is signed in with less', async () => {
    const { open, leave, goTo, provider } = await boundScene()
    goTo(provider.authorize(await leave(open())))
    vi.stubGlobal('indexedDB', undefined)
    const page = open()

    const { error } = await outcomeOf(page.client.start())

    expect(error).toMatchObject({ code: 'storage_unavailable' })
    expect(provider.to('token')).toEqual([])
    expect(page.client.state.status).toBe('unauthenticated')
  })
})

describe('T19: a thief with the tokens alone', () => {
  async function steal() {
    const scene = await bound()
    const token = await scene.page.client.getAccessToken()
    await scene.page.client.fetch(TODOS)
    const proof = scene.provider.to('resource')[0]?.headers.get('dpop') as string
    const attempt = async (headers: Record<string, string>): Promise<number> =>
      (await globalThis.fetch(TODOS, { headers })).status
    return { ...scene, token, proof, attempt }
  }

  it('gets a 401 for them, whatever the thief says', async () => {
    const { token, proof, attempt } = await steal()
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
    const claims = { htm: 'GET', htu: TODOS, jti: 'x', ath: Buffer.from(hash).toString('base64url') }
    const own = await new SignJWT(claims)
      .setIssuedAt()
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .sign(privateKey)

    expect(await attempt({ authorization: `Bearer ${token}` })).toBe(401)
    expect(await attempt({ authorization: `DPoP ${token}` })).toBe(401)
    expect(await attempt({ authorization: `DPoP ${token}`, dpop: proof })).toBe(401)
    expect(await attempt({ authorization: `DPoP ${token}`, dpop: own })).toBe(401)
  })

  it('cannot renew them', async () => {
    const { area, provider } = await steal()
    const { r } = JSON.parse([...area.items.values()][0] ?? '{}')
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'spa', refresh_token: r })

    const response = await globalThis.fetch(`${provider.issuer}/token`, { method: 'POST', body })

    expect(response.status).toBe(400)
  })
})

describe('F13: a token type', () => {
  it('of Bearer is refused where a proof was sent: there is no falling back', async () => {
    const { open, leave, goTo, provider, area } = await boundScene({ knowsDpop: false })
    goTo(provider.authorize(await leave(open())))
    const page = open()

    const { error } = await outcomeOf(page.client.start())

    expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('dpop') })
    expect(page.client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect([...area.items.keys()]).toEqual([])
    expectNoSecret(provider, page, error)
  })

  it('of Bearer is refused at a refresh, too, and no request carries such a token', async () => {
    const { page, provider } = await bound()
    provider.lie({ tokens: (body) => ({ ...body, token_type: 'Bearer' }) })

    const { error } = await outcomeOf(page.client.getAccessToken(forced))
    await page.client.fetch(TODOS)

    expect(error).toMatchObject({ code: 'misconfigured' })
    expect(page.heard('refresh')).toEqual([])
    expect(provider.to('resource')[0]?.authorization).toMatch(/^DPoP /)
    expectNoSecret(provider, page, error)
  })

  it('of DPoP is refused where none was asked for', async () => {
    const { open, leave, goTo, provider } = await createScene()
    provider.lie({ tokens: (body) => ({ ...body, token_type: 'DPoP' }) })
    goTo(provider.authorize(await leave(open())))
    const page = open()

    const { error } = await outcomeOf(page.client.start())

    expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('`dpop`') })
    expect(page.client.state.status).toBe('unauthenticated')
    expectNoSecret(provider, page, error)
  })

  it('may be written in any letters', async () => {
    const { open, leave, goTo, provider } = await boundScene()
    provider.lie({ tokens: (body) => ({ ...body, token_type: 'dPoP' }) })
    goTo(provider.authorize(await leave(open())))

    expect(await open().client.start()).toHaveProperty('status', 'authenticated')
  })
})
