import { AuthClient, jsonBackend } from 'latchkey'
import { expectOneRefreshPerGeneration, type MockAuthServer } from 'latchkey/testing'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { BASE, JOHN, open, openBoth, post } from './scene.ts'

const COOKIE = { refreshVia: 'cookie' } as const
const CSRF = { 'X-Auth-Request': '1' }
const signIn = (server: MockAuthServer) => post(server, 'login', JOHN, CSRF)
const renew = (server: MockAuthServer) => post(server, 'refresh', {}, CSRF)

afterEach(() => localStorage.clear())

describe('cookie mode', () => {
  it('has the refresh token in the browser’s cookie, and in no answer', async () => {
    const server = open(COOKIE)
    const { body } = await signIn(server)

    expect(body).not.toHaveProperty('refresh_token')
    expect(server.cookie).toBe(server.issued[0]?.refreshToken)
    expect(document.cookie).not.toContain(server.cookie)
  })

  it('rotates the cookie, and lets it go at logout', async () => {
    const server = open(COOKIE)
    await signIn(server)
    const [first, renewed] = [server.cookie, await renew(server)]

    expect(renewed.status).toBe(200)
    expect(server.cookie).not.toBe(first)
    expect((await post(server, 'logout', {}, CSRF)).status).toBe(204)
    expect(server.cookie).toBeUndefined()
    expect((await renew(server)).status).toBe(401)
  })

  it('keeps one cookie where nothing rotates', async () => {
    const server = open({ ...COOKIE, rotates: false })
    await signIn(server)
    const { cookie } = server
    await renew(server)

    expect(server.cookie).toBe(cookie)
  })

  it.each(['login', 'refresh', 'logout'])(
    'answers 403 to a %s without the header that a stranger cannot send',
    async (path) => {
      const server = open(COOKIE)
      const { status, body } = await post(server, path, JOHN)

      expect([status, body.error]).toEqual([403, 'csrf'])
      expect(body.message).toContain('X-Auth-Request')
    },
  )

  it('sends with a request the cookie of the moment when it leaves: two at once are a second use', async () => {
    const server = open(COOKIE)
    await signIn(server)
    const answers = await Promise.all([renew(server), renew(server)])

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    expect(() => expectOneRefreshPerGeneration(server)).toThrow('but there were 2')
  })

  it('loses the cookie with the answer that has it', async () => {
    const server = open(COOKIE)
    await signIn(server)
    const { cookie } = server
    server.fail('refresh', 'lost-answer')

    await expect(renew(server)).rejects.toThrow('Failed to fetch')
    expect(server.cookie).toBe(cookie)
    expect((await renew(server)).body.message).toContain('used before')
  })

  it('hands the cookie of `issueTokens` to the browser: somebody has signed in by other means', async () => {
    const { server, auth } = openBoth({ ...COOKIE })
    expect(await server.issueTokens('admin')).not.toHaveProperty('refreshToken')

    expect(await auth.start({ probe: true })).toMatchObject({ status: 'authenticated', claims: { sub: 'u2' } })
  })

  it('restores a session after a reload', async () => {
    const server = open(COOKIE)
    const visit = () => {
      const auth = new AuthClient({ baseUrl: BASE, backend: jsonBackend({ baseUrl: BASE, ...COOKIE }) })
      onTestFinished(() => auth.dispose())
      return auth
    }
    const before = visit()
    await before.login(JOHN)
    before.dispose()

    expect(await visit().start()).toMatchObject({ status: 'authenticated', claims: { sub: 'u1' } })
    expect(server.refreshes).toBe(1)
  })

  it('has no cookie after `reset`, nor by a login that was on its way', async () => {
    const server = open(COOKIE)
    await signIn(server)
    void signIn(server)
    server.reset()
    await server.settled()

    expect(server.cookie).toBeUndefined()
    expect(server.issued).toEqual([])
  })
})
