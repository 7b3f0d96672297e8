import type { TokenSet } from 'latchkey'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FORM } from '../support/client.ts'
import { pass, START, stopTime } from '../support/clock.ts'
import { jwt } from '../support/jwt.ts'
import { against, bearer, fullCircle, type Options, pair, renew, TODOS } from './directions.ts'

describe('direction 1: fields, methods, encodings and statuses', () => {
  it('nested fields are found by readTokens', async () => {
    const circle = against(
      {
        readTokens(body) {
          const { jwt: accessToken, renewal: refreshToken } = (
            body as { result: { auth: { jwt: string; renewal: string } } }
          ).result.auth
          return { accessToken, refreshToken }
        },
      },
      { '/login': () => Response.json({ result: { auth: { jwt: 'deep', renewal: 'r' } } }) },
    )

    await circle.client.login(FORM)

    expect(await circle.client.getAccessToken()).toBe('deep')
  })

  it('login may be a form with constant fields, refresh a GET, logout a DELETE', async () => {
    const circle = against({
      login: { path: 'in', encoding: 'form', body: (form) => ({ ...form, strategy: 'local', mode: 'json' }) },
      refresh: { path: 'again', method: 'GET', headers: ({ refreshToken }) => bearer(refreshToken) },
      logout: { path: 'in', method: 'DELETE', headers: ({ accessToken }) => bearer(accessToken) },
    })

    expect(await fullCircle(circle)).toEqual([
      'POST /in username=ada&password=secret&strategy=local&mode=json',
      'GET /again Bearer r1',
      'DELETE /in {"refresh_token":"r1"} Bearer a1',
    ])
  })

  it('a request may have no body at all', async () => {
    const circle = against({ logout: { path: 'out', body: undefined } })

    expect((await fullCircle(circle)).at(-1)).toBe('POST /out')
    expect(circle.sent.at(-1)?.headers.has('content-type')).toBe(false)
  })

  it('201, 204 and empty bodies are good', async () => {
    const answer = (status: number, token: string) => (): Response =>
      new Response(null, { status, headers: { 'X-Token': token } })
    const circle = against(
      {
        readTokens: (_, response) => ({
          accessToken: response?.headers.get('x-token') ?? undefined,
          refreshToken: 'r1',
        }),
      },
      {
        '/login': answer(201, 'a1'),
        '/refresh': answer(204, 'a2'),
        '/logout': () => new Response(null, { status: 204 }),
      },
    )

    await circle.client.login(FORM)

    expect(await renew(circle)).toBe('a2')
    await expect(circle.client.logout()).resolves.toBeUndefined()
  })
})

describe('direction 2: lifetimes', () => {
  const readMilliseconds: Options['readTokens'] = (body) => {
    const { token, expires } = body as { token: string; expires: number }
    return { accessToken: token, lifetime: expires }
  }

  it.each<[string, Options, object]>([
    ['seconds', {}, { token: 'a', expires_in: 60 }],
    ['milliseconds', { readTokens: readMilliseconds }, { token: 'a', expires: 60_000 }],
    ['a moment', {}, { token: 'a', expires_at: START / 1000 + 60 }],
    ['a date', {}, { token: 'a', expiresAt: new Date(START + 60_000).toISOString() }],
    ['only the JWT’s exp', {}, { token: jwt({ exp: START / 1000 + 60 }) }],
  ])('may be %s', async (_what, options, answer) => {
    stopTime()
    const { client } = against(options, { '/login': () => Response.json(answer) })

    expect(await client.login(FORM)).toMatchObject({ expiresAt: START + 60_000 })
  })

  it('may be unknown: a 401 is what tells', async () => {
    const circle = against(
      {},
      {
        '/refresh': () => pair({ access_token: 'a2' }),
        '/todos': ({ authorization }) => new Response(null, { status: authorization === 'Bearer a2' ? 200 : 401 }),
      },
    )
    expect(await circle.client.login(FORM)).toMatchObject({ expiresAt: undefined })

    expect((await circle.client.fetch(TODOS)).status).toBe(200)
  })
})

it('direction 3: the old iat of a refreshed JWT says nothing about the clock', async () => {
  stopTime()
  const seconds = START / 1000
  const circle = against(
    {},
    {
      '/login': () => pair({ access_token: jwt({ iat: seconds, exp: seconds + 4 }) }),
      '/refresh': () => Response.json({ access: jwt({ iat: seconds, exp: seconds + 3600 + 4 }) }),
    },
  )
  await circle.client.login(FORM)
  await pass(3_600_000)

  await renew(circle)

  expect(circle.client.state).toMatchObject({ expiresAt: START + 3_604_000 })
})

it('direction 4: a refresh answer with an access token alone keeps the refresh token', async () => {
  const circle = against({}, { '/refresh': () => Response.json({ access: 'a2' }) })
  await circle.client.login(FORM)

  await renew(circle)
  await renew(circle)

  expect(circle.seen().slice(1)).toEqual(Array(2).fill('POST /refresh {"refresh_token":"r1"}'))
})

describe('direction 5: the refresh credential', () => {
  it('may be a body field of any name, beside others', async () => {
    const body = ({ refreshToken, accessToken }: TokenSet) => ({ renewal: refreshToken, expired: accessToken })
    const circle = against({ refresh: { path: 'refresh', body } })

    expect((await fullCircle(circle))[1]).toBe('POST /refresh {"renewal":"r1","expired":"a1"}')
  })

  it('may be an HttpOnly cookie', async () => {
    const circle = against({ refreshVia: 'cookie' }, { '/login': () => Response.json({ token: 'a1' }) })

    const [, refresh] = await fullCircle(circle)

    expect(refresh).toBe('POST /refresh {}')
    expect(circle.sent[1]?.init?.credentials).toBe('include')
  })

  it('may be an HttpOnly cookie with a CSRF token that is read from another one', async () => {
    document.cookie = 'csrftoken=from-the-cookie'
    onTestFinished(() => {
      document.cookie = 'csrftoken=; max-age=0'
    })
    const csrf = (): string => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? ''
    const circle = against({ refreshVia: 'cookie', csrfHeader: ['X-CSRFToken', csrf] })

    await fullCircle(circle)

    expect(circle.sent.map(({ headers }) => headers.get('x-csrftoken'))).toEqual(Array(3).fill('from-the-cookie'))
  })

  it('may be the access token itself, in the body or in the Authorization header', async () => {
    const inBody = against({ refreshVia: 'access-token' })
    const inHeader = against({
      refreshVia: 'access-token',
      refresh: { path: 'refresh', body: () => ({}), headers: ({ accessToken }) => bearer(accessToken) },
    })

    expect((await fullCircle(inBody))[1]).toBe('POST /refresh {"token":"a1"}')
    expect((await fullCircle(inHeader))[1]).toBe('POST /refresh {} Bearer a1')
  })

  it('may be a session token that buys JWTs with GET: a login in two steps', async () => {
    const circle = against(
      {
        login: {
          path: 'sign-in',
          readTokens: (body) => ({ refreshToken: (body as { session_token: string }).session_token }),
        },
        refresh: { path: 'jwt', method: 'GET', headers: ({ refreshToken }) => bearer(refreshToken) },
      },
      {
        '/sign-in': () => Response.json({ session_token: 's1' }),
        '/jwt': (_, index) => Response.json({ token: `jwt-${index}` }),
      },
    )

    expect(await circle.client.login(FORM)).toMatchObject({ status: 'authenticated' })
    expect(await circle.client.getAccessToken()).toBe('jwt-0')
    expect(await renew(circle)).toBe('jwt-1')
    expect(circle.seen().slice(1)).toEqual(Array(2).fill('GET /jwt Bearer s1'))
  })
})

it('direction 6: login and refresh carry no access token', async () => {
  const circle = against({})
  await fullCircle(circle)

  await circle.client.login(FORM)

  expect(circle.sent.map(({ authorization }) => authorization)).toEqual(Array(4).fill(null))
})

describe('direction 7: the end of a session', () => {
  it.each([
    ['is', '400 without a body', () => new Response(null, { status: 400 })],
    ['is', '401 without a body', () => new Response(null, { status: 401 })],
    ['is not', '500', () => new Response(null, { status: 500 })],
    ['is not', 'a lost connection', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['is not', 'a 403 that nobody has explained', () => Response.json({ code: 'NO' }, { status: 403 })],
  ])('%s %s', async (is, _answer, refresh) => {
    const circle = against({}, { '/refresh': refresh })
    await circle.client.login(FORM)

    await expect(renew(circle)).rejects.toThrow()

    expect(circle.client.state.status).toBe(is === 'is' ? 'unauthenticated' : 'authenticated')
  })

  it('is a 403 where isFinal says so', async () => {
    const isFinal: Options['isFinal'] = ({ status, body }) =>
      status === 403 && (body as { code?: string } | undefined)?.code === 'SESSION_ENDED'
    const circle = against({ isFinal }, { '/refresh': () => Response.json({ code: 'SESSION_ENDED' }, { status: 403 }) })
    await circle.client.login(FORM)

    await expect(renew(circle)).rejects.toMatchObject({ code: 'login_required' })

    expect(circle.client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  })
})
