// @vitest-environment node
import { expect, it } from 'vitest'
import { hashPassword } from '../../../examples/server/passwords.ts'
import { createDemoUsers } from '../../../examples/server/users.ts'
import { startServer } from './harness.ts'

it('answers the right password with tokens and the user', async () => {
  const server = await startServer()

  const response = await server.login()

  expect(response.status).toBe(200)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  expect(await response.json()).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    token_type: 'Bearer',
    expires_in: 900,
    refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    user: { id: 'u1', username: 'johndoe', name: 'John Doe', email: 'john@example.com', roles: ['user'] },
  })
})

it('answers a wrong password and an unknown user alike', async () => {
  const server = await startServer()

  const wrong = await server.login('johndoe', 'password124')
  const unknown = await server.login('nobody', 'password123')

  expect([wrong.status, unknown.status]).toEqual([401, 401])
  expect(wrong.headers.get('WWW-Authenticate')).toBe('Bearer')
  const answer = await wrong.json()
  expect(answer).toEqual({ error: 'invalid_credentials', message: expect.any(String) })
  expect(await unknown.json()).toEqual(answer)
})

it('spends as much work on an unknown user as on a wrong password', async () => {
  const users = await createDemoUsers()
  const timeOf = async (username: string) => {
    const begin = performance.now()
    await users.verify(username, 'wrong')
    return performance.now() - begin
  }

  const known = await timeOf('johndoe')

  // Without the hash it would be a thousandth.
  expect(await timeOf('nobody')).toBeGreaterThan(known / 10)
})

it('names the fields that are missing', async () => {
  const server = await startServer()

  const response = await server.post('/login', { password: 'password123' })

  expect(response.status).toBe(422)
  expect(await response.json()).toEqual({ error: 'validation_failed', fields: { username: 'This field is required.' } })
  expect(await (await server.post('/login', { username: 7, password: '' })).json()).toHaveProperty('fields', {
    username: 'This field is required.',
    password: 'This field is required.',
  })
})

it.each([
  ['a body that is not JSON', 'application/json', '{"username"', 400],
  ['a body that is no object', 'application/json', '["johndoe"]', 400],
  ['JSON disguised as text, which a foreign page could post', 'text/plain', '{"username":"johndoe"}', 415],
  ['a huge body', 'application/json', JSON.stringify({ username: 'j'.repeat(20_000) }), 413],
])('refuses %s', async (_what, type, body, status) => {
  const server = await startServer()

  const response = await fetch(`${server.url}/login`, { method: 'POST', headers: { 'Content-Type': type }, body })

  expect(response.status).toBe(status)
  expect(await response.json()).toHaveProperty('error')
})

it('refuses even the right password after five failures in a minute, and says how long to wait', async () => {
  const server = await startServer()
  for (let failure = 0; failure < 5; failure += 1) {
    expect((await server.login('johndoe', 'wrong')).status).toBe(401)
    server.advance(1000)
  }

  const response = await server.login()

  expect(response.status).toBe(429)
  expect(response.headers.get('Retry-After')).toBe('55')
  expect((await server.login('admin')).status).toBe(200)
  server.advance(55_000)
  expect((await server.login()).status).toBe(200)
})

it('tells the outcome of five guesses when many are sent at once', async () => {
  const server = await startServer()

  const responses = await Promise.all(Array.from({ length: 12 }, () => server.login('johndoe', 'wrong')))

  const statuses = responses.map(({ status }) => status)
  expect(statuses.filter((status) => status === 401)).toHaveLength(5)
  expect(statuses.filter((status) => status === 429)).toHaveLength(7)
})

it('forgets failures once the right password comes', async () => {
  const server = await startServer()
  for (let round = 0; round < 2; round += 1) {
    for (let failure = 0; failure < 4; failure += 1) await server.login('johndoe', 'wrong')
    expect((await server.login()).status).toBe(200)
  }
})

it('stores the same password under a different hash each time', async () => {
  const [first, second] = await Promise.all([hashPassword('password123'), hashPassword('password123')])

  expect(first.hash.equals(second.hash)).toBe(false)
  expect(first.hash.includes('password123')).toBe(false)
})
