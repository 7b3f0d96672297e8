// @vitest-environment node
import { expect, it } from 'vitest'
import type { ServerConfig } from '../../../examples/server/config.ts'
import { foreignPage, page, startServer } from './harness.ts'

const csrf = { 'X-Auth-Request': '1' }

/** A server in cookie mode where johndoe has signed in, and his cookie. */
async function signedIn(config: ServerConfig = {}) {
  const server = await startServer({ refreshTokenIn: 'cookie', refreshTokenLifetime: 100, ...config })
  const response = await server.login('johndoe', 'password123', csrf)
  return { server, response, cookie: pairOf(response) }
}

function pairOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

it('sets a cookie that no script reads and no foreign site sends', async () => {
  const { response } = await signedIn()

  expect(response.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^__Host-refresh_token=[\w-]{43}; Max-Age=100; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
  ])
})

it('sets a plain cookie for plain HTTP on loopback', async () => {
  const { response } = await signedIn({ secureCookies: false })

  expect(response.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^refresh_token=[\w-]{43}; Max-Age=100; Path=\/; HttpOnly; SameSite=Strict$/),
  ])
})

it('never puts the refresh token into a body', async () => {
  const { server, response, cookie } = await signedIn()
  const refreshed = await server.post('/refresh', {}, { ...csrf, Cookie: cookie })

  for (const answer of [response, refreshed]) {
    const text = await answer.text()
    expect(JSON.parse(text)).not.toHaveProperty('refresh_token')
    expect(text).not.toContain(pairOf(answer).split('=')[1])
  }
})

it('rotates the cookie, which ends no later than before', async () => {
  const { server, cookie } = await signedIn()
  server.advance(60_000)

  const response = await server.post('/refresh', {}, { ...csrf, Cookie: cookie })

  expect(response.status).toBe(200)
  expect(pairOf(response)).not.toBe(cookie)
  expect(response.headers.getSetCookie()[0]).toContain('Max-Age=40;')
  expect((await server.post('/refresh', {}, { ...csrf, Cookie: cookie })).status).toBe(401)
})

it('ignores a refresh token in the body', async () => {
  const { server, cookie } = await signedIn()

  expect((await server.post('/refresh', { refresh_token: cookie.split('=')[1] }, csrf)).status).toBe(401)
})

it('ends the family and clears the cookie at logout', async () => {
  const { server, cookie } = await signedIn()

  const response = await server.post('/logout', {}, { ...csrf, Cookie: cookie })

  expect(response.status).toBe(204)
  expect(response.headers.getSetCookie()).toEqual([
    '__Host-refresh_token=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
  ])
  expect((await server.post('/refresh', {}, { ...csrf, Cookie: cookie })).status).toBe(401)
  expect((await server.post('/logout', {}, csrf)).status).toBe(204)
})

it('leaves the cookie alone when it refuses one, since another tab may have signed in meanwhile', async () => {
  const { server } = await signedIn()

  const response = await server.post('/refresh', {}, { ...csrf, Cookie: '__Host-refresh_token=unknown' })

  expect(response.status).toBe(401)
  expect(response.headers.getSetCookie()).toEqual([])
})

it.each(['/refresh', '/logout', '/login'])('demands the header X-Auth-Request at %s', async (path) => {
  const { server, cookie } = await signedIn()

  const response = await server.post(path, {}, { Cookie: cookie, Origin: page })

  expect(response.status).toBe(403)
  expect((await server.post('/refresh', {}, { ...csrf, Cookie: cookie, Origin: page })).status).toBe(200)
})

it.each([
  ['/refresh', foreignPage],
  ['/refresh', 'null'],
  ['/logout', foreignPage],
  ['/login', foreignPage],
])('refuses a call of %s from the origin %s', async (path, Origin) => {
  const { server, cookie } = await signedIn()

  const body = { username: 'johndoe', password: 'password123' }
  const response = await server.post(path, body, { ...csrf, Cookie: cookie, Origin })

  expect(response.status).toBe(403)
  expect(response.headers.getSetCookie()).toEqual([])
  expect((await server.post('/refresh', {}, { ...csrf, Cookie: cookie })).status).toBe(200)
})

it('sets no cookie in body mode', async () => {
  const server = await startServer()

  expect((await server.login()).headers.getSetCookie()).toEqual([])
})
