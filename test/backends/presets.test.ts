import { type AuthBackend, AuthClient } from 'latchkey'
import * as presets from 'latchkey/backends'
import { betterAuth, feathers, loopback, oauth2Password, payload, simpleJwt, simpleJwtSliding } from 'latchkey/backends'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createWire, type Sent } from '../support/wire.ts'

const BASE = 'https://api.test'
const BY_NAME = { username: 'alice', password: 'wonderland-7' }
const BY_EMAIL = { email: 'alice@example.com', password: 'wonderland-7' }

type Answer = (sent: Sent, index: number) => Response

const pair: Answer = () =>
  Response.json({ access: 'a1', refresh: 'r1' }, { headers: { 'Content-Type': 'application/json' } })

function open<Form extends object>(backend: AuthBackend<Form>, fetch: typeof globalThis.fetch): AuthClient<Form> {
  const client = new AuthClient({ backend, fetch, refresh: { when: 'on-demand' } })
  onTestFinished(() => client.dispose())
  return client
}

/** What a client with this preset sends from sign-in to sign-out, a line a request. */
async function fullCircle<Form extends object>(
  backend: AuthBackend<Form>,
  form: Form,
  answer: Answer = pair,
): Promise<string[]> {
  const wire = createWire(answer)
  const client = open(backend, wire.fetch)
  await client.login(form)
  await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
  await client.logout()
  return wire.sent.map(({ init, url, authorization }) =>
    [init?.method, url.pathname, init?.body, authorization].filter(Boolean).join(' '),
  )
}

describe('a preset', () => {
  it('takes a baseUrl that is a path of this page', async () => {
    const lines = await fullCircle(simpleJwt({ baseUrl: '/' }), BY_NAME)

    expect(lines[0]).toBe('POST /api/token/ {"username":"alice","password":"wonderland-7"}')
  })

  it.each(Object.entries(presets))('%s keeps an id and an origin of its server', (_name, preset) => {
    const { id, origin } = (preset as typeof oauth2Password)({ baseUrl: BASE, clientId: 'spa' })

    expect([id.startsWith(`${BASE}/`), origin]).toEqual([true, BASE])
  })

  it.each([
    ['simpleJwt', simpleJwt],
    ['simpleJwtSliding', simpleJwtSliding],
    ['oauth2Password', oauth2Password],
    ['loopback', loopback],
  ])('%s asks who signed in, where it is told where', async (_name, preset) => {
    const wire = createWire(({ url }) =>
      url.pathname === '/me' ? Response.json({ id: 7 }) : Response.json({ token: 'a1' }),
    )
    const backend = (preset as typeof oauth2Password)({ baseUrl: BASE, clientId: 'spa', user: '/me' })

    expect(await open(backend, wire.fetch).login(BY_NAME)).toMatchObject({ user: { id: 7 } })
  })

  it('knows what it signs in with', () => {
    const login = (): void => {
      const context = { fetch, signal: new AbortController().signal }
      // @ts-expect-error: an e-mail address is not what Simple JWT asks for
      void simpleJwt({ baseUrl: BASE }).login(BY_EMAIL, context)
      // @ts-expect-error: neither is a user name Feathers'
      void feathers({ baseUrl: BASE }).login(BY_NAME, context)
      void simpleJwt<typeof BY_EMAIL>({ baseUrl: BASE }).login(BY_EMAIL, context)
    }

    expect(login).toBeTypeOf('function')
  })
})

describe('simpleJwt', () => {
  it('takes the paths of the project, as djoser has them', async () => {
    const backend = simpleJwt({
      baseUrl: BASE,
      login: '/auth/jwt/create/',
      refresh: '/auth/jwt/refresh/',
      logout: false,
    })

    expect(await fullCircle(backend, BY_NAME)).toEqual([
      'POST /auth/jwt/create/ {"username":"alice","password":"wonderland-7"}',
      'POST /auth/jwt/refresh/ {"refresh":"r1"}',
    ])
  })

  it('with sliding tokens has the same default paths', async () => {
    expect(await fullCircle(simpleJwtSliding({ baseUrl: BASE }), BY_NAME)).toEqual([
      'POST /api/token/ {"username":"alice","password":"wonderland-7"}',
      'POST /api/token/refresh/ {"token":"a1"}',
    ])
  })
})

describe('oauth2Password', () => {
  it('asks for a scope at the login, and revokes the access token where there is no other', async () => {
    const answer: Answer = () => Response.json({ access_token: 'a1' })

    expect(
      await fullCircle(oauth2Password({ baseUrl: BASE, clientId: 'spa', scope: 'read write' }), BY_NAME, answer),
    ).toEqual([
      'POST /oauth/token username=alice&password=wonderland-7&grant_type=password&client_id=spa&scope=read+write',
      'POST /oauth/revoke token=a1&client_id=spa',
    ])
  })

  it('lets no field of the form change the grant or the client', async () => {
    const form = { ...BY_NAME, grant_type: 'client_credentials', client_id: 'other' }

    const [login] = await fullCircle(oauth2Password({ baseUrl: BASE, clientId: 'spa', revoke: false }), form)

    expect(login).toBe('POST /oauth/token username=alice&password=wonderland-7&grant_type=password&client_id=spa')
  })

  it.each(['invalid_client', 'unauthorized_client', 'unsupported_grant_type'])(
    'says misconfigured where the server answers %s',
    async (error) => {
      const wire = createWire(() => Response.json({ error }, { status: 400 }))
      const backend = oauth2Password({ baseUrl: BASE, clientId: 'nobody' })
      const client = open(backend, wire.fetch)

      await expect(client.login(BY_NAME)).rejects.toMatchObject({ code: 'misconfigured', oauthError: error })
    },
  )
})

describe('feathers', () => {
  it('takes another path and another strategy', async () => {
    const backend = feathers<{ code: string }>({ baseUrl: BASE, path: 'auth', strategy: 'sms' })

    expect(await fullCircle(backend, { code: '123456' })).toEqual([
      'POST /auth {"code":"123456","strategy":"sms"}',
      'DELETE /auth Bearer a1',
    ])
  })
})

describe('betterAuth', () => {
  const session: Answer = ({ url }, index) =>
    url.pathname.endsWith('/token')
      ? Response.json({ token: `jwt-${index}` })
      : Response.json({ token: 'unsigned', user: { id: 'u1' } }, { headers: { 'set-auth-token': 'signed' } })

  it('prefers the signed session token, where the header is exposed', async () => {
    const backend = betterAuth<{ username: string }>({ baseUrl: BASE, path: '/auth', login: '/sign-in/username' })

    expect(await fullCircle(backend, { username: 'alice' }, session)).toEqual([
      'POST /auth/sign-in/username {"username":"alice"}',
      'GET /auth/token Bearer signed',
      'GET /auth/token Bearer signed',
      'POST /auth/sign-out {} Bearer signed',
    ])
  })

  it('says who signed in', async () => {
    const backend = betterAuth({ baseUrl: BASE })
    const client = open(backend, createWire(session).fetch)

    expect(await client.login(BY_EMAIL)).toMatchObject({ user: { id: 'u1' } })
  })
})

describe('payload', () => {
  it('takes another collection, and the token under its name of a refresh', async () => {
    const wire = createWire((_, index) =>
      Response.json(index ? { refreshedToken: 'a2', user: { id: 2 } } : { token: 'a1', user: { id: 1 } }),
    )
    const backend = payload({ baseUrl: BASE, path: '/cms/members' })
    const client = open(backend, wire.fetch)
    await client.login(BY_EMAIL)

    expect(await client.getAccessToken({ forceRefresh: true })).toBe('a2')

    expect(client.state).toMatchObject({ user: { id: 2 } })
    expect(wire.sent.map(({ url }) => url.pathname)).toEqual(['/cms/members/login', '/cms/members/refresh-token'])
  })
})

it('loopback takes the paths of the controller', async () => {
  const backend = loopback({ baseUrl: BASE, login: 'refreshlogin', refresh: 'users/refresh' })

  expect(await fullCircle(backend, BY_EMAIL)).toEqual([
    'POST /refreshlogin {"email":"alice@example.com","password":"wonderland-7"}',
    'POST /users/refresh {"refreshToken":"r1"}',
  ])
})
