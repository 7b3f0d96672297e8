import fc from 'fast-check'
import { AuthClient, type AuthClientOptions } from 'latchkey'
import { expect, it } from 'vitest'
import { BASE, FILES, formsOf, INSIDE, isOurs, OUTSIDE, PAGE } from '../support/addresses.ts'
import { seeded } from '../support/random.ts'
import { createPage, VirtualTime } from './virtual.ts'

/** What was handed to `fetch`: where the platform would send it, and with which credentials. */
interface Sent {
  /** `undefined`: the platform refuses it. */
  readonly url: URL | undefined
  readonly authorization: string | null
}

async function signedIn(options: Partial<AuthClientOptions> = {}) {
  const sent: Sent[] = []
  const auth = new AuthClient({
    baseUrl: BASE,
    attachTo: [FILES],
    http: { retry: 0 },
    environment: { location: () => PAGE },
    fetch: async (input, init) => {
      const request = input instanceof Request ? input : undefined
      const address = request ? request.url : String(input)
      const headers = new Headers(init?.headers ?? request?.headers)
      sent.push({
        url: URL.canParse(address, PAGE) ? new URL(address, PAGE) : undefined,
        authorization: headers.get('authorization'),
      })
      return new Response('{}')
    },
    ...options,
  })
  await auth.setTokens({ accessToken: 'SECRET' })
  return { auth, sent }
}

type Client = Awaited<ReturnType<typeof signedIn>>['auth']

const ways: Record<string, (auth: Client, input: string | URL | Request) => Promise<unknown>> = {
  'auth.fetch': async (auth, input) => auth.fetch(input),
  'auth.http': async (auth, input) => auth.http(input),
}

/** Calls that the platform would refuse may reject; no other error counts. */
async function attempt(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}

it('T1: the list of hostile addresses is long, and each is on the side where the platform puts it', () => {
  expect(INSIDE.length + OUTSIDE.length).toBeGreaterThan(100)
  const parse = (address: string): URL | undefined => (URL.canParse(address, PAGE) ? new URL(address, PAGE) : undefined)
  expect(INSIDE.filter((address) => !isOurs(parse(address)))).toEqual([])
  expect(OUTSIDE.filter((address) => isOurs(parse(address)))).toEqual([])
})

it.each(Object.keys(ways))('T1: %s sends the token to addresses inside, however they are written', async (way) => {
  const { auth, sent } = await signedIn()
  for (const address of INSIDE) {
    for (const form of formsOf(address)) {
      if (way === 'auth.http' && typeof form === 'string') continue // joined to `baseUrl`: the next test
      await ways[way]?.(auth, form)
      expect([address, sent.at(-1)?.authorization]).toEqual([address, 'Bearer SECRET'])
    }
  }
})

it.each(Object.keys(ways))('T1: %s sends no token to addresses outside, however they are written', async (way) => {
  const { auth, sent } = await signedIn()
  for (const address of [...OUTSIDE, ...INSIDE]) {
    for (const form of formsOf(address)) {
      sent.length = 0
      await attempt(ways[way]?.(auth, form) as Promise<unknown>)
      for (const { url, authorization } of sent) {
        expect([address, url?.href, authorization]).toEqual([address, url?.href, isOurs(url) ? 'Bearer SECRET' : null])
      }
    }
  }
})

it('T2: a hook that turns a request to another server gets no token sent there', async () => {
  const { auth, sent } = await signedIn({
    http: { hooks: { beforeRequest: [({ request }) => new Request('https://evil.test/v1/todos', request)] } },
  })
  await auth.http.get('todos')
  expect(sent.at(-1)?.url?.host).toBe('evil.test')
  expect(sent.at(-1)?.authorization).toBeNull()
})

it('T1: an address that is changed while the token is renewed is looked at again', async () => {
  const time = new VirtualTime()
  const arrived: [string, string | null][] = []
  const auth = new AuthClient({
    baseUrl: BASE,
    environment: { ...createPage(time, seeded(1)).environment, location: () => PAGE },
    fetch: async (input, init) => {
      const { host, pathname } = new URL(input instanceof Request ? input.url : input, PAGE)
      if (pathname === '/v1/refresh') return new Response('{"access_token":"SECRET2"}')
      arrived.push([host, new Headers(init?.headers).get('authorization')])
      return new Response('{}')
    },
  })
  await auth.setTokens({ accessToken: 'SECRET', refreshToken: 'REFRESH', lifetime: 60_000 })
  time.sleep(120_000)
  const address = new URL(`${BASE}/todos`)
  const answer = auth.fetch(address).catch(() => undefined)
  address.host = 'evil.test'
  await answer
  expect(await auth.getAccessToken()).toBe('SECRET2')
  expect(arrived.filter(([host, authorization]) => host === 'evil.test' && authorization)).toEqual([])
  auth.dispose()
})

it('T1: an object that passes for a request goes where its text says, and gets no token there', async () => {
  const { auth, sent } = await signedIn()
  const request = { url: `${BASE}/todos`, method: 'GET', headers: new Headers(), signal: null }
  const disguised = { ...request, toString: () => 'https://evil.test/v1/todos' }
  await attempt(auth.fetch(disguised as unknown as URL))
  expect(sent.filter(({ url, authorization }) => !isOurs(url) && authorization)).toEqual([])
})

/** One of the hostile in a quarter of all cases, so that some addresses get through. */
const mostly = (plain: readonly string[], hostile: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...plain) }, { weight: 1, arbitrary: fc.constantFrom(...hostile) })

const address = fc
  .tuple(
    mostly(
      ['https://', 'HTTPS://', '//', '/\\', '\\\\', 'https:///', '\t//', ' https://', 'ht\ntps://'],
      [
        'http://',
        'https:/',
        'https:',
        'blob:https://',
        'data:',
        'ws://',
        'wss:',
        'ftp://',
        'javascript:',
        '',
        '/',
        './',
      ],
    ),
    mostly([''], ['api.test@', 'user:pass@', 'api.test:443@', 'api.test%40', '@', 'api.test\\@']),
    mostly(
      ['api.test', 'API.test', 'ａpi.test', 'api。test', 'api%2etest', 'ap\ti.test', 'files.test:8443'],
      [
        ...['api.test.', 'api.test.evil.test', 'evil.test', 'аpi.test', 'api%252etest', '[::1]', '127.1', 'localhost'],
        ...['files.test', 'api_test', ''],
      ],
    ),
    mostly(['', '', ':443', ':', ':0443'], [':8443', ':80', ':65536', ':%34']),
    fc.array(
      fc.tuple(
        mostly(['/', '\\', '/\t'], ['//', '/\\']),
        mostly(
          ['v1', 'v1', 'pub', 'x', '.', '..', '%2e%2e', '.\t.'],
          [
            ...['v1x', 'V1', '%76%31', 'v1%2f', 'v1%5c', 'v1;x', 'v1.', 'v1 ', 'public', '%2E.', '.%2e', '..;', '...'],
            ...['%252e%252e', '', '@evil.test', ':443', '%00'],
          ],
        ),
      ),
      { maxLength: 5 },
    ),
    mostly([''], ['?x', '#x', '?https://api.test/v1/', '#@evil.test', '?/../v1', ' ']),
  )
  .map(([scheme, user, host, port, path, end]) => scheme + user + host + port + path.flat().join('') + end)

it('T1: of 100,000 generated addresses none outside gets the token, and all inside do', async () => {
  const { auth, sent } = await signedIn()
  let [inside, outside] = [0, 0]
  await fc.assert(
    fc.asyncProperty(fc.array(address, { minLength: 100, maxLength: 100 }), fc.nat(2), async (addresses, form) => {
      for (const each of addresses) {
        sent.length = 0
        const forms = formsOf(each)
        await attempt(auth.fetch(forms[form % forms.length] as string | URL | Request))
        for (const { url, authorization } of sent) {
          const isInside = isOurs(url)
          if (authorization !== (isInside ? 'Bearer SECRET' : null))
            throw new Error(`${JSON.stringify(each)}: ${authorization}`)
          if (isInside) inside += 1
          else outside += 1
        }
      }
    }),
    { numRuns: 1000 },
  )
  expect(inside).toBeGreaterThan(2000)
  expect(outside).toBeGreaterThan(50_000)
}, 120_000)
