import { describe, expect, it } from 'vitest'
import type { SeenRequest } from '../support/auth-server.ts'
import { type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, stopTime } from '../support/clock.ts'

const API = 'https://api.test/todos'
const BYTES = Uint8Array.from({ length: 256 }, (_, index) => index)

function form(): FormData {
  const fields = new FormData()
  fields.set('name', 'Ada')
  fields.set('file', new File([BYTES], 'bytes.bin', { type: 'application/octet-stream' }))
  return fields
}

function streamOf(...chunks: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
}

/** A multipart body without its boundary, which is another one each time it is written. */
async function contentOf({ request, headers }: SeenRequest): Promise<string> {
  const text = Buffer.from(await request.clone().arrayBuffer()).toString('latin1')
  const boundary = /boundary=(.+)$/.exec(headers.get('content-type') ?? '')?.[1]
  return boundary ? text.replaceAll(boundary, 'boundary') : text
}

function typeOf({ headers }: SeenRequest): string | undefined {
  return headers.get('content-type')?.replace(/boundary=.*/, 'boundary')
}

describe('H6: after a 401', () => {
  const bodies: [string, () => BodyInit, expected: RegExp | string][] = [
    ['a string', () => 'text with ünïcode', 'text with ünïcode'],
    ['a string of JSON', () => JSON.stringify({ a: [1, 'ü'] }), '{"a":[1,"ü"]}'],
    ['URLSearchParams', () => new URLSearchParams({ a: '1', b: 'x y' }), 'a=1&b=x+y'],
    ['FormData', form, /name="name"\r\n\r\nAda\r\n.*filename="bytes\.bin"/s],
    ['a Blob', () => new Blob(['blob ', BYTES], { type: 'image/x-test' }), /^blob /],
    ['an ArrayBuffer', () => BYTES.buffer, Buffer.from(BYTES).toString('utf8')],
    ['a typed array', () => BYTES.subarray(10, 200), Buffer.from(BYTES.subarray(10, 200)).toString('utf8')],
    ['a DataView', () => new DataView(BYTES.buffer, 65, 3), 'ABC'],
    ['an empty string', () => '', ''],
  ]

  it.each(bodies)('%s in init is sent again byte for byte', async (_kind, make, expected) => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const response = await client.fetch(API, { method: 'POST', body: make() })

    const [first, second] = server.to('api') as [SeenRequest, SeenRequest]
    expect(response.status).toBe(200)
    expect(first.text).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
    expect(await contentOf(second)).toBe(await contentOf(first))
    expect(typeOf(second)).toBe(typeOf(first))
  })

  it.each(bodies)('%s in a Request is sent again byte for byte', async (_kind, make, expected) => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const response = await client.fetch(new Request(API, { method: 'PUT', body: make() }))

    const [first, second] = server.to('api') as [SeenRequest, SeenRequest]
    expect(response.status).toBe(200)
    expect(first.text).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
    expect(await contentOf(second)).toBe(await contentOf(first))
    expect([second.method, typeOf(second)]).toEqual(['PUT', typeOf(first)])
  })

  it.each(bodies)('%s given to ky is sent again byte for byte', async (_kind, make) => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const response = await client.http.post('todos', { body: make(), retry: 0 })

    const [first, second] = server.to('api') as [SeenRequest, SeenRequest]
    expect(response.status).toBe(200)
    expect(await contentOf(second)).toBe(await contentOf(first))
  })

  it('a large body of a Request is sent again whole', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    const body = new Uint8Array(3_000_000).fill(7)

    await client.fetch(new Request(API, { method: 'POST', body }))

    const received = await Promise.all(server.to('api').map(({ request }) => request.arrayBuffer()))
    expect(received.map(({ byteLength }) => byteLength)).toEqual([3_000_000, 3_000_000])
  })

  it('JSON given to ky is sent again', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    await client.http.patch('todos', { json: { a: [1, 'ü'] } })

    expect(server.to('api').map(({ text }) => text)).toEqual(['{"a":[1,"ü"]}', '{"a":[1,"ü"]}'])
  })

  it('a Request without a body is sent again', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    const response = await client.fetch(new Request(API, { method: 'DELETE' }))

    expect(response.status).toBe(200)
    expect(server.to('api').map(({ method }) => method)).toEqual(['DELETE', 'DELETE'])
  })

  it('the headers of a Request are sent again, beside the type that its body implies', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()

    await client.fetch(new Request(API, { method: 'PUT', body: 'x', headers: { 'X-Trace': '1' } }))

    expect(server.to('api').map(({ headers }) => headers.get('x-trace'))).toEqual(['1', '1'])
    expect(server.to('api').map(typeOf)).toEqual(Array(2).fill('text/plain;charset=UTF-8'))
  })

  it('init overrules what a Request says, both times', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    const request = new Request(API, { method: 'POST', body: 'of the Request', headers: { 'X-Trace': '1' } })

    await client.fetch(request, { method: 'PUT', body: 'of init', headers: { 'X-Trace': '2' } })

    const seen = server.to('api').map(({ method, text, headers }) => [method, text, headers.get('x-trace')])
    expect(seen).toEqual(Array(2).fill(['PUT', 'of init', '2']))
  })

  it('a Request as init is sent as it is, both times', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    const request = new Request('https://other.test/', { method: 'PUT', body: 'x', headers: { 'X-Trace': '1' } })

    const response = await client.fetch(API, request)

    const seen = server.to('api').map(({ method, text, headers }) => [method, text, headers.get('x-trace')])
    expect(response.status).toBe(200)
    expect(seen).toEqual(Array(2).fill(['PUT', 'x', '1']))
  })

  it('`signal: null` in init lets go of the signal of a Request', async () => {
    const { client, server } = await signedIn()
    const request = new Request(API, { signal: AbortSignal.abort() })

    expect((await client.fetch(request, { signal: null })).status).toBe(200)
    expect(server.to('api')).toHaveLength(1)
  })

  it('F36: a stream is not sent again: the caller gets the 401', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    const init = { method: 'POST', body: streamOf('one', 'two'), duplex: 'half' } as RequestInit

    const response = await client.fetch(API, init)

    expect(response.status).toBe(401)
    expect(server.requests.map(({ endpoint, text }) => [endpoint, text])).toEqual([['api', 'onetwo']])
  })

  it('F36: a stream inside a Request is sent again, as ky and openapi-fetch hand it over', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    const init = { method: 'POST', body: streamOf('one', 'two'), duplex: 'half' } as RequestInit

    const response = await client.fetch(new Request(API, init))

    expect(response.status).toBe(200)
    expect(server.to('api').map(({ text }) => text)).toEqual(['onetwo', 'onetwo'])
  })
})

describe('H6: a stream', () => {
  const stream = (): RequestInit => ({ method: 'POST', body: streamOf('x'), duplex: 'half' }) as RequestInit
  const options: SetupOptions = { refresh: { when: 'on-demand' } }

  it.each([
    ['60 s', 300_000, 240_000],
    ['half the lifetime of a short-lived token', 20_000, 10_000],
  ])('leaves as it is while the token has %s left', async (_need, lifetime, age) => {
    stopTime()
    const { client, server } = await signedIn({ ...options, server: { lifetime } })
    await pass(age)

    const response = await client.fetch(API, stream())

    expect(response.status).toBe(200)
    expect(server.refreshes).toBe(0)
  })

  it.each([
    ['60 s', 300_000, 240_001],
    ['half the lifetime of a short-lived token', 20_000, 10_001],
  ])('leaves with a renewed token where the old one had less than %s left', async (_need, lifetime, age) => {
    stopTime()
    const { client, server } = await signedIn({ ...options, server: { lifetime } })
    await pass(age)

    const response = await client.fetch(API, stream())

    expect(response.status).toBe(200)
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['refresh', 'api'])
  })

  it('leaves with the token it has, where that lives and cannot be renewed', async () => {
    stopTime()
    const { client, server } = await signedIn(options)
    await pass(290_000)
    server.failNext('refresh', 'network-error')

    const response = await client.fetch(API, stream())

    expect(response.status).toBe(200)
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['refresh', 'api'])
  })

  it('leaves as it is with a token whose end nobody knows', async () => {
    const { client, server } = setUp({ ...options })
    await client.setTokens({ accessToken: 'opaque', refreshToken: 'refresh' })

    await client.fetch(API, stream())

    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['api'])
  })

  it('may also be an async iterable, as Node’s fetch takes it', async () => {
    const { client, server } = await signedIn()
    server.expireAccessTokens()
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('x')
    }

    const response = await client.fetch(API, {
      method: 'POST',
      body: chunks(),
      duplex: 'half',
    } as unknown as RequestInit)

    expect(response.status).toBe(401)
    expect(server.to('api')).toHaveLength(1)
  })
})
