// @vitest-environment node
import { expect, it } from 'vitest'
import { startServer, tokensOf } from './harness.ts'

it('trades a refresh token for new tokens', async () => {
  const server = await startServer()
  const first = await server.signIn()

  const second = await tokensOf(await server.refresh(first.refresh_token))

  expect(second).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 900,
    refresh_token: expect.any(String),
  })
  expect(second.refresh_token).not.toBe(first.refresh_token)
  expect((await server.getAs(second.access_token, '/me')).status).toBe(200)
})

it('ends the family when a spent refresh token comes back', async () => {
  const server = await startServer()
  const first = await server.signIn()
  const second = await tokensOf(await server.refresh(first.refresh_token))

  const reuse = await server.refresh(first.refresh_token)

  expect(reuse.status).toBe(401)
  expect(reuse.headers.get('WWW-Authenticate')).toBe('Bearer')
  expect(await reuse.json()).toMatchObject({ error: 'invalid_grant' })
  expect((await server.refresh(second.refresh_token)).status).toBe(401)
})

it('notices a spent token many generations later', async () => {
  const server = await startServer()
  const { refresh_token } = await server.signIn()
  let newest = refresh_token
  for (let generation = 0; generation < 5; generation += 1) {
    newest = (await tokensOf(await server.refresh(newest))).refresh_token
  }

  expect((await server.refresh(refresh_token)).status).toBe(401)
  expect((await server.refresh(newest)).status).toBe(401)
})

it('leaves the other sign-ins of the user alone when a family ends', async () => {
  const server = await startServer()
  const [phone, laptop] = await Promise.all([server.signIn(), server.signIn()])
  await server.refresh(phone.refresh_token)
  await server.refresh(phone.refresh_token)

  expect((await server.refresh(laptop.refresh_token)).status).toBe(200)
})

it('answers one of several refreshes that come at once with the same token', async () => {
  const server = await startServer()
  const { refresh_token } = await server.signIn()

  const responses = await Promise.all(Array.from({ length: 5 }, () => server.refresh(refresh_token)))

  expect(responses.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401])
})

it('answers the previous token again within the grace window, for an answer that got lost', async () => {
  const server = await startServer({ refreshGraceMs: 2000 })
  const first = await server.signIn()
  await server.refresh(first.refresh_token)
  server.advance(1999)

  const again = await tokensOf(await server.refresh(first.refresh_token))

  expect((await server.refresh(again.refresh_token)).status).toBe(200)
})

it('ends the family once the grace window is over', async () => {
  const server = await startServer({ refreshGraceMs: 2000 })
  const first = await server.signIn()
  const second = await tokensOf(await server.refresh(first.refresh_token))
  server.advance(2000)

  expect((await server.refresh(first.refresh_token)).status).toBe(401)
  expect((await server.refresh(second.refresh_token)).status).toBe(401)
})

it('gives grace to the previous token alone, not to those before', async () => {
  const server = await startServer({ refreshGraceMs: 2000 })
  const first = await server.signIn()
  const second = await tokensOf(await server.refresh(first.refresh_token))
  await server.refresh(second.refresh_token)

  expect((await server.refresh(first.refresh_token)).status).toBe(401)
})

it('leaves one of two successors good, so that a thief in the grace window is noticed', async () => {
  const server = await startServer({ refreshGraceMs: 2000 })
  const first = await server.signIn()
  const owner = await tokensOf(await server.refresh(first.refresh_token))
  const thief = await tokensOf(await server.refresh(first.refresh_token))

  expect((await server.refresh(owner.refresh_token)).status).toBe(401)
  expect((await server.refresh(thief.refresh_token)).status).toBe(401)
})

it('ends the sign-in at its absolute lifetime, however often it was refreshed', async () => {
  const server = await startServer({ refreshTokenLifetime: 100 })
  const first = await server.signIn()
  server.advance(60_000)
  const second = await tokensOf(await server.refresh(first.refresh_token))
  server.advance(40_000)

  expect((await server.refresh(second.refresh_token)).status).toBe(401)
})

it.each([{}, { refresh_token: 7 }, { refresh_token: 'unknown' }])('refuses %j', async (body) => {
  const server = await startServer()

  const response = await server.post('/refresh', body)

  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({ error: 'invalid_grant' })
})

it('refuses an access token in place of a refresh token, and the other way round', async () => {
  const server = await startServer()
  const { access_token, refresh_token } = await server.signIn()

  expect((await server.refresh(access_token)).status).toBe(401)
  expect((await server.getAs(refresh_token, '/me')).status).toBe(401)
})

it('ends the family at logout', async () => {
  const server = await startServer()
  const { refresh_token } = await server.signIn()

  const response = await server.post('/logout', { refresh_token })

  expect(response.status).toBe(204)
  expect((await server.refresh(refresh_token)).status).toBe(401)
})

it('answers 204 to a logout twice, with an unknown token, and without any', async () => {
  const server = await startServer()
  const { refresh_token } = await server.signIn()
  await server.post('/logout', { refresh_token })

  expect((await server.post('/logout', { refresh_token })).status).toBe(204)
  expect((await server.post('/logout', { refresh_token: 'unknown' })).status).toBe(204)
  expect((await fetch(`${server.url}/logout`, { method: 'POST' })).status).toBe(204)
})

it('ends the family at logout even when an older token of it is sent', async () => {
  const server = await startServer()
  const first = await server.signIn()
  const second = await tokensOf(await server.refresh(first.refresh_token))

  await server.post('/logout', { refresh_token: first.refresh_token })

  expect((await server.refresh(second.refresh_token)).status).toBe(401)
})

it.each([
  ['refuses the access token of an ended family at once when it checks for revocation', true, 401],
  ['lets the access token of an ended family in until it expires when it does not', false, 200],
])('%s', async (_promise, checkRevocation, status) => {
  const server = await startServer({ checkRevocation })
  const { access_token, refresh_token } = await server.signIn()
  expect((await server.getAs(access_token, '/me')).status).toBe(200)

  await server.post('/logout', { refresh_token })

  expect((await server.getAs(access_token, '/me')).status).toBe(status)
})
