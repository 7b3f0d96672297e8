import fc from 'fast-check'
import { AuthClient, type AuthClientOptions, jsonBackend } from 'latchkey'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createWire, type Wire } from '../support/wire.ts'

const TOKEN = 'the-token'

/** A client with a token and no server: what it hands to `fetch` is all that counts here. */
async function withToken(options: AuthClientOptions, wire: Wire = createWire()) {
  const client = new AuthClient({ fetch: wire.fetch, ...options })
  onTestFinished(() => client.dispose())
  await client.setTokens({ accessToken: TOKEN })
  return { client, sent: wire.sent }
}

const kinds: [string, (url: string) => string | URL | Request][] = [
  ['a string', (url) => url],
  ['a URL', (url) => new URL(url, location.href)],
  ['a Request', (url) => new Request(new URL(url, location.href))],
]

const OWN = [
  'https://api.test',
  'https://api.test/',
  'https://api.test/todos',
  'https://api.test:443/todos',
  'HTTPS://API.TEST/todos',
  ' https://api.test/todos ',
  'https:api.test/todos',
  'https:\\\\api.test\\todos',
  'https:////api.test/todos',
  'ht\ntps://api.test/todos',
  'https://api.test/../../todos',
  'https://api.test/?next=https://evil.test',
  'https://api.test/https://evil.test/',
  'https://api.test//evil.test/',
  'https://api.test/#@evil.test',
  'https://%61pi.test/todos',
  'https://ａｐｉ.test/todos',
]

const FOREIGN = [
  'https://evil.test/',
  'https://evil.test/api.test',
  'https://evil.test/?https://api.test',
  'https://evil.test/#https://api.test',
  'https://api.test.evil.test/',
  'https://api.testevil.test/',
  'https://evil-api.test/',
  'https://x.api.test/',
  'https://test/',
  'https://api.test.:443/',
  'https://api.test./',
  'https://api.test:8443/',
  'https://api.test:80/',
  'https://api-test/',
  'https://api.test%2eevil.test/',
  'https://xn--pi-7cd.test/',
  'https://аpi.test/',
  'https://api。test.evil.test/',
  'https://[::1]/api.test',
  'https://127.0.0.1/api.test',
  'http://api.test/',
  'http://api.test:443/',
  '//evil.test/',
  '//api.test/',
  '//api.test.evil.test/',
  '/\\evil.test/',
  '\\\\evil.test\\',
  '\\/evil.test/',
  '///evil.test/',
  '////evil.test/',
  ' //evil.test',
  '\t//evil.test',
  '/\t/evil.test',
  '/\n/evil.test',
  'ht\ntps://evil.test/',
  'https:///evil.test/',
  'https:/evil.test/',
  'https:evil.test/',
  'https:\\\\evil.test\\',
  '/',
  '/api.test',
  'api.test',
  'api.test/todos',
  './https://api.test/',
  'todos',
  '',
  '?https://api.test',
  'data:text/plain,https://api.test/',
  'blob:https://api.test/0b9a1c6e',
  'blob:https://evil.test/0b9a1c6e',
  'ftp://api.test/',
  'ws://api.test/',
  'wss://api.test/',
  'file:///api.test/',
  'about:blank',
  'javascript:"https://api.test/"',
  'https-api.test://api.test/',
]

const WITH_USERINFO = [
  'https://api.test@evil.test/',
  'https://api.test:443@evil.test/',
  'https://api.test%40@evil.test/',
  'https://api.test\t@evil.test/',
  'https:\\\\api.test@evil.test',
]

describe('H1: the token', () => {
  describe.each(kinds)('of a request given as %s', (_kind, make) => {
    it.each(OWN)('goes to the origin of baseUrl, spelled %j', async (url) => {
      const { client, sent } = await withToken({ baseUrl: 'https://api.test' })

      await client.fetch(make(url))

      expect(sent.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`])
    })

    it.each(FOREIGN)('T1: stays away from %j', async (url) => {
      const { client, sent } = await withToken({ baseUrl: 'https://api.test' })

      await client.fetch(make(url))

      expect(sent.map(({ authorization }) => authorization)).toEqual([null])
    })
  })

  it.each(WITH_USERINFO)('T1: stays away from %j, where the host is only a user name', async (url) => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' })

    await client.fetch(url)
    await client.fetch(new URL(url))

    expect(sent.map(({ authorization }) => authorization)).toEqual([null, null])
  })

  it('T1: is attached to no URL of another origin, whatever it is made of', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'https:',
        'http:',
        '//',
        '/',
        '\\',
        'api.test',
        'evil.test',
        '@',
        ':443',
        '.',
        '..',
        '?',
        '#',
        '%2f',
      ),
      fc.constantFrom(
        '\t',
        '\n',
        ' ',
        '。',
        '/v1',
        'v1',
        'user:pass',
        '[::1]',
        '0x7f.1',
        ':8443',
        'blob:',
        '%40',
        'а',
        '；',
      ),
      fc.string({ maxLength: 3 }),
    )
    const url = fc.oneof(
      fc.webUrl(),
      fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
    )
    const { client, sent } = await withToken({ baseUrl: 'https://api.test/v1' })

    await fc.assert(
      fc.asyncProperty(url, async (given) => {
        sent.length = 0
        if (!URL.canParse(given, location.href)) return
        await client.fetch(given)
        const [one] = sent
        const isOwn = one?.url.origin === 'https://api.test' && `${one.url.pathname}/`.startsWith('/v1/')
        if (one?.authorization && !isOwn) throw new Error(`The token went to ${one.url.href}`)
      }),
      { numRuns: 5000 },
    )
  })

  it.each(['https://cdn.test/v1', 'https://cdn.test/v1/', 'https://cdn.test/v1//', new URL('https://cdn.test/v1')])(
    'goes below a prefix of attachTo by whole path segments: %s',
    async (prefix) => {
      const { client, sent } = await withToken({ baseUrl: 'https://api.test', attachTo: [prefix] })
      const inside = ['/v1', '/v1/', '/v1/x', '/v1?x', '/v1#x', '/v2/../v1/x', '/v1//x']
      const outside = ['/', '/v', '/v10', '/v1x', '/v1.json', '/V1', '/v1/../v2', '/v1/%2e%2e/v2', '/v1%2fx', '/x/v1']

      for (const path of inside) await client.fetch(`https://cdn.test${path}`)
      for (const path of outside) await client.fetch(`https://cdn.test${path}`)

      const withTheToken = sent.filter(({ authorization }) => authorization).map(({ url }) => url.href)
      expect(withTheToken).toEqual(inside.map((path) => new URL(`https://cdn.test${path}`).href))
    },
  )

  it('goes to no path of the page that is spelled like the origin of a native shell', async () => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test', attachTo: ['capacitor://localhost'] })

    await client.fetch('null/todos')

    expect(sent.map(({ authorization }) => authorization)).toEqual([null])
  })

  it('goes to the path of baseUrl only, where it has one', async () => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test/v1' })

    await client.fetch('https://api.test/v1/todos')
    await client.fetch('https://api.test/v2/todos')

    expect(sent.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`, null])
  })

  it('goes to a relative baseUrl, resolved against the page', async () => {
    const { client, sent } = await withToken({ baseUrl: '/api' })

    await client.fetch('/api/todos')
    await client.fetch('http://localhost:3000/api/todos')
    await client.fetch('/apis')

    expect(sent.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`, null])
  })

  it('rejects with invalid_option where baseUrl is relative and there is no page', async () => {
    const environment = { location: () => undefined }
    const { client, sent } = await withToken({ baseUrl: '/api', environment })

    await expect(client.fetch('https://api.test/x')).rejects.toMatchObject({ code: 'invalid_option' })
    await expect(client.login({})).rejects.toMatchObject({ code: 'invalid_option' })

    expect(sent).toEqual([])
  })

  it('is not for what is no URL: fetch itself refuses that', async () => {
    const { client } = await withToken({ baseUrl: 'https://api.test', fetch: (...given) => globalThis.fetch(...given) })

    await expect(client.fetch('https://')).rejects.toBeInstanceOf(TypeError)
  })

  it('stays away from the backend’s own origin, unless baseUrl or attachTo name it', async () => {
    const backend = jsonBackend({ baseUrl: 'https://login.test' })
    const { client, sent } = await withToken({ baseUrl: 'https://api.test', backend })
    const named = await withToken({ backend, attachTo: ['https://login.test'] })

    await client.fetch('https://login.test/profile')
    await named.client.fetch('https://login.test/profile')

    expect(sent[0]?.authorization).toBe(null)
    expect(named.sent[0]?.authorization).toBe(`Bearer ${TOKEN}`)
  })

  it('is not put on a request that brings its own Authorization', async () => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' })
    const headers = { authorization: 'Basic eA==' }

    await client.fetch('https://api.test/x', { headers })
    await client.fetch(new Request('https://api.test/x', { headers }))
    await client.fetch('https://api.test/x', { headers: [['AUTHORIZATION', 'Basic eA==']] })
    await client.http.get('x', { headers })

    expect(sent.map(({ authorization }) => authorization)).toEqual(Array(4).fill('Basic eA=='))
  })

  it('explains once for each origin why a request carried none', async () => {
    const { client } = await withToken({ baseUrl: 'https://api.test' })

    for (let count = 0; count < 3; count += 1) {
      await client.fetch('https://evil.test/x')
      await client.fetch('https://api.test/x', { headers: { Authorization: 'Basic eA==' } })
    }

    const notes = client.explain().filter(({ what }) => what === 'no token')
    expect(notes.map(({ why }) => why)).toEqual([
      expect.stringMatching(/https:\/\/evil\.test.*attachTo/),
      expect.stringMatching(/https:\/\/api\.test.*Authorization/),
    ])
  })
})

describe('H1: what leaves', () => {
  it('is a Request only if one came in, with the header handed over in init', async () => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' })

    await client.fetch('https://api.test/x')
    await client.fetch(new URL('https://api.test/x'))
    await client.fetch(new Request('https://api.test/x'))

    expect(sent.map(({ input }) => input instanceof Request)).toEqual([false, false, true])
    expect(sent.map(({ url }) => url.href)).toEqual(Array(3).fill('https://api.test/x'))
    expect(new Headers((sent[2]?.input as Request | undefined)?.headers).has('authorization')).toBe(false)
    expect(sent[2]?.authorization).toBe(`Bearer ${TOKEN}`)
  })

  it('T1: carries no token to a foreign origin that its URL object is pointed at while it waits', async () => {
    const wire = createWire(() => new Response(null, { status: 401 }))
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' }, wire)
    const url = new URL('https://api.test/x')

    const request = client.fetch(url)
    url.host = 'evil.test'
    await request

    const foreign = sent.filter(({ url: { host } }) => host !== 'api.test')
    expect(foreign.filter(({ authorization }) => authorization)).toEqual([])
    expect(sent).toHaveLength(1)
  })

  it('T1: goes where a relative URL led when it was given, though the page moves on while it waits', async () => {
    let here = 'https://api.test/lists/'
    const wire = createWire((_sent, index) => new Response(null, { status: index === 0 ? 401 : 200 }))
    const baseUrl = 'https://api.test'
    const refresh = async () => ({ accessToken: 'newer' })
    const backend = { ...jsonBackend({ baseUrl }), refresh }
    const { client, sent } = await withToken({ baseUrl, backend, environment: { location: () => here } }, wire)
    await client.setTokens({ accessToken: TOKEN, refreshToken: 'r' })

    const request = client.fetch('todos?done')
    here = 'https://evil.test/'
    await request

    expect(sent.map(({ input }) => input)).toEqual(Array(2).fill('https://api.test/lists/todos?done'))
  })

  it('goes there, too, where it waits for the storage, and nobody turns out to be signed in', async () => {
    let here = 'https://api.test/lists/'
    const { fetch, sent } = createWire()
    const client = new AuthClient({ baseUrl: 'https://api.test', fetch, environment: { location: () => here } })
    onTestFinished(() => client.dispose())

    const request = client.fetch('todos')
    here = 'https://evil.test/'
    await request

    expect(sent.map(({ input }) => input)).toEqual(['https://api.test/lists/todos'])
  })

  it('leaves the headers that were given untouched', async () => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' })
    const headers = new Headers({ 'X-Trace': '1' })

    await client.fetch('https://api.test/x', { headers })

    expect([...headers]).toEqual([['x-trace', '1']])
    expect(sent[0]?.headers.get('x-trace')).toBe('1')
    expect(sent[0]?.headers.get('authorization')).toBe(`Bearer ${TOKEN}`)
  })

  it('keeps the other members of init', async () => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' })

    await client.fetch('https://api.test/x', { method: 'PUT', cache: 'reload', redirect: 'manual', body: 'x' })

    expect(sent[0]?.init).toMatchObject({ method: 'PUT', cache: 'reload', redirect: 'manual', body: 'x' })
  })

  it('passes a foreign request through, input and init alike', async () => {
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' })
    const init = { method: 'POST', body: 'x' }

    await client.fetch('https://evil.test/x', init)

    expect(sent[0]?.input).toBe('https://evil.test/x')
    expect(sent[0]?.init).toBe(init)
  })

  it('causes no refresh when a foreign origin answers 401', async () => {
    const wire = createWire(() => new Response(null, { status: 401 }))
    const { client, sent } = await withToken({ baseUrl: 'https://api.test' }, wire)
    await client.setTokens({ accessToken: TOKEN, refreshToken: 'refresh' })

    const response = await client.fetch('https://evil.test/x')

    expect(response.status).toBe(401)
    expect(sent).toHaveLength(1)
  })
})

describe('H2, T6: plain http', () => {
  it.each(['http://api.test', 'http://192.168.0.7:8080', 'http://localhost.evil.test', 'http://127.0.0.1.evil.test'])(
    'gets no token at %s: the request rejects with insecure_url and nothing leaves',
    async (baseUrl) => {
      const { client, sent } = await withToken({ baseUrl })

      await expect(client.fetch(`${baseUrl}/x`)).rejects.toMatchObject({ code: 'insecure_url' })
      await expect(client.http.get('x')).rejects.toMatchObject({ code: 'insecure_url' })

      expect(sent).toEqual([])
    },
  )

  it.each([
    'http://localhost:3000',
    'http://app.localhost',
    'http://127.0.0.1:8080',
    'http://127.9.9.9',
    'http://[::1]:5173',
  ])('gets the token at %s, which is this machine', async (baseUrl) => {
    const { client, sent } = await withToken({ baseUrl })

    await client.fetch(`${baseUrl}/x`)

    expect(sent[0]?.authorization).toBe(`Bearer ${TOKEN}`)
  })

  it('gets the token where allowInsecure names the host, with or without its port', async () => {
    const allowInsecure = ['192.168.0.7', 'box.lan:8080']
    const attachTo = ['http://192.168.0.7:8080', 'http://box.lan:8080', 'http://box.lan:9090']
    const { client, sent } = await withToken({ baseUrl: 'https://api.test', attachTo, allowInsecure })

    await client.fetch('http://192.168.0.7:8080/x')
    await client.fetch('http://box.lan:8080/x')
    await expect(client.fetch('http://box.lan:9090/x')).rejects.toMatchObject({ code: 'insecure_url' })

    expect(sent.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`])
  })

  it('gets no password: a login rejects with insecure_url and nothing leaves', async () => {
    const wire = createWire()
    const client = new AuthClient({ baseUrl: 'http://api.test', fetch: wire.fetch })
    onTestFinished(() => client.dispose())

    await expect(client.login({ password: 'secret' })).rejects.toMatchObject({ code: 'insecure_url' })

    expect(wire.sent).toEqual([])
  })

  it('gets no refresh token', async () => {
    const { client, sent } = await withToken({ baseUrl: 'http://api.test' })
    await client.setTokens({ accessToken: TOKEN, refreshToken: 'refresh' })

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'insecure_url' })

    expect(sent).toEqual([])
  })

  it('is no reason for the constructor to throw', () => {
    expect(() => new AuthClient({ baseUrl: 'http://api.test' }).dispose()).not.toThrow()
  })

  it('serves people who are signed out: their requests carry nothing to protect', async () => {
    const wire = createWire()
    const client = new AuthClient({ baseUrl: 'http://api.test', fetch: wire.fetch })
    onTestFinished(() => client.dispose())

    await client.fetch('http://api.test/x')

    expect(wire.sent.map(({ authorization }) => authorization)).toEqual([null])
  })
})
