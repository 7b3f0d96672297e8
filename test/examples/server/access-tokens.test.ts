// @vitest-environment node
import {
  createRemoteJWKSet,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { expect, it } from 'vitest'
import { startServer } from './harness.ts'

const issuer = 'https://auth.example.com'
const audience = 'https://api.example.com'
const keys = generateKeyPair('RS256')

/** A server whose keys the test holds, and the claims of a token that it would accept. */
async function serverWithKeys() {
  const { privateKey, publicKey } = await keys
  const server = await startServer({ keys: await keys })
  const iat = server.now() / 1000
  const claims = { iss: issuer, aud: audience, sub: 'u1', sid: 's1', jti: 'j1', roles: ['user'], iat, exp: iat + 60 }
  const sign = (payload: JWTPayload, header: { alg?: string; typ?: string } = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', ...header }).sign(privateKey)
  const statusOf = async (token: string) => (await server.getAs(token, '/todos')).status
  return { server, publicKey, claims, sign, statusOf }
}

it('signs access tokens that the published keys verify', async () => {
  const server = await startServer({ accessTokenLifetime: 30 })
  const { access_token, expires_in } = await server.signIn('admin')

  const { payload, protectedHeader } = await jwtVerify(
    access_token,
    createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`)),
    { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'], currentDate: new Date(server.now()) },
  )

  expect(expires_in).toBe(30)
  expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) })
  expect(payload).toEqual({
    iss: issuer,
    aud: audience,
    sub: 'u2',
    sid: expect.any(String),
    jti: expect.any(String),
    roles: ['user', 'admin'],
    iat: server.now() / 1000,
    exp: server.now() / 1000 + 30,
  })
})

it('publishes nothing of the private key', async () => {
  const server = await startServer()

  const { keys } = (await (await server.get('/.well-known/jwks.json')).json()) as { keys: object[] }

  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']])
})

it('gives every access token an id of its own', async () => {
  const server = await startServer()

  const [first, second] = await Promise.all([server.signIn(), server.signIn()])

  expect(first.access_token).not.toBe(second.access_token)
})

it('lets a good access token in, and accepts the scheme in any case', async () => {
  const server = await startServer()
  const { access_token } = await server.signIn()

  expect(await (await server.getAs(access_token, '/me')).json()).toMatchObject({ id: 'u1', name: 'John Doe' })
  expect((await server.get('/me', { Authorization: `bearer ${access_token}` })).status).toBe(200)
})

it('accepts a token made like its own, so that the refusals below have one cause each', async () => {
  const { claims, sign, statusOf } = await serverWithKeys()

  expect(await statusOf(await sign(claims))).toBe(200)
})

it('refuses unsigned tokens (alg none)', async () => {
  const { claims, statusOf } = await serverWithKeys()
  const unsecured = new UnsecuredJWT(claims).encode()
  const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')

  expect(await statusOf(unsecured)).toBe(401)
  expect(await statusOf(unsecured.replace(/^[^.]+/, header))).toBe(401)
})

it('refuses tokens signed with HS256 and the public key as the secret', async () => {
  const { server, publicKey, claims, statusOf } = await serverWithKeys()
  const { keys } = (await (await server.get('/.well-known/jwks.json')).json()) as { keys: { kid: string; n: string }[] }

  const secrets = [await exportSPKI(publicKey), JSON.stringify(keys[0]), keys[0]?.n ?? '']

  for (const secret of secrets) {
    for (const kid of [keys[0]?.kid, undefined]) {
      const header = { alg: 'HS256', typ: 'at+jwt', ...(kid !== undefined && { kid }) }
      const token = await new SignJWT(claims).setProtectedHeader(header).sign(new TextEncoder().encode(secret))
      expect(await statusOf(token)).toBe(401)
    }
  }
})

it('refuses tokens signed with another key, even under the kid of its own', async () => {
  const { server, claims, statusOf } = await serverWithKeys()
  const { keys } = (await (await server.get('/.well-known/jwks.json')).json()) as { keys: { kid: string }[] }
  const stranger = await generateKeyPair('RS256')
  const header = { alg: 'RS256', typ: 'at+jwt', kid: keys[0]?.kid ?? '' }

  expect(await statusOf(await new SignJWT(claims).setProtectedHeader(header).sign(stranger.privateKey))).toBe(401)
})

it.each([
  ['of another issuer', { iss: 'https://other.example.com' }],
  ['for another API', { aud: 'https://other.example.com' }],
  ['that has expired', { exp: Date.UTC(2030, 0, 1) / 1000 - 1 }],
  ['that never expires', { exp: undefined }],
  ['without a subject', { sub: undefined }],
])('refuses a token %s', async (_what, change) => {
  const { claims, sign, statusOf } = await serverWithKeys()

  expect(await statusOf(await sign(JSON.parse(JSON.stringify({ ...claims, ...change }))))).toBe(401)
})

it('refuses a JWT of another kind, such as an ID token', async () => {
  const { claims, sign, statusOf } = await serverWithKeys()

  expect(await statusOf(await sign(claims, { typ: 'JWT' }))).toBe(401)
})

it('refuses an access token from the second in which it expires, with a challenge', async () => {
  const server = await startServer({ accessTokenLifetime: 30 })
  const { access_token } = await server.signIn()
  server.advance(29_000)
  expect((await server.getAs(access_token, '/todos')).status).toBe(200)
  server.advance(1000)

  const response = await server.getAs(access_token, '/todos')

  expect(response.status).toBe(401)
  expect(response.headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"')
  expect(await response.json()).toEqual({ error: 'invalid_token', message: expect.any(String) })
})

it.each(['garbage', 'a.b.c', '..', `${'a'.repeat(9000)}.b.c`])('refuses what is no token (%#)', async (token) => {
  const server = await startServer()

  expect((await server.getAs(token, '/todos')).status).toBe(401)
})

it('asks for a token where none was sent, blaming none', async () => {
  const server = await startServer()

  const response = await server.get('/todos')

  expect(response.status).toBe(401)
  expect(response.headers.get('WWW-Authenticate')).toBe('Bearer')
})

it('answers 403 without the role, and lets an admin in', async () => {
  const server = await startServer()
  const [john, admin] = await Promise.all([server.signIn('johndoe'), server.signIn('admin')])

  const response = await server.getAs(john.access_token, '/admin')

  expect(response.status).toBe(403)
  expect(await response.json()).toMatchObject({ error: 'forbidden' })
  expect((await server.getAs(admin.access_token, '/admin')).status).toBe(200)
})

it('keeps the todos of each user apart', async () => {
  const server = await startServer()
  const [john, admin] = await Promise.all([server.signIn('johndoe'), server.signIn('admin')])

  const headers = { Authorization: `Bearer ${john.access_token}` }
  const created = await server.post('/todos', { title: 'Call home' }, headers)

  expect(created.status).toBe(201)
  const todo = await created.json()
  expect(todo).toEqual({ id: expect.any(String), title: 'Call home', done: false })
  expect(await (await server.getAs(john.access_token, '/todos')).json()).toContainEqual(todo)
  expect(await (await server.getAs(admin.access_token, '/todos')).json()).not.toContainEqual(todo)
  expect((await server.post('/todos', {}, headers)).status).toBe(422)
})

it('serves public routes to anyone, even with a token that is not good', async () => {
  const server = await startServer()

  expect((await server.get('/public')).status).toBe(200)
  expect((await server.getAs('garbage', '/public')).status).toBe(200)
  expect((await server.get('/nowhere')).status).toBe(404)
})
