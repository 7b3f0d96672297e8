// @vitest-environment node
import { expect, it } from 'vitest'
import { startServer, tokensOf } from './harness.ts'

it('has no control route unless it is asked for', async () => {
  const server = await startServer()

  expect((await server.get('/control')).status).toBe(404)
  expect((await server.post('/control', { expireAccessTokens: true })).status).toBe(404)
})

it('counts what happens', async () => {
  const server = await startServer({ control: true })
  const { refresh_token } = await server.signIn()
  await server.login('johndoe', 'wrong')
  const { access_token } = await tokensOf(await server.refresh(refresh_token))
  await server.refresh(refresh_token)
  await server.refresh('unknown')
  await server.getAs(access_token, '/todos')
  await server.get('/todos')

  const response = await server.get('/control')

  expect(await response.json()).toEqual({
    logins: 1,
    refreshes: 1,
    refreshesRefused: 2,
    reuses: 1,
    api: 2,
    unauthorized: 1,
  })
})

it('fails a route the given number of times, with Retry-After, and spends no token meanwhile', async () => {
  const server = await startServer({ control: true })
  const { access_token, refresh_token } = await server.signIn()

  await server.post('/control', { fail: { route: 'refresh', status: 503, retryAfter: 7, times: 2 } })

  const failed = await server.refresh(refresh_token)
  expect(failed.status).toBe(503)
  expect(failed.headers.get('Retry-After')).toBe('7')
  expect((await server.getAs(access_token, '/todos')).status).toBe(200)
  expect((await server.refresh(refresh_token)).status).toBe(503)
  expect((await server.refresh(refresh_token)).status).toBe(200)
})

it('fails a route for the given time', async () => {
  const server = await startServer({ control: true })

  await server.post('/control', { fail: { route: 'api', status: 500, forMs: 1000 } })

  server.advance(999)
  expect((await server.get('/public')).status).toBe(500)
  server.advance(1)
  expect((await server.get('/public')).status).toBe(200)
})

it('fails a route until it is told to stop', async () => {
  const server = await startServer({ control: true })

  await server.post('/control', { fail: { route: 'login', status: 500 } })
  expect((await server.login()).status).toBe(500)
  expect((await server.login()).status).toBe(500)

  await server.post('/control', { fail: null })
  expect((await server.login()).status).toBe(200)
})

it('delays answers by the latency, but not its own', async () => {
  const server = await startServer({ control: true })
  await server.post('/control', { latencyMs: 80 })

  const begin = performance.now()
  await server.get('/public')
  const delayed = performance.now() - begin
  await server.post('/control', { latencyMs: 60_000 })
  await server.post('/control', { latencyMs: 0 })

  // Timers may fire a millisecond early.
  expect(delayed).toBeGreaterThan(78)
  expect((await server.get('/public')).status).toBe(200)
})

it('ends every session of a user, and of nobody else', async () => {
  const server = await startServer({ control: true, checkRevocation: true })
  const [phone, laptop, admin] = await Promise.all([server.signIn(), server.signIn(), server.signIn('admin')])

  await server.post('/control', { revoke: 'johndoe' })

  expect((await server.getAs(phone.access_token, '/me')).status).toBe(401)
  expect((await server.refresh(laptop.refresh_token)).status).toBe(401)
  expect((await server.getAs(admin.access_token, '/me')).status).toBe(200)
  expect((await server.refresh(admin.refresh_token)).status).toBe(200)
})

it('refuses every access token issued until now, and accepts those of the same second after', async () => {
  const server = await startServer({ control: true })
  const { access_token, refresh_token } = await server.signIn()

  await server.post('/control', { expireAccessTokens: true })

  expect((await server.getAs(access_token, '/me')).status).toBe(401)
  const renewed = await tokensOf(await server.refresh(refresh_token))
  expect((await server.getAs(renewed.access_token, '/me')).status).toBe(200)
})

it.each([
  [{ latency: 5 }, 'latency'],
  [{ latencyMs: -1 }, 'latencyMs'],
  [{ fail: { route: 'logout', status: 500 } }, 'fail'],
  [{ fail: { route: 'api', status: 200 } }, 'fail'],
  [{ revoke: 'nobody' }, 'revoke'],
  [{ expireAccessTokens: 'yes' }, 'expireAccessTokens'],
])('refuses the order %j, and follows none of its parts', async (order, field) => {
  const server = await startServer({ control: true })

  const response = await server.post('/control', { fail: { route: 'api', status: 500 }, ...order })

  expect(response.status).toBe(422)
  expect(await response.json()).toHaveProperty(['fields', field])
  expect((await server.get('/public')).status).toBe(200)
})
