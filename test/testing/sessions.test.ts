import { createLocalJWKSet, jwtVerify } from 'jose'
import { mockAuthServer } from 'latchkey/testing'
import { describe, expect, it } from 'vitest'
import { pass, stopTime } from '../support/clock.ts'
import { BASE, call, create, JOHN, open, post, renew } from './scene.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('who signs in', () => {
  it('is johndoe or admin with password123, if nothing else is said', async () => {
    const server = open()

    const john = await post(server, 'login', JOHN)
    const admin = await post(server, 'login', { username: 'admin', password: 'password123' })

    expect(john.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: expect.any(String),
      user: { id: 'u1', username: 'johndoe', name: 'John Doe', email: 'john@example.com', roles: ['user'] },
    })
    expect(admin.body.user).toMatchObject({ username: 'admin', roles: ['user', 'admin'] })
  })

  it.each([
    ['by e-mail address', { email: 'john@example.com', password: 'password123' }, 200],
    ['with further fields that the server does not know', { ...JOHN, remember: true }, 200],
    ['with another password', { ...JOHN, password: 'password124' }, 401],
    ['without a password', { username: 'johndoe' }, 401],
    ['with nothing but a password', { password: 'password123' }, 401],
    ['by a name that nobody has', { ...JOHN, username: 'nobody' }, 401],
    ['with the name of one and the address of another', { ...JOHN, email: 'ada@example.com' }, 401],
    ['with a text', 'johndoe:password123', 401],
    ['with nothing', {}, 401],
  ])('%s is told so', async (_how, fields, expected) => {
    const { status, body } = await post(open(), 'login', fields as object)

    expect(status).toBe(expected)
    if (expected === 401) expect(body).toMatchObject({ error: 'invalid_credentials', message: expect.any(String) })
  })

  it('is whom the test names, with roles, claims, and a subject that may be 0', async () => {
    const users = [{ username: 'zoe', password: 'z', id: 0, roles: ['editor'], claims: { tenant: 't1' }, shoe: 39 }]
    const { body } = await post(open({ users }), 'login', { username: 'zoe', password: 'z' })

    expect(body.user).toEqual({ username: 'zoe', id: 0, roles: ['editor'], shoe: 39 })
    expect(claimsOf(body)).toMatchObject({ sub: '0', roles: ['editor'], tenant: 't1' })
  })

  it('is whom a function knows by the fields, however they are called', async () => {
    const users = ({ pin }: Readonly<Record<string, unknown>>) =>
      pin === '1234' ? { username: 'ann', password: '' } : undefined
    const server = open({ users })

    expect((await post(server, 'login', { pin: '1234' })).body.user).toEqual({ username: 'ann' })
    expect((await post(server, 'login', { pin: '4321' })).status).toBe(401)
    expect((await call(server, 'login', { method: 'POST', body: 'pin' })).status).toBe(401)
  })

  it('looks in answers as `profile` says', async () => {
    const server = open({ profile: ({ username }) => ({ handle: `@${username}` }) })
    const { body } = await post(server, 'login', JOHN)

    expect(body.user).toEqual({ handle: '@johndoe' })
    expect((await call(server, 'me', { token: body.access_token })).body).toEqual({ handle: '@johndoe' })
  })
})

describe('a refresh', () => {
  it('gives new tokens of the same session, and no user', async () => {
    const server = open()
    const { body: first } = await post(server, 'login', JOHN)
    const { body: second } = await renew(server, first.refresh_token)

    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(second.access_token).not.toBe(first.access_token)
    expect(second).not.toHaveProperty('user')
    expect(claimsOf(second).sid).toBe(claimsOf(first).sid)
  })

  it('by a token that was used before is refused, and ends the session', async () => {
    const server = open()
    const { body: first } = await post(server, 'login', JOHN)
    const { body: second } = await renew(server, first.refresh_token)

    const again = await renew(server, first.refresh_token)

    expect(again.status).toBe(401)
    expect(again.body).toEqual({ error: 'invalid_grant', message: expect.stringContaining('used before') })
    expect((await renew(server, second.refresh_token)).status).toBe(401)
    expect((await call(server, 'todos', { token: second.access_token })).status).toBe(401)
  })

  it('by a token that was used before is taken while the grace lasts', async () => {
    stopTime()
    const server = open({ grace: 10_000 })
    const { body } = await post(server, 'login', JOHN)
    await renew(server, body.refresh_token)

    await pass(9999)
    expect((await renew(server, body.refresh_token)).status).toBe(200)
    await pass(1)
    expect((await renew(server, body.refresh_token)).status).toBe(401)
  })

  it('keeps the refresh token where nothing rotates', async () => {
    const server = open({ rotates: false })
    const { body } = await post(server, 'login', JOHN)

    for (const _ of [1, 2, 3]) {
      const renewed = await renew(server, body.refresh_token)
      expect(renewed.status).toBe(200)
      expect(renewed.body).not.toHaveProperty('refresh_token')
    }
    expect(server.requestsTo('refresh').map(({ generation }) => generation)).toEqual([1, 2, 3])
  })

  it.each(['body', 'access-token'] as const)('is refused after `refreshLifetime` (%s)', async (refreshVia) => {
    stopTime()
    const server = open({ refreshLifetime: DAY, refreshVia })
    const { body } = await post(server, 'login', JOHN)
    await pass(DAY)

    const fields = refreshVia === 'body' ? { refresh_token: body.refresh_token } : { token: body.access_token }
    expect((await post(server, 'refresh', fields)).body.message).toContain('expired')
  })

  it('is bought by the access token itself, which may have expired', async () => {
    const server = open({ refreshVia: 'access-token' })
    const { body } = await post(server, 'login', JOHN)
    server.expireAccessTokens()

    const renewed = await post(server, 'refresh', { token: body.access_token })

    expect(body).not.toHaveProperty('refresh_token')
    expect(renewed.status).toBe(200)
    expect((await call(server, 'todos', { token: renewed.body.access_token })).status).toBe(200)
  })

  it.each([undefined, '', 'unknown', 7])('by the token %s is refused', async (refreshToken) => {
    expect((await renew(open(), refreshToken)).status).toBe(401)
  })
})

describe('an access token', () => {
  it('opens all that is protected for so long as it lives', async () => {
    stopTime()
    const server = open({ lifetime: MINUTE })
    const { body } = await post(server, 'login', JOHN)
    const ask = () => call(server, 'todos?page=2', { token: body.access_token })

    await pass(MINUTE - 1)
    expect(await ask()).toMatchObject({ status: 200, body: { method: 'GET', path: 'todos', username: 'johndoe' } })
    await pass(1)
    const { status, headers, body: refusal } = await ask()
    expect([status, refusal.error, headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_token',
      'Bearer error="invalid_token"',
    ])
  })

  it('is missed where there is none', async () => {
    const { status, headers, body } = await call(open(), 'todos')

    expect([status, body.error, headers.get('www-authenticate')]).toEqual([401, 'missing_token', 'Bearer'])
  })

  it('lives as long as it was said when it was given out', async () => {
    stopTime()
    const server = open()
    const { body: long } = await post(server, 'login', JOHN)
    server.setLifetime(1000)
    const { body: short } = await post(server, 'login', JOHN)
    await pass(1000)

    expect(short.expires_in).toBe(1)
    expect((await call(server, 'todos', { token: short.access_token })).status).toBe(401)
    expect((await call(server, 'todos', { token: long.access_token })).status).toBe(200)
  })

  it('is refused, and can be renewed, after `expireAccessTokens`; the next one is good', async () => {
    const server = open()
    const { body } = await post(server, 'login', JOHN)
    server.expireAccessTokens()

    expect((await call(server, 'todos', { token: body.access_token })).status).toBe(401)
    const { body: next } = await renew(server, body.refresh_token)
    expect((await call(server, 'todos', { token: next.access_token })).status).toBe(200)
  })

  it('is verified by jose: signature, issuer, audience, type, and that it lives', async () => {
    const server = open({ baseUrl: `${BASE}/v1` })
    const { accessToken = '' } = await server.issueTokens()
    const response = await server.fetch(`${BASE}/v1/.well-known/jwks.json`)
    const keys = createLocalJWKSet(await response.json())
    const expected = { issuer: `${BASE}/v1`, audience: `${BASE}/v1`, algorithms: ['ES256'], typ: 'at+jwt' }

    const { payload, protectedHeader } = await jwtVerify(accessToken, keys, expected)

    expect(payload).toMatchObject({ sub: 'u1', roles: ['user'], exp: (payload.iat ?? 0) + 300 })
    expect(protectedHeader.kid).toBe((await server.keySet()).keys[0]?.kid)
    expect((await server.keySet()).keys[0]).not.toHaveProperty('d')
  })

  it('of another server does not verify', async () => {
    const [mine, other] = [open(), mockAuthServer({ baseUrl: BASE })]
    const { accessToken = '' } = await other.issueTokens()

    await expect(jwtVerify(accessToken, createLocalJWKSet(await mine.keySet()))).rejects.toThrow('no applicable key')
  })

  it('is made by the test, if it wishes', async () => {
    let count = 0
    const server = open({ createAccessToken: ({ sub }) => `opaque-${sub}-${++count}` })

    expect((await server.issueTokens()).accessToken).toBe('opaque-u1-1')
    expect((await call(server, 'todos', { token: 'opaque-u1-1' })).status).toBe(200)
  })

  it('carries large claims', async () => {
    const server = open({ users: [{ ...JOHN, claims: { large: 'x'.repeat(200_000) } }] })

    expect(claimsOf({ access_token: (await server.issueTokens()).accessToken }).large).toHaveLength(200_000)
  })
})

describe('what is below `baseUrl`', () => {
  it('asks for a role where it says so, by 403', async () => {
    const server = open({ routes: { '/reports': { role: 'editor' }, 'reports/open': { isPublic: true, body: [1] } } })
    const { accessToken: john } = await server.issueTokens()
    const { accessToken: admin } = await server.issueTokens('admin')

    expect(await call(server, 'reports', { token: john })).toMatchObject({ status: 403, body: { error: 'forbidden' } })
    expect((await call(server, 'reports')).status).toBe(401)
    expect(await call(server, 'reports/open')).toMatchObject({ status: 200, body: [1] })
    expect((await call(server, 'admin', { token: john })).status).toBe(403)
    expect((await call(server, 'admin', { token: admin })).status).toBe(200)
    expect((await call(server, 'public')).status).toBe(200)
  })

  it('answers what the test says, or makes of the request', async () => {
    const server = open({
      routes: {
        todos: { body: [{ id: 1 }] },
        sum: { body: ({ body }: { body: { a: number; b: number } }) => ({ sum: body.a + body.b }) },
        gone: { body: () => new Response(null, { status: 410 }) },
      },
    })
    const { accessToken } = await server.issueTokens()
    const auth = create()
    await auth.setTokens({ accessToken: String(accessToken) })

    expect(await auth.http.get('todos').json()).toEqual([{ id: 1 }])
    expect(await auth.http.post('sum', { json: { a: 1, b: 2 } }).json()).toEqual({ sum: 3 })
    expect((await auth.fetch(`${BASE}/gone`)).status).toBe(410)
    expect(await auth.http.post('else', { json: { a: 1 } }).json()).toEqual({
      method: 'POST',
      path: 'else',
      username: 'johndoe',
      body: { a: 1 },
    })
  })

  it('says at `me` who it is, to whom has a good token', async () => {
    const server = open()
    const { accessToken } = await server.issueTokens('admin')

    expect((await call(server, 'me', { token: accessToken })).body).toMatchObject({ id: 'u2', name: 'Ada Admin' })
    expect((await call(server, 'me')).status).toBe(401)
  })

  it('takes no other method at an endpoint than the app’s', async () => {
    const { status, body } = await call(open(), 'login')

    expect(status).toBe(405)
    expect(body.message).toContain('POST')
  })
})

describe('the end of a session', () => {
  it('comes by a logout with its refresh token, for the access token too', async () => {
    const server = open()
    const { body } = await post(server, 'login', JOHN)
    const out = await post(server, 'logout', { refresh_token: body.refresh_token })

    expect(out.status).toBe(204)
    expect((await call(server, 'todos', { token: body.access_token })).status).toBe(401)
    expect(await renew(server, body.refresh_token)).toMatchObject({ status: 401, body: { error: 'invalid_grant' } })
  })

  it('comes by a logout with its access token alone', async () => {
    const server = open()
    const { body } = await post(server, 'login', JOHN)
    await call(server, 'logout', { method: 'POST', token: body.access_token })

    expect((await renew(server, body.refresh_token)).status).toBe(401)
  })

  it('does not come by a logout with a token that nobody knows', async () => {
    const server = open()
    const { body } = await post(server, 'login', JOHN)

    expect((await post(server, 'logout', { refresh_token: 'unknown' })).status).toBe(204)
    expect((await renew(server, body.refresh_token)).status).toBe(200)
  })

  it('comes by `revoke` for all sessions of one person, and nobody else', async () => {
    const server = open()
    const john = [await server.issueTokens('johndoe'), await server.issueTokens('johndoe')]
    const ada = await server.issueTokens('admin')
    server.revoke('johndoe')

    for (const { refreshToken, accessToken } of john) {
      expect((await renew(server, refreshToken)).status).toBe(401)
      expect((await call(server, 'todos', { token: accessToken })).status).toBe(401)
    }
    expect((await renew(server, ada.refreshToken)).status).toBe(200)
    server.revoke()
    expect((await call(server, 'todos', { token: ada.accessToken })).status).toBe(401)
  })

  it('does not keep anybody from signing in again', async () => {
    const server = open()
    server.revoke('johndoe')

    expect((await post(server, 'login', JOHN)).status).toBe(200)
  })
})

it('an answer may be late in the making, or have no body at all', async () => {
  const answers = [async () => ({ token: 'made' }), () => undefined]
  const server = open({ answer: () => answers.shift()?.() })

  expect((await post(server, 'login', JOHN)).body).toEqual({ token: 'made' })
  expect(await post(server, 'login', JOHN)).toMatchObject({ status: 200, body: {} })
})

it('`issueTokens` signs in whoever is handed over, too', async () => {
  const server = open({ users: () => undefined })
  const { accessToken, user } = await server.issueTokens({ username: 'guest', password: '', roles: ['guest'] })

  expect(user).toEqual({ username: 'guest', roles: ['guest'] })
  expect((await call(server, 'todos', { token: accessToken })).body.username).toBe('guest')
  server.revoke('guest')
  expect((await call(server, 'todos', { token: accessToken })).status).toBe(401)
})

function claimsOf({ access_token }: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(atob(String(access_token).split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''))
}
