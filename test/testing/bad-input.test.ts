import { AuthClient } from 'latchkey'
import { type FaultOrder, type MockAuthServerOptions, mockAuthServer, signedIn, signedOut } from 'latchkey/testing'
import { describe, expect, it, vi } from 'vitest'
import { BASE, type JOHN, open } from './scene.ts'

type Options = Partial<MockAuthServerOptions<typeof JOHN>>
const user = { username: 'a', password: 'b' }

describe('a mistake of the test is told at once, in words', () => {
  it.each<[Options, string]>([
    [{ baseUrl: undefined as unknown as string }, 'needs a `baseUrl`'],
    [{ baseUrl: '' }, 'needs a `baseUrl`'],
    [{ baseUrl: 'ftp://api.test' }, '`baseUrl` must be an http(s) URL, or a path'],
    [{ lifetime: -1 }, '`lifetime` must be zero or more milliseconds, and it is -1'],
    [{ lifetime: Number.NaN }, '`lifetime` must be zero or more'],
    [{ lifetime: Number.POSITIVE_INFINITY }, '`lifetime` must be zero or more'],
    [{ refreshLifetime: -1 }, '`refreshLifetime` must be zero or more'],
    [{ grace: -1 }, '`grace` must be zero or more'],
    [{ clockSkew: Number.NaN }, '`clockSkew` must be a number'],
    [{ users: [user, { username: 'c' } as unknown as typeof user] }, '`users[1]` needs a `username` and a `password`'],
    [{ users: [user, user] }, 'There are two users "a"'],
    [{ rotates: false, grace: 1000 }, '`grace` does nothing where nothing rotates'],
    [{ routes: { '/login': {} } }, '`routes` has "/login", and that is where `login` answers'],
    [{ routes: { 'todos/:id': {} } }, '"todos/:id" is none: use `server.protect`'],
    [{ login: 'https://elsewhere.test/login' }, 'must be a path below `baseUrl`'],
    [{ readTokens: () => ({ accessToken: 'x' }) }, 'give `answer`, too'],
    [
      {
        refresh: {
          path: 'r',
          readTokens: () => {
            throw new Error('none')
          },
        },
      },
      'give `answer`, too',
    ],
    [{ refresh: { path: 'r', body: () => ({ token: 'constant' }) } }, 'finds no refresh credential'],
    [
      {
        login: {
          path: 'l',
          body: () => {
            throw new Error('no')
          },
        },
      },
      'cannot see how the backend calls `login`',
    ],
    [{ backend: {} as never, refreshVia: 'cookie' }, '`refreshVia` does nothing beside `backend`'],
  ])('%o', (options, message) => {
    expect(() => mockAuthServer({ baseUrl: BASE, ...options })).toThrow(message)
  })

  it('a relative `baseUrl` where there is no page', () => {
    vi.stubGlobal('location', undefined)
    expect(() => mockAuthServer({ baseUrl: '/api' })).toThrow('`baseUrl` is relative, and there is no page')
    vi.stubGlobal('location', { href: 'about:blank' })
    expect(() => mockAuthServer({ baseUrl: '/api' })).toThrow('`baseUrl` is relative, and there is no page')
    vi.unstubAllGlobals()
  })

  it.each<[string, FaultOrder, string]>([
    ['refresh', 'explode' as 'hang', 'There is no fault "explode", but connection-error, lost-answer, hang'],
    ['refresh', {}, 'A fault needs a kind, an answer or a delay'],
    ['refresh', { times: 2 }, 'A fault needs a kind, an answer or a delay'],
    ['refresh', { status: 99 }, '`status` must be one of 200 to 599, and it is 99'],
    ['refresh', { status: 204, body: {} }, 'An answer of status 204 has no body'],
    ['refresh', { status: 500, times: 0 }, '`times` must be a whole number from 1 on'],
    ['refresh', { status: 500, times: 1.5 }, '`times` must be a whole number from 1 on'],
    ['refresh', { status: 429, retryAfter: -1 }, '`retryAfter` must be zero or more seconds, or a date, and it is -1'],
    ['refresh', { retryAfter: Number.NaN }, '`retryAfter` must be zero or more seconds'],
    ['refresh', { staus: 503 } as object, 'A fault has no `staus`, but kind, status'],
    ['refresh', { response: 5 as unknown as Response }, '`response` must be a Response'],
    ['refresh', null as unknown as 'hang', 'A fault needs a kind, an answer or a delay'],
    ['todos?x=1', 'hang', '"todos?x=1" is no endpoint, no path below `baseUrl` (with no query)'],
    ['todos#top', 'hang', '"todos#top" is no endpoint'],
    ['https://api.test/todos', 'hang', '"https://api.test/todos" is no endpoint'],
    ['todos/:id', 'hang', '"todos/:id" is no endpoint'],
    ['todos/*', 'hang', '"todos/*" is no endpoint'],
    ['refresh', { delay: -1 }, '`delay` must be zero or more'],
    ['refresh', { delay: 2 ** 31 }, '`delay` must be zero or more milliseconds, 2147483647 at most'],
    ['refresh', { kind: 'hang', status: 500 }, 'A fault of kind "hang" has no `status`'],
    ['refresh', { kind: 'html', body: 'x' }, 'A fault of kind "html" has no `body`'],
    ['', 'hang', 'This server has no endpoint ""'],
    ['logout', 'hang', 'This server has no endpoint "logout"'],
  ])('fail(%o, %o)', (target, fault, message) => {
    const server = open({ logout: false })

    expect(() => server.fail(target, fault)).toThrow(message)
  })

  it('an address where a path is meant', () => {
    const server = open()

    expect(() => server.requestsTo(`${BASE}/todos`)).toThrow('is no endpoint')
    expect(() => server.recover('todos?x=1')).toThrow('is no endpoint')
    expect(() => server.delay('todos?x=1', 1)).toThrow('is no endpoint')
    expect(server.requestsTo('*')).toEqual([])
  })

  it('a person whom nobody knows', async () => {
    const server = open()

    expect(() => server.revoke('jane')).toThrow('There is no user "jane" on this server. It knows "johndoe", "admin".')
    await expect(server.issueTokens('jane')).rejects.toThrow('There is no user "jane"')
    await expect(open({ users: () => undefined }).issueTokens()).rejects.toThrow('Hand over the user instead')
    await expect(open({ users: [] }).issueTokens()).rejects.toThrow('There is no user on this server. Hand over')
    expect(() => open({ users: () => user }).revoke('a')).toThrow('There is no user "a"')
  })

  it('times and addresses that cannot be', async () => {
    const server = open({ routes: false })

    expect(() => server.setLifetime(-1)).toThrow('`lifetime` must be zero or more')
    expect(() => server.delay('login', -1)).toThrow('`delay` must be zero or more')
    expect(() => server.setClockSkew(Number.NaN)).toThrow('`clockSkew` must be a number')
    expect(() => server.delay('api', 1)).toThrow('This server has no endpoint "api"')
    await expect(server.fetch(`${BASE}/todos`)).rejects.toThrow('is not an address of the mocked server')
    await expect(server.fetch('https://elsewhere.test/')).rejects.toThrow('is not an address of the mocked server')
  })

  it('somebody who is no client', async () => {
    const nobody = {} as AuthClient

    await expect(signedIn(nobody)).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('`auth`'),
    })
    await expect(signedOut(nobody)).rejects.toMatchObject({ code: 'invalid_option' })
    await expect(signedIn(new AuthClient({ baseUrl: BASE }), {}, { lifetime: -1 })).rejects.toThrow('`lifetime`')
  })
})
