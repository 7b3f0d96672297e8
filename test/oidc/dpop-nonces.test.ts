import { decodeJwt } from 'jose'
import { dpop } from 'latchkey/oidc'
import { describe, expect, it } from 'vitest'
import { bound, boundScene } from './bound.ts'
import { API } from './provider.ts'
import { outcomeOf } from './scene.ts'

const TODOS = `${API}/todos`
const forced = { forceRefresh: true }
const asking = () =>
  Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'DPoP-Nonce': 'never-good-enough' } })

describe('F33: a nonce that the token endpoint wants', () => {
  it('is brought at the second attempt, with the same code', async () => {
    const scene = await boundScene({ nonces: { token: 'one' } })
    const { provider } = scene

    const { result } = await scene.signIn()

    expect(result.status).toBe('authenticated')
    const [first, second, ...others] = provider.to('token')
    expect(others).toEqual([])
    expect(first?.proof).not.toHaveProperty('nonce')
    expect(second?.proof).toHaveProperty('nonce', 'nonce-token-1')
    expect(second?.form.get('code')).toBe(first?.form.get('code'))
    expect(second?.proof?.jti).not.toBe(first?.proof?.jti)
  })

  it('is kept for the next call', async () => {
    const { page, provider } = await bound(1, { nonces: { token: 'one' } })

    await page.client.getAccessToken(forced)
    await page.client.getAccessToken(forced)

    expect(provider.to('token').map(({ proof }) => proof?.nonce)).toEqual(['nonce-token-1', 'nonce-token-1'])
  })

  it('may change with each answer, which costs no call', async () => {
    const { page, provider } = await bound(1, { nonces: { token: 'each' } })

    for (let count = 0; count < 3; count += 1) await page.client.getAccessToken(forced)

    expect(provider.to('token')).toHaveLength(3)
    expect(new Set(provider.to('token').map(({ proof }) => proof?.nonce)).size).toBe(3)
  })

  it('that has run out is asked for again; the refresh token is not spent by that', async () => {
    const { page, provider } = await bound(1, { nonces: { token: 'one' } })
    provider.changeNonces()

    await page.client.getAccessToken(forced)

    const [first, second] = provider.to('token')
    expect(second?.proof?.nonce).toBe('nonce-token-2')
    expect(second?.form.get('refresh_token')).toBe(first?.form.get('refresh_token'))
    expect(page.heard('refreshFailed')).toEqual([])
  })

  it('is brought once: who asks again is refused, and nobody is signed out for it', async () => {
    const { page, provider } = await bound()
    provider.failNext('token', asking, 2)

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ name: 'AuthError', status: 400, oauthError: 'use_dpop_nonce' })
    expect(provider.to('token')).toHaveLength(2)
    expect(page.heard('logout')).toEqual([])
    expect(page.client.state.status).toBe('authenticated')
  })

  it('is learned by another tab for itself', async () => {
    const { pages, provider } = await bound(2, { nonces: { token: 'one' } })

    await pages[1]?.client.getAccessToken(forced)

    expect(provider.to('token').map(({ proof }) => proof?.nonce)).toEqual([undefined, 'nonce-token-1'])
  })
})

describe('F33: a nonce that the API wants', () => {
  it('is brought at the second attempt, and causes no refresh', async () => {
    const { page, provider } = await bound(1, { nonces: { resource: 'one' } })

    const response = await page.client.fetch(TODOS, { method: 'POST', body: 'whole' })

    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ text: 'whole' })
    expect(provider.to('resource').map(({ proof }) => proof?.nonce)).toEqual([undefined, 'nonce-resource-1'])
    expect(provider.refreshes).toBe(0)
    expect(page.events).toEqual([])
  })

  it('is brought with the whole body of a Request', async () => {
    const { page } = await bound(1, { nonces: { resource: 'one' } })

    const response = await page.client.fetch(new Request(TODOS, { method: 'PUT', body: 'whole' }))

    expect(await response.json()).toMatchObject({ text: 'whole' })
  })

  it('is kept for the next request, and for those at once', async () => {
    const { page, provider } = await bound(1, { nonces: { resource: 'one' } })
    await page.client.fetch(TODOS)
    provider.requests.length = 0

    await Promise.all([page.client.fetch(TODOS), page.client.fetch(`${TODOS}/1`)])

    expect(provider.to('resource').map(({ proof }) => proof?.nonce)).toEqual(['nonce-resource-1', 'nonce-resource-1'])
  })

  it('is another one than the token endpoint’s', async () => {
    const { page, provider } = await bound(1, { nonces: { resource: 'one', token: 'one' } })
    await page.client.fetch(TODOS)
    await page.client.getAccessToken(forced)
    await page.client.fetch(TODOS)

    const nonces = provider.requests.map(({ endpoint, proof }) => [endpoint, proof?.nonce])
    expect(nonces).toEqual([
      ['resource', undefined],
      ['resource', 'nonce-resource-1'],
      ['token', 'nonce-token-1'],
      ['resource', 'nonce-resource-1'],
    ])
  })

  it('may be asked for without a `WWW-Authenticate` that scripts can read', async () => {
    const { page, provider } = await bound()
    provider.failNext('resource', new Response(null, { status: 401, headers: { 'DPoP-Nonce': 'fresh' } }))

    const response = await page.client.fetch(TODOS)

    expect(response.status).toBe(200)
    expect(provider.to('resource')[1]?.proof?.nonce).toBe('fresh')
    expect(provider.refreshes).toBe(0)
  })

  it('that comes along with another refusal does not keep the token from being renewed', async () => {
    const { page, provider } = await bound()
    const headers = { 'DPoP-Nonce': 'fresh', 'WWW-Authenticate': 'DPoP error="invalid_token"' }
    provider.failNext('resource', new Response(null, { status: 401, headers }))

    const response = await page.client.fetch(TODOS)

    expect(response.status).toBe(200)
    expect(provider.refreshes).toBe(1)
    expect(provider.to('resource').map(({ proof }) => proof?.nonce)).toEqual([undefined, 'fresh'])
  })

  it('asked for again and again ends with the 401, after one refresh at most', async () => {
    const { page, provider } = await bound()
    const headers = { 'DPoP-Nonce': 'never-good-enough', 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' }
    provider.failNext('resource', () => new Response(null, { status: 401, headers }), 99)

    const response = await page.client.fetch(TODOS)

    expect(response.status).toBe(401)
    expect(provider.to('resource').length).toBeLessThanOrEqual(4)
    expect(provider.refreshes).toBeLessThanOrEqual(1)
    expect(page.heard('logout')).toEqual([])
  })

  it('does not hide a 401 that says the token has expired', async () => {
    const { page, provider } = await bound(1, { nonces: { resource: 'one' } })
    await page.client.fetch(TODOS)
    provider.expireAccessTokens()

    expect((await page.client.fetch(TODOS)).status).toBe(200)
    expect(provider.refreshes).toBe(1)
  })

  it('is wanted by the userinfo endpoint, too', async () => {
    const scene = await boundScene({ nonces: { resource: 'one' } }, { userinfo: true })

    const { result } = await scene.signIn()

    expect(result).toMatchObject({ user: { sub: 'ada' } })
    expect(scene.provider.to('userinfo')).toHaveLength(2)
  })

  it('may change with each answer: requests go on, and nothing is renewed for it', async () => {
    const { page, provider } = await bound(1, { nonces: { resource: 'each' } })

    for (let count = 0; count < 3; count += 1) expect((await page.client.fetch(TODOS)).status).toBe(200)

    expect(provider.refreshes).toBe(0)
    expect(page.events).toEqual([])
  })

  it('may change with each answer, which costs no request', async () => {
    const { page, provider } = await bound(1, { nonces: { resource: 'each' } })
    await page.client.fetch(TODOS)
    provider.requests.length = 0

    for (let count = 0; count < 3; count += 1) expect((await page.client.fetch(TODOS)).status).toBe(200)

    expect(provider.to('resource')).toHaveLength(3)
  })
})

describe('F33: an answer that knows no address', () => {
  it('has the nonce for where the last proof went: some wrappers of `fetch` make their answers by hand', async () => {
    await boundScene()
    const { create, prove, note } = dpop()
    const keyId = await create()
    const nonceOf = async (url: string): Promise<unknown> => {
      const { headers } = await prove(keyId, new Request(url), 'token')
      return decodeJwt(headers.get('dpop') ?? '').nonce
    }
    expect(await nonceOf(TODOS)).toBeUndefined()

    note(new Response(null, { status: 401, headers: { 'DPoP-Nonce': 'by-hand' } }))

    expect(await nonceOf(TODOS)).toBe('by-hand')
    expect(await nonceOf('https://files.test/')).toBeUndefined()
  })
})
