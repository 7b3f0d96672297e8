import { AuthClient } from 'latchkey'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AnyClient } from '../../src/devtools/any-client.ts'
import { type Recorder, record } from '../../src/devtools/recording/recorder.ts'
import { findChains } from '../../src/devtools/timeline/chains.ts'
import { inspect } from '../../src/inspection.ts'
import { FORM, setUp, signedIn } from '../support/client.ts'
import { settle } from '../support/clock.ts'

const NAME = 'latchkey.devtools'

function recorded(client: AnyClient): Recorder {
  const recorder = record(client)
  onTestFinished(() => {
    recorder.stop()
    window.sessionStorage.clear()
  })
  return recorder
}

const kinds = ({ own }: Recorder): string[] => own.moments.map(({ kind, label }) => (label ? `${kind} ${label}` : kind))
const refusal = (): Response => new Response(null, { status: 401 })
const replays = ({ own }: Recorder): (number | undefined)[] => own.requests.map(({ replayOf }) => replayOf)

/** A client of a server that answers everything, and what it was asked. */
function withAnyServer(): { client: AuthClient; asked: Request[] } {
  const asked: Request[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push(new Request(input, init))
    return Response.json({})
  }
  const client = new AuthClient({ baseUrl: 'https://api.test', fetch })
  onTestFinished(() => client.dispose())
  return { client, asked }
}

describe('a record that waited in the storage', () => {
  const whole = { version: 1, id: 'a', role: 'tab', number: 3, openedAt: 1, generations: [], requests: [], moments: [] }

  it.each([
    ['no object', 7],
    ['of which only the requests are left', { version: 1, requests: [] }],
    ['with a request that is none', { ...whole, requests: [null] }],
    ['without moments', { ...whole, moments: undefined }],
    ['with a moment that cannot be told', { ...whole, moments: [{ at: 1, kind: 'note' }] }],
    ['of another version', { ...whole, version: 2 }],
  ])('is left alone where it is %s', async (_, found) => {
    const { client } = await signedIn()
    const wire = inspect(client)?.settings.wire
    const before = wire?.fetch
    window.sessionStorage.setItem(NAME, JSON.stringify(found))

    const recorder = recorded(client)
    await client.http.get('todos')

    expect(kinds(recorder)).toEqual(['restored'])
    expect(recorder.own).toMatchObject({ number: 1, requests: [{ answer: 200 }] })
    recorder.stop()
    expect(wire?.fetch).toBe(before)
  })

  it('goes on where it is whole', async () => {
    const { client } = await signedIn()
    window.sessionStorage.setItem(NAME, JSON.stringify(whole))

    expect(recorded(client).own).toMatchObject({ id: 'a', number: 3 })
  })
})

describe('the story of a 401', () => {
  it('has no replay where nobody was signed in yet', async () => {
    const { client, server } = setUp()
    const recorder = recorded(client)
    server.failNext('api', refusal())
    await client.fetch(`${server.baseUrl}/todos`).catch(() => undefined)

    await client.login(FORM)
    await client.fetch(`${server.baseUrl}/todos`)

    expect(replays(recorder)).toEqual([undefined, undefined, undefined])
  })

  it('has a replay for each of the requests that were refused together', async () => {
    const { client, server } = await signedIn()
    const recorder = recorded(client)
    server.failNext('api', refusal, 5)

    await Promise.all(Array.from({ length: 5 }, () => client.fetch(`${server.baseUrl}/todos`)))

    expect(replays(recorder).filter(Boolean).sort()).toEqual([1, 2, 3, 4, 5])
    expect(findChains(recorder.own.requests)).toHaveLength(5)
  })
})

describe('the recorders of one client', () => {
  it('leave each other alone where one is stopped twice', async () => {
    const { client } = await signedIn()
    const one = record(client)
    one.stop()
    const two = recorded(client)
    one.stop()

    expect(recorded(client).own).toBe(two.own)
  })

  it('write one record, by whatever proxy it is given to them', async () => {
    const { client } = await signedIn()

    expect(recorded(new Proxy(client, {})).own).toBe(recorded(client).own)
  })

  it('go on where a listener throws, and report it', async () => {
    const { client, reported } = setUp()
    const recorder = recorded(client)
    const error = new Error('mine')
    let told = 0
    recorder.subscribe(() => {
      throw error
    })
    recorder.subscribe(() => {
      told += 1
    })

    await client.login(FORM)

    expect(kinds(recorder)).toEqual(['signed-in'])
    expect(told).toBeGreaterThan(2)
    expect(new Set(reported)).toEqual(new Set([error]))
  })

  it('tell of new tokens and of the sign-in at once', async () => {
    const { client } = setUp()
    const recorder = recorded(client)
    const seen = new Set<string>()
    recorder.subscribe(() => seen.add(`${recorder.own.generations.length} ${recorder.own.moments.length}`))

    await client.login(FORM)

    expect(seen).toEqual(new Set(['0 0', '1 1']))
  })
})

describe('what the recorder sees of a request', () => {
  it('leaves headers to the request that can be read only once', async () => {
    const { client, asked } = withAnyServer()
    const headers = new Map([['x-a', '1']]).entries() as unknown as HeadersInit
    recorded(client)

    await client.fetch('https://other.test/x', { headers })

    expect(asked[0]?.headers.get('x-a')).toBe('1')
  })

  it.each([
    ['reset/x7Kq9ZtB2mLw', '/reset/…'],
    ['otp/493021', '/otp/…'],
    ['invite/QWERTYUIOPASDFGHJKLZ', '/invite/…'],
    ['users/joe%40a.com/x', '/users/…/x'],
    ['users/joe@a.com/x', '/users/…/x'],
    ['a;jsessionid=A1B2', '/…'],
    ['v2/todos/42/notification-preferences', '/v2/todos/42/notification-preferences'],
    ['data:,hunter2', 'data:'],
  ])('shows nothing that may be a secret of %s', async (address, shown) => {
    const { client } = withAnyServer()
    const recorder = recorded(client)
    const wire = inspect(client)?.settings.wire

    await wire?.fetch?.(address.startsWith('data:') ? address : `https://api.test/${address}`)

    expect(recorder.own.requests[0]?.path).toBe(shown)
  })

  it.each([
    ['a header of the app', async () => 'Bearer mine', undefined],
    [
      'the token of before the renewal',
      async (client: AnyClient) => `Bearer ${await client.getAccessToken()}`,
      undefined,
    ],
    ['the token of now', async (client: AnyClient) => `Bearer ${await client.getAccessToken()}`, 1],
  ])('counts a request to the token that it carried: %s', async (_, headerOf, generation) => {
    const { client, server } = await signedIn()
    const recorder = recorded(client)
    const authorization = await headerOf(client)
    if (generation === undefined) await client.getAccessToken({ forceRefresh: true })

    await inspect(client)?.settings.wire.fetch?.(`${server.baseUrl}/todos`, { headers: { authorization } })

    expect(recorder.own.requests.at(-1)).toMatchObject({ path: '/todos', generation })
  })
})

describe('the length of a record', () => {
  it('is 120 moments and 60 tokens', async () => {
    const { client } = await signedIn()
    const recorder = recorded(client)
    for (let made = 0; made < 130; made += 1) recorder.note(`note ${made}`)
    for (let made = 0; made < 65; made += 1) await client.setTokens({ accessToken: `opaque-${made}` })
    await settle()

    expect(recorder.own.moments).toHaveLength(120)
    expect(recorder.own.generations).toHaveLength(60)
  })

  it('has notes as text, whatever an app hands over', async () => {
    const { client } = await signedIn()
    const recorder = recorded(client)

    recorder.note(undefined as unknown as string)

    expect(recorder.own.moments.at(-1)?.label).toBe('undefined')
  })
})
