import { AuthError, jsonBackend, readTokens } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { FORM, type LoginForm } from '../support/client.ts'
import type { Sent } from '../support/wire.ts'
import { against, BASE, fullCircle, type Options, pair, renew, TODOS } from './directions.ts'

it.each([
  [400, '{"error":"invalid_grant"}'],
  [401, ''],
  [403, 'Wrong password.'],
])('direction 8: a bad password is %i %s, and starts no refresh', async (status, body) => {
  const circle = against({}, { '/login': () => new Response(body || null, { status }) })

  await expect(circle.client.login(FORM)).rejects.toMatchObject({ code: 'invalid_credentials' })

  expect(circle.sent).toHaveLength(1)
})

it.each([
  ['empty', () => new Response(null, { status: 401 })],
  ['JSON that comes as text/html', () => new Response('{}', { status: 401, headers: { 'Content-Type': 'text/html' } })],
])('direction 9: the status 401 alone asks for a refresh: %s', async (_what, refused) => {
  const circle = against({}, { '/todos': (_, index) => (index ? new Response('fine') : refused()) })
  await circle.client.login(FORM)

  expect(await (await circle.client.fetch(TODOS)).text()).toBe('fine')
})

it('direction 10: a 403 of the API is an answer', async () => {
  const circle = against({}, { '/todos': () => new Response(null, { status: 403 }) })
  await circle.client.login(FORM)

  expect((await circle.client.fetch(TODOS)).status).toBe(403)

  expect(circle.seen().slice(1)).toEqual(['GET /todos Bearer a1'])
})

it('direction 11: a request that left before a refresh is sent again, without a second one', async () => {
  const late = Promise.withResolvers<Response>()
  const circle = against(
    {},
    {
      '/refresh': () => pair({ access_token: 'a2' }),
      '/todos': (_, index) => (index ? new Response('fine') : late.promise),
    },
  )
  await circle.client.login(FORM)
  const request = circle.client.fetch(TODOS)
  await renew(circle)

  late.resolve(new Response(null, { status: 401 }))

  expect((await request).status).toBe(200)
  expect(circle.seen().slice(1)).toEqual([
    'GET /todos Bearer a1',
    'POST /refresh {"refresh_token":"r1"}',
    'GET /todos Bearer a2',
  ])
})

it('direction 12: the same token once more is no failure', async () => {
  const circle = against({}, { '/refresh': () => pair() })
  await circle.client.login(FORM)

  expect(await renew(circle)).toBe('a1')

  expect(circle.heard('refresh')).toHaveLength(1)
})

it.each(['Bearer', 'bearer', 'JWT'])('direction 13: token_type %s is sent as Bearer', async (token_type) => {
  const circle = against({}, { '/login': () => pair({ token_type }) })
  await circle.client.login(FORM)

  await circle.client.fetch(TODOS)

  expect(circle.sent[1]?.authorization).toBe('Bearer a1')
})

it('direction 14: a logout that is refused signs out all the same', async () => {
  const circle = against({}, { '/logout': () => new Response(null, { status: 401 }) })
  await circle.client.login(FORM)

  await circle.client.logout()

  expect(circle.client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
})

it.each([0, ''])('direction 15: a user may have the id %j', async (id) => {
  const { client } = against({ user: 'me' }, { '/me': () => Response.json({ id }) })

  expect(await client.login(FORM)).toMatchObject({ status: 'authenticated', user: { id } })
})

it('direction 16: paths leave as they are written', async () => {
  const circle = against({ login: '/api/token/', refresh: 'api/token/refresh/', logout: 'out?all=1' })

  const paths = (await fullCircle(circle)).map((line) => line.split(' ')[1])

  expect(paths).toEqual(['/api/token/', '/api/token/refresh/', '/out?all=1'])
})

it('direction 17: endpoints may lack, and may have a double slash', async () => {
  const circle = against({ login: 'realm//token', refresh: false, logout: false }, { '/realm//token': () => pair() })

  await circle.client.login(FORM)
  await circle.client.logout()

  expect(circle.seen()).toEqual(['POST /realm//token {"username":"ada","password":"secret"}'])
})

it('direction 18: fields that nobody asked for do no harm, and an error needs no description', async () => {
  const good = against({}, { '/login': () => pair({ session_state: 's', iss: BASE, scope: 'read' }) })
  const bad = against({}, { '/login': () => Response.json({ error: 'access_denied' }, { status: 403 }) })

  expect(await good.client.login(FORM)).toMatchObject({ status: 'authenticated' })
  await expect(bad.client.login(FORM)).rejects.toMatchObject({ oauthError: 'access_denied' })
})

it('direction 19: a login takes parameters that only this server knows', async () => {
  const circle = against({
    login: {
      path: 'login?acr=high',
      body: (form) => ({ ...form, audience: 'todos' }),
      headers: () => ({ 'X-Tenant': 't1' }),
    },
  })

  await circle.client.login(FORM)

  expect(circle.seen()).toEqual(['POST /login?acr=high {"username":"ada","password":"secret","audience":"todos"}'])
  expect(circle.sent[0]?.headers.get('x-tenant')).toBe('t1')
})

it('direction 20: a 401 that asks for another proof is answered by one, not by a refresh', async () => {
  let nonce = ''
  const circle = against(
    {},
    {
      '/todos': ({ headers }) =>
        headers.get('dpop') === 'proof-n1'
          ? new Response('fine')
          : new Response(null, { status: 401, headers: { 'DPoP-Nonce': 'n1' } }),
    },
    {
      authorize(request, { accessToken }) {
        request.headers.set('Authorization', `DPoP ${accessToken}`)
        request.headers.set('DPoP', `proof-${nonce}`)
        return request
      },
      retry(response) {
        nonce = response.headers.get('dpop-nonce') ?? ''
        return nonce !== ''
      },
    },
  )
  await circle.client.login(FORM)

  expect((await circle.client.fetch(TODOS)).status).toBe(200)

  expect(circle.sent.map(({ url }) => url.pathname)).toEqual(['/login', '/todos', '/todos'])
})

it('direction 21: token calls have no header that a fixed CORS list would refuse', async () => {
  const inBody = against({})
  const inCookie = against({ refreshVia: 'cookie', csrfHeader: false })

  await fullCircle(inBody)
  await fullCircle(inCookie)

  for (const { headers } of [...inBody.sent, ...inCookie.sent])
    expect([...headers.keys()].sort()).toEqual(['accept', 'content-type'])
})

describe('a server unlike all others', () => {
  it('may refuse with 200: readTokens throws what that means', async () => {
    const read: Options['readTokens'] = (body) => {
      const { code } = body as { code?: string }
      if (code === 'NO') throw new AuthError('invalid_credentials', 'Refused.', { data: body })
      if (code === 'OVER') throw new AuthError('refresh_rejected', 'Over.')
      return readTokens(body)
    }
    const refused = against({ readTokens: read }, { '/login': () => Response.json({ code: 'NO' }) })
    const over = against({ readTokens: read }, { '/refresh': () => Response.json({ code: 'OVER' }) })
    await over.client.login(FORM)

    await expect(refused.client.login(FORM)).rejects.toMatchObject({
      code: 'invalid_credentials',
      data: { code: 'NO' },
    })
    await expect(renew(over)).rejects.toMatchObject({ code: 'login_required' })
    expect(over.client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  })

  it('may want the token in another header', async () => {
    const circle = against(
      {},
      {},
      {
        authorize(request, { accessToken }) {
          request.headers.set('X-Access-Token', accessToken)
          return request
        },
      },
    )
    await circle.client.login(FORM)

    await circle.client.fetch(TODOS)

    const { headers } = circle.sent[1] as Sent
    expect([headers.get('x-access-token'), headers.get('authorization')]).toEqual(['a1', null])
  })

  it('may renew tokens on another host', async () => {
    const { refresh } = jsonBackend<LoginForm>({ baseUrl: 'https://tokens.test', refresh: 'v1/token' })
    const circle = against({}, {}, refresh && { refresh })

    await fullCircle(circle)

    expect(circle.sent.map(({ url }) => url.href)).toEqual([
      `${BASE}/login`,
      'https://tokens.test/v1/token',
      `${BASE}/logout`,
    ])
  })
})
