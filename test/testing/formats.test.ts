import {
  type AuthBackend,
  AuthClient,
  type BackendContext,
  jsonBackend,
  type TokenResponse,
  type TokenSet,
} from 'latchkey'
import { feathers, loopback, oauth2Password, payload, simpleJwt } from 'latchkey/backends'
import { type MockAnswer, type MockAuthServer, type MockAuthServerOptions, mockAuthServer } from 'latchkey/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BASE, JOHN, open, openBoth, post } from './scene.ts'

/** Signs in, meets a 401, renews, and signs out: whatever the format, each call has to be understood. */
async function live<Form extends object>(
  { server, auth }: { server: MockAuthServer; auth: AuthClient<Form> },
  form: Form,
  hasRefresh = true,
): Promise<void> {
  await expect(auth.login({ ...form, password: 'wrong' })).rejects.toMatchObject({ code: 'invalid_credentials' })
  await auth.login(form)
  expect(await auth.http.get('todos').json()).toMatchObject({ username: 'johndoe' })
  if (hasRefresh) {
    server.expireAccessTokens()
    expect((await auth.http.get('todos')).status).toBe(200)
  }
  await auth.logout()
  const calls = server.requests.map(({ endpoint, status }) => `${endpoint} ${status === 201 ? 200 : status}`)
  expect(calls).toEqual([
    'login 401',
    'login 200',
    'api 200',
    ...(hasRefresh ? ['api 401', 'refresh 200', 'api 200'] : []),
    ...(server.logouts ? ['logout 204'] : []),
  ])
  if (hasRefresh) expect(server.requests.at(-1)?.username).toBe('johndoe')
}

type Shape = Partial<MockAuthServerOptions<typeof JOHN>>

const answerNested = ({ accessToken, refreshToken, lifetime }: MockAnswer) => ({
  result: { jwt: { value: accessToken, ms: lifetime }, renewal: refreshToken },
})
const readNested = (body: unknown): TokenResponse => {
  const { jwt, renewal } = (body as { result: { jwt: { value: string; ms: number }; renewal: string } }).result
  return { accessToken: jwt.value, lifetime: jwt.ms, refreshToken: renewal }
}

const shapes: Record<string, Shape> = {
  'nothing said': {},
  'paths with slashes': { login: '/auth/sign-in/', refresh: '/auth/renew/', logout: '/auth/sign-out/' },
  'field names of its own': {
    login: { path: 'login', body: ({ username, password }) => ({ user: username, pass: password }) },
    refresh: { path: 'refresh', body: ({ refreshToken }) => ({ refresh: refreshToken }) },
    logout: { path: 'logout', body: ({ refreshToken }) => ({ refresh: refreshToken }) },
  },
  'nested bodies': {
    login: { path: 'login', body: ({ username, password }) => ({ data: { by: { username }, with: { password } } }) },
    refresh: { path: 'refresh', body: ({ refreshToken }) => ({ data: { tokens: { renewal: refreshToken } } }) },
  },
  forms: {
    login: { path: 'login', encoding: 'form' },
    refresh: { path: 'refresh', encoding: 'form' },
    logout: { path: 'logout', encoding: 'form' },
  },
  'constant fields': {
    login: { path: 'login', body: (form) => ({ ...form, device: 'web', version: 2 }) },
    refresh: { path: 'refresh', body: ({ refreshToken }) => ({ device: 'web', refresh_token: refreshToken }) },
  },
  'a password in a header (Basic)': {
    login: {
      path: 'login',
      method: 'GET',
      headers: ({ username, password }) => ({ Authorization: `Basic ${btoa(`${username}:${password}`)}` }),
    },
  },
  'a GET that renews by a header': {
    refresh: {
      path: 'token',
      method: 'GET',
      headers: ({ refreshToken }: TokenSet) => ({ 'X-Session': `v1.${refreshToken}.` }),
    },
    logout: {
      path: 'logout',
      method: 'DELETE',
      headers: ({ refreshToken }: TokenSet) => ({ 'X-Session': `v1.${refreshToken}.` }),
    },
  },
  'one path for all': {
    login: { path: 'session', body: (form) => ({ ...form, kind: 'password' }) },
    refresh: { path: 'session', body: ({ refreshToken }) => ({ kind: 'refresh', token: refreshToken }) },
    logout: {
      path: 'session',
      method: 'DELETE',
      body: undefined,
      headers: ({ accessToken }) => ({ Authorization: `Bearer ${accessToken}` }),
    },
  },
  'one path for all, told apart by fields alone': {
    login: 'session',
    refresh: { path: 'session', body: ({ refreshToken }) => ({ refreshToken }) },
    logout: { path: 'session', body: ({ refreshToken }) => ({ forget: refreshToken }) },
  },
  'no logout': { logout: false },
  'the access token renews itself': { refreshVia: 'access-token' },
  'the access token renews itself, by its header': {
    refreshVia: 'access-token',
    refresh: {
      path: 'refresh',
      body: undefined,
      headers: ({ accessToken }) => ({ Authorization: `Bearer ${accessToken}` }),
    },
  },
  'answers in words of its own': { answer: answerNested, readTokens: readNested },
  'an answer that is a whole Response': {
    answer: ({ accessToken, refreshToken }) =>
      Response.json({ accessToken, refreshToken, expires_at: Date.now() / 1000 + 60 }, { status: 201 }),
  },
  'opaque tokens': { createAccessToken: async () => crypto.randomUUID() },
  'no rotation': { rotates: false },
  'a cookie': { refreshVia: 'cookie' },
  'a cookie, with a header of its own': { refreshVia: 'cookie', csrfHeader: ['X-CSRF', () => 'changing'] },
  'a cookie, and no header': { refreshVia: 'cookie', csrfHeader: false },
}

describe('one options object serves `jsonBackend` and `mockAuthServer`', () => {
  it('a sign-in by a number, which has to be the right one', async () => {
    type Form = { employee: number; password: string }
    const users = [{ username: 'a', password: 'pw', employee: 4711 }]
    const { auth, server } = openBoth<Form>({ users, login: { path: 'login', body: (form) => form } })

    await expect(auth.login({ employee: 4712, password: 'pw' })).rejects.toMatchObject({ code: 'invalid_credentials' })
    await auth.login({ employee: 4711, password: 'pw' })
    expect(server.requestsTo('login').at(-1)).toMatchObject({ status: 200, username: 'a' })
  })

  it.each(Object.entries(shapes))('%s', async (_name, shape) => {
    await live(openBoth(shape), JOHN)
  })

  it('no refresh', async () => {
    await live(openBoth<typeof JOHN>({ refresh: false }), JOHN, false)
  })

  it('a user endpoint of its own', async () => {
    const users = [{ ...JOHN, name: 'John' }]
    const user = {
      path: 'users/self',
      headers: ({ accessToken }: TokenSet) => ({ 'X-Token': accessToken }),
      readTokens: (body: unknown) => ({ user: (body as { data: object }).data }),
    }
    const { auth, server } = openBoth<typeof JOHN>({ users, user, profile: ({ name }) => ({ data: { name } }) })
    await auth.login(JOHN)

    expect(auth.state).toMatchObject({ user: { name: 'John' } })
    expect(server.requestsTo('user')).toMatchObject([{ path: 'users/self', status: 200, username: 'johndoe' }])
  })

  it('a login whose fields cannot be made of anything but text', async () => {
    type Form = { email: string; password: string }
    const login = {
      path: 'login',
      body: ({ email, password }: Form) => ({ email: email.trim().toLowerCase(), password }),
    }
    const users = (fields: Readonly<Record<string, unknown>>) =>
      fields.email === 'john@example.com' ? { username: 'john', password: '' } : undefined
    const { auth } = openBoth<Form>({ login, users })

    expect(await auth.login({ email: ' John@Example.com ', password: 'x' })).toMatchObject({ status: 'authenticated' })
  })
})

describe('the presets, by `backend`', () => {
  const byEmail = { email: 'john@example.com', password: 'password123' }

  /** The client and the server get the same two options. */
  function both<Form extends object>(options: MockAuthServerOptions<Form>) {
    const { baseUrl, backend } = options
    const server = open<Form>(options)
    const auth = new AuthClient<Form>({ baseUrl, backend })
    onTestFinished(() => auth.dispose())
    return { server, auth }
  }

  it('Simple JWT, whose endpoints are elsewhere than the API', async () => {
    const answer = ({ accessToken, refreshToken }: MockAnswer) => ({ access: accessToken, refresh: refreshToken })
    const scene = both({ baseUrl: `${BASE}/api/v2`, backend: simpleJwt({ baseUrl: BASE }), answer })
    await live(scene, JOHN)

    expect(scene.server.requests.map(({ url }) => new URL(url).pathname)).toEqual([
      '/api/token/',
      '/api/token/',
      '/api/v2/todos',
      '/api/v2/todos',
      '/api/token/refresh/',
      '/api/v2/todos',
      '/api/token/blacklist/',
    ])
  })

  it('OAuth 2.0 with the password grant: a form, one path for two things', async () => {
    const scene = both({ baseUrl: BASE, backend: oauth2Password({ baseUrl: BASE, clientId: 'spa', scope: 'read' }) })
    await live(scene, JOHN)

    expect(scene.server.requestsTo('oauth/token').map(({ endpoint, body }) => [endpoint, body])).toEqual([
      ['login', { username: 'johndoe', password: 'wrong', grant_type: 'password', client_id: 'spa', scope: 'read' }],
      ['login', { ...JOHN, grant_type: 'password', client_id: 'spa', scope: 'read' }],
      ['refresh', { grant_type: 'refresh_token', refresh_token: expect.any(String), client_id: 'spa' }],
    ])
  })

  it('Feathers: no refresh, and a sign-out by DELETE', async () => {
    await live(both({ baseUrl: BASE, backend: feathers({ baseUrl: BASE }) }), byEmail, false)
  })

  it('LoopBack', async () => {
    await live(both({ baseUrl: BASE, backend: loopback({ baseUrl: BASE }), rotates: false }), byEmail)
  })

  it('Payload, whose access token renews itself', async () => {
    const answer = ({ endpoint, accessToken, user }: MockAnswer) =>
      endpoint === 'login' ? { token: accessToken, user } : { refreshedToken: accessToken, user }
    await live(both({ baseUrl: BASE, backend: payload({ baseUrl: BASE }), answer }), byEmail)
  })

  it('a backend of the app’s own, with a user endpoint, whose methods lean on `this`', async () => {
    class OwnBackend implements AuthBackend<typeof JOHN> {
      readonly #usual = jsonBackend<typeof JOHN, unknown>({ baseUrl: BASE, user: 'whoami' })
      readonly id = this.#usual.id
      readonly origin = this.#usual.origin
      readonly refreshVia = this.#usual.refreshVia
      login(form: typeof JOHN, context: BackendContext) {
        return this.#usual.login(form, context)
      }
      user(tokens: TokenSet, context: BackendContext) {
        return this.#usual.user?.(tokens, context) ?? Promise.reject(new Error('There is always one.'))
      }
    }
    const { auth, server } = both({ baseUrl: BASE, backend: new OwnBackend() })
    await auth.login(JOHN)

    expect(auth.state).toMatchObject({ user: { name: 'John Doe' } })
    expect(server.requestsTo('whoami')).toMatchObject([{ endpoint: 'user', status: 200 }])
  })
})

describe('a base URL', () => {
  it.each([
    ['with a slash at the end', `${BASE}/v1//`, `${BASE}/v1/login`],
    ['that is a URL', new URL(`${BASE}/v1`), `${BASE}/v1/login`],
    ['with signs that mean something in patterns', `${BASE}/v1(beta)/:x+`, `${BASE}/v1(beta)/:x+/login`],
    ['relative to the page', '/api', 'http://localhost:3000/api/login'],
    ['relative to the page, and all of it', '/', 'http://localhost:3000/login'],
  ])('%s is answered below, by msw and by `fetch`', async (_what, baseUrl, login) => {
    const server = open({ baseUrl })
    const init = { method: 'POST', body: JSON.stringify(JOHN) }

    expect((await fetch(login, init)).status).toBe(200)
    expect((await server.fetch(login, init)).status).toBe(200)
    expect((await server.fetch(new URL(login), init)).status).toBe(200)
    expect((await server.fetch(new Request(`${login}?from=here#top`, init))).status).toBe(200)
    expect(server.logins).toBe(4)
    expect(server.requests.at(-1)).toMatchObject({ path: 'login', url: `${login}?from=here#top` })
  })

  it('is itself a resource, with or without a slash', async () => {
    const server = mockAuthServer({ baseUrl: `${BASE}/v1` })

    expect((await server.fetch(`${BASE}/v1`)).status).toBe(401)
    expect((await server.fetch(`${BASE}/v1/?a`)).status).toBe(401)
    await expect(server.fetch(`${BASE}/v10`)).rejects.toThrow('not an address of the mocked server')
  })

  it('that is relative serves a client with a relative one, by msw and without', async () => {
    const server = open({ baseUrl: '/api' })
    for (const fetch of [undefined, server.fetch]) {
      const auth = new AuthClient({ baseUrl: '/api', ...(fetch && { fetch }) })
      onTestFinished(() => auth.dispose())
      await auth.login(JOHN)
      // Not by `auth.http`: Node's own Request, which ky makes, takes no relative address.
      expect(await (await auth.fetch('/api/todos')).json()).toMatchObject({ path: 'todos' })
      await auth.logout()
    }
    expect(server.logouts).toBe(2)
  })
})

it('the fields of a multipart form are left as text, and the request has them', async () => {
  const form = new FormData()
  form.set('file', new Blob(['content']), 'a.txt')
  const server = open({ routes: { upload: { isPublic: true } } })
  await server.fetch(`${BASE}/upload`, { method: 'POST', body: form })
  const [seen] = server.requests

  expect(seen?.body).toContain('content')
  expect((await seen?.request.formData())?.get('file')).toMatchObject({ name: 'a.txt' })
})

it('a body that comes in pieces is read whole', async () => {
  const server = open()
  const body = new Blob([JSON.stringify(JOHN)]).stream()
  const response = await server.fetch(`${BASE}/login`, { method: 'POST', body, duplex: 'half' } as RequestInit)

  expect(response.status).toBe(200)
  expect(server.requests[0]?.text).toBe(JSON.stringify(JOHN))
})

it('the discovery of a wrong format costs no session: a 401 says that there is no such token', async () => {
  const server = open({ refresh: { path: 'refresh', body: ({ refreshToken }) => ({ renewal: refreshToken }) } })
  const { refreshToken } = await server.issueTokens()

  expect((await post(server, 'refresh', { refresh_token: refreshToken })).status).toBe(401)
  expect((await post(server, 'refresh', { renewal: refreshToken })).status).toBe(200)
})
