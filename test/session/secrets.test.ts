import { inspect } from 'node:util'
import {
  AuthClient,
  AuthError,
  type AuthEvents,
  cookieStorage,
  HTTPError,
  isAuthError,
  jsonBackend,
  memoryStorage,
  type TokenResponse,
  type TokenStorage,
} from 'latchkey'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const CANARY = 'CANARY'
const TOKENS = {
  access_token: `${CANARY}-access`,
  refresh_token: `${CANARY}-refresh`,
  id_token: `${CANARY}-id`,
  expires_in: 300,
}

type Endpoint = 'login' | 'refresh' | 'logout' | 'me' | 'todos'
type Answer = (init: RequestInit | undefined) => Response | Promise<Response>

/** All the ways in which something written down could show what is in `value`. */
function writings(value: unknown): string {
  const texts = [inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }), String(value)]
  for (const write of [() => JSON.stringify(value), () => inspect(structuredClone(value), { depth: null })]) {
    try {
      texts.push(write() ?? '')
    } catch {
      // What cannot be written that way shows nothing that way.
    }
  }
  if (value instanceof Error) {
    texts.push(value.message, value.stack ?? '', value.cause === undefined ? '' : writings(value.cause))
    texts.push(writings(Object.fromEntries(Reflect.ownKeys(value).map((key) => [key, Reflect.get(value, key)]))))
  }
  return texts.join('\n')
}

const consoles = (['debug', 'error', 'info', 'log', 'trace', 'warn'] as const).map((name) => vi.spyOn(console, name))
beforeEach(() => {
  for (const spy of consoles) spy.mockClear()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A signed-in client whose tokens are canaries, and all that it says from then on. */
async function createScene(storage: TokenStorage = memoryStorage()) {
  const answers = new Map<Endpoint, Answer>()
  const said: unknown[] = []
  const posted: unknown[] = []
  const auth = new AuthClient({
    baseUrl: 'https://api.test',
    backend: jsonBackend<object, unknown>({ baseUrl: 'https://api.test', user: 'me' }),
    attachTo: [],
    storage,
    refresh: { timeout: 50 },
    environment: {
      reportError: (error) => said.push(error),
      channel: () => ({ post: (hint) => posted.push(hint), close: () => undefined }),
    },
    fetch: async (input, init) => {
      const path = new URL(input instanceof Request ? input.url : input).pathname.slice(1) as Endpoint
      const answer = answers.get(path)
      if (answer) return answer(init)
      return Response.json(path === 'me' ? { name: 'Ada' } : TOKENS)
    },
  })
  const names: (keyof AuthEvents)[] = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded']
  for (const name of names) auth.on(name, (event) => said.push(event))
  auth.subscribe((state) => said.push(state))
  await auth.login({ password: `${CANARY}-password` })
  return { auth, answers, said, posted }
}

const faults: [name: string, answer: Answer][] = [
  ['400 that echoes the tokens', () => Response.json({ error: 'invalid_grant', ...TOKENS }, { status: 400 })],
  ['400 invalid_client', () => Response.json({ error: 'invalid_client', ...TOKENS }, { status: 400 })],
  ['401', () => Response.json({ error: 'invalid_grant', ...TOKENS }, { status: 401 })],
  ['403 HTML', () => new Response('<html>Forbidden</html>', { status: 403 })],
  [
    '422 with tokens deep inside',
    () => Response.json({ data: { tokens: [TOKENS] }, session: TOKENS }, { status: 422 }),
  ],
  ['429', () => Response.json(TOKENS, { status: 429, headers: { 'Retry-After': '1' } })],
  ['500', () => new Response(JSON.stringify(TOKENS), { status: 500, statusText: TOKENS.access_token })],
  ['200 that is cut off', () => new Response(JSON.stringify(TOKENS).slice(0, -2))],
  ['200 HTML', () => new Response(`<html>${TOKENS.access_token}</html>`)],
  ['200 over 64 KiB', () => new Response(TOKENS.access_token.repeat(10_000))],
  ['204', () => new Response(null, { status: 204 })],
  ['200 with no token in it', () => Response.json({ hello: 'world' })],
  ['no network', (init) => Promise.reject(new TypeError(`Failed to fetch ${init?.body}`, { cause: init }))],
  [
    'silence',
    (init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))),
  ],
  [
    'a body that never ends',
    () => new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(8)) })),
  ],
]

let paths = 0
afterAll(() => expect(paths).toBeGreaterThanOrEqual(40))

function expectNoCanary(said: readonly unknown[], auth: AuthClient<object>): void {
  paths += 1
  const written = consoles.flatMap((spy) => spy.mock.calls)
  const browser = [location.href, document.title, history.state, performance.getEntries()]
  const texts = [...said, ...written, auth, auth.state, auth.explain(), ...browser].map(writings)
  expect(texts.flatMap((text) => [...text.matchAll(new RegExp(`.{0,60}${CANARY}.{0,30}`, 'g'))].map(String))).toEqual(
    [],
  )
}

const calls: [Endpoint, (auth: AuthClient<object>) => Promise<unknown>][] = [
  ['login', (auth) => auth.login({ password: `${CANARY}-password` })],
  ['refresh', (auth) => auth.getAccessToken({ forceRefresh: true })],
  ['logout', (auth) => auth.logout()],
  ['me', (auth) => auth.login({ password: `${CANARY}-password` })],
]

/** In memory, where nobody else sees it; and where other tabs do, to whom something is called out. */
const places: [place: string, storage: () => TokenStorage][] = [
  ['memory', memoryStorage],
  ['a storage that tabs share', () => ({ ...memoryStorage(), scope: 'origin' })],
]

describe('H8, T4: no token is written down anywhere', () => {
  describe.each(places)('from %s,', (_place, createStorage) => {
    describe.each(faults)('after %s', (_, answer) => {
      it.each(calls)('at %s', async (endpoint, call) => {
        const { auth, answers, said, posted } = await createScene(createStorage())
        answers.set(endpoint, answer)
        said.push(await call(auth).catch((error: unknown) => error))
        if (endpoint === 'login' || endpoint === 'refresh') expect(said.at(-1)).toSatisfy(isAuthError)
        expectNoCanary([...said, posted], auth)
        auth.dispose()
      })
    })
  })

  it('in what is called out to other tabs: two words at most, in a life with and without faults', async () => {
    const { auth, answers, posted } = await createScene({ ...memoryStorage(), scope: 'origin' })
    await auth.getAccessToken({ forceRefresh: true })
    answers.set('refresh', () => Response.json(TOKENS, { status: 500 }))
    await auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    auth.setUser({ name: 'Ada Lovelace' })
    await auth.logout()
    expect(posted.length).toBeGreaterThan(3)
    expect(posted.filter((hint) => hint !== 'changed' && hint !== 'wanted')).toEqual([])
    auth.dispose()
  })

  it('after a refresh that was refused with a token for an error', async () => {
    const { auth, answers, said } = await createScene()
    answers.set('refresh', () => Response.json({ error: TOKENS.refresh_token.repeat(6) }, { status: 401 }))
    said.push(await auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => error))
    expect(said.at(-1)).toMatchObject({ code: 'login_required' })
    expectNoCanary(said, auth)
    auth.dispose()
  })

  it.each(calls.slice(0, 2))('after a token that fits into no header, at %s', async (endpoint, call) => {
    const { auth, answers, said } = await createScene()
    answers.set(endpoint, () => Response.json({ access_token: `${CANARY}\r\nX-Admin: 1` }))
    said.push(await call(auth).catch((error: unknown) => error))
    expect(said.at(-1)).toMatchObject({ code: 'invalid_response' })
    expectNoCanary(said, auth)
    auth.dispose()
  })

  it.each([401, 403, 404, 429, 500, 503])(
    'when a request is answered %i, in what fetch and http give back',
    async (status) => {
      const { auth, answers, said } = await createScene()
      answers.set('todos', () => Response.json({}, { status }))
      said.push(await auth.fetch('https://api.test/todos'))
      const error = await auth.http.get('todos', { retry: 0 }).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(HTTPError)
      said.push(error)
      expectNoCanary(said, auth)
      auth.dispose()
    },
  )

  it.each([
    ['no network', { retry: 0 }],
    ['a timeout', { retry: 0, timeout: 5 }],
  ])('when a request meets %s, in what http throws', async (name, options) => {
    const { auth, answers, said } = await createScene()
    answers.set('todos', () =>
      name === 'a timeout' ? new Promise(() => undefined) : Promise.reject(new TypeError('Failed')),
    )
    said.push(await auth.http.post('todos', { ...options, json: {} }).catch((error: unknown) => error))
    expect(said.at(-1)).toBeInstanceOf(Error)
    expectNoCanary(said, auth)
    auth.dispose()
  })

  it.each<[string, TokenResponse]>([
    ['an access token that fits into no header', { accessToken: `${CANARY} with a space` }],
    ['no token at all', { scope: CANARY }],
    ['a refresh token that buys nothing', { refreshToken: CANARY }],
  ])('when setTokens() is given %s', async (_, tokens) => {
    const { auth, answers, said } = await createScene()
    answers.set('refresh', () => new Response(null, { status: 400 }))
    said.push(await auth.setTokens(tokens).catch((error: unknown) => error))
    expect(said.at(-1)).toBeInstanceOf(AuthError)
    expectNoCanary(said, auth)
    auth.dispose()
  })

  it.each<[string, TokenStorage]>([
    [
      'quotes the record in its error',
      {
        ...memoryStorage(),
        setItem: (_, text) => {
          throw new Error(text)
        },
      },
    ],
    ['rejects with the record itself', { ...memoryStorage(), setItem: (_, text) => Promise.reject(text) }],
    ['holds a damaged record', { ...memoryStorage(), getItem: () => `{"a":"${CANARY}"` }],
    ['is a cookie that the browser refuses', { ...cookieStorage({ domain: 'elsewhere.example' }) }],
  ])('when the storage %s', async (_, storage) => {
    const { auth, said } = await createScene(storage)
    await auth.getAccessToken({ forceRefresh: true })
    await auth.logout()
    expectNoCanary(said, auth)
    auth.dispose()
  })

  it('in a whole life without any fault', async () => {
    const { auth, said } = await createScene()
    await auth.getAccessToken({ forceRefresh: true })
    await auth.fetch('https://api.test/todos')
    await auth.fetch('https://elsewhere.test/login')
    await auth.logout()
    expect(said.length).toBeGreaterThan(5)
    expectNoCanary(said, auth)
    auth.dispose()
  })

  it('in what JSON.stringify, console.log and a spread copy show of a client that is signed in', async () => {
    const { auth } = await createScene()
    const options = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true } as const
    expect(JSON.stringify(auth)).not.toContain(CANARY)
    expect(inspect(auth, options)).not.toContain(CANARY)
    expect(inspect({ ...auth }, options)).not.toContain(CANARY)
    expect(JSON.stringify({ ...auth })).not.toContain(CANARY)
    expect(inspect(auth.http, options)).not.toContain(CANARY)
    expect(inspect(auth.fetch, options)).not.toContain(CANARY)
    paths += 6
    auth.dispose()
  })
})
