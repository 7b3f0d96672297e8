import { AuthClient, isAuthError } from 'latchkey'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AnyClient } from '../../src/devtools/any-client.ts'
import { type Recorder, record } from '../../src/devtools/recording/recorder.ts'
import { inspect } from '../../src/inspection.ts'
import { FORM, setUp, signedIn } from '../support/client.ts'
import { pass, START, settle, stopTime } from '../support/clock.ts'

function recorded(client: AnyClient): Recorder {
  const recorder = record(client)
  onTestFinished(() => recorder.stop())
  return recorder
}

const kinds = ({ own }: Recorder): string[] => own.moments.map(({ kind, label }) => (label ? `${kind} ${label}` : kind))

describe('the recorder', () => {
  it('notes a sign-in: the request, the moment, and the token with its renewal', async () => {
    stopTime()
    const { client } = setUp({ environment: { random: () => 0.5 } })
    const recorder = recorded(client)

    await client.login(FORM)

    expect(recorder.own).toMatchObject({ role: 'tab', number: 1, openedAt: START })
    expect(recorder.own.requests).toMatchObject([
      {
        number: 1,
        kind: 'login',
        method: 'POST',
        path: '/login',
        generation: undefined,
        startedAt: START,
        answer: 200,
      },
    ])
    expect(kinds(recorder)).toEqual(['signed-in'])
    expect(recorder.own.generations).toEqual([
      {
        session: expect.stringMatching(/^\w{6}$/),
        number: 1,
        by: 'this-tab',
        from: START,
        expiresAt: START + 300_000,
        renewAt: START + 180_000,
        renewal: { from: START + 90_000, to: START + 270_000 },
      },
    ])
  })

  it('notes what came of a 401: the refresh, the replay, and which request it repeats', async () => {
    const { client, server } = await signedIn()
    const recorder = recorded(client)
    server.failNext('api', new Response(null, { status: 401 }))

    await client.http.get('todos?page=2')

    expect(
      recorder.own.requests.map(({ number, kind, path, generation, answer, replayOf }) => {
        return { number, kind, path, generation, answer, replayOf }
      }),
    ).toEqual([
      { number: 1, kind: 'api', path: '/todos', generation: 1, answer: 401, replayOf: undefined },
      { number: 2, kind: 'refresh', path: '/refresh', generation: undefined, answer: 200, replayOf: undefined },
      { number: 3, kind: 'api', path: '/todos', generation: 2, answer: 200, replayOf: 1 },
    ])
    expect(kinds(recorder)).toEqual(['restored', 'renewed'])
  })

  it('ends a generation where the next one begins', async () => {
    stopTime()
    const { client } = await signedIn({ environment: { random: () => 0.5 } })
    const recorder = recorded(client)

    await pass(180_000)

    const [first, second] = recorder.own.generations
    expect(first).toMatchObject({ number: 1, by: 'restored', from: START, until: START + 180_000 })
    expect(second).toMatchObject({ number: 2, by: 'this-tab', from: START + 180_000 })
    expect(second?.renewal).toEqual({ from: START + 180_000 + 240_000, to: START + 180_000 + 270_000 })
    expect(second).not.toHaveProperty('until')
  })

  it('notes a renewal that failed, and when it is tried again', async () => {
    stopTime()
    const { client, server, heard } = await signedIn({ environment: { random: () => 0.5 } })
    const recorder = recorded(client)
    server.failNext('refresh', new Response(null, { status: 503 }))

    await pass(180_000)

    expect(recorder.own.moments.at(-1)).toMatchObject({
      kind: 'failed',
      label: '503',
      at: START + 180_000,
      retryAt: heard('refreshFailed')[0]?.retryAt,
    })
    expect(recorder.own.requests.at(-1)).toMatchObject({ kind: 'refresh', answer: 503 })
  })

  it('notes a request without an answer', async () => {
    const { client, server } = await signedIn()
    const recorder = recorded(client)
    server.failNext('api', 'network-error')

    await client.fetch(`${server.baseUrl}/todos`).catch(() => undefined)

    expect(recorder.own.requests).toMatchObject([{ path: '/todos', answer: 'failed' }])
  })

  it.each([
    ['logout', async (client: AnyClient) => client.logout()],
    [
      'revoked',
      async (client: AnyClient, server: { end: () => void }) => {
        server.end()
        await client.getAccessToken({ forceRefresh: true }).catch(isAuthError)
      },
    ],
  ])('notes a sign-out with its reason: %s', async (reason, end) => {
    const { client, server } = await signedIn()
    const recorder = recorded(client)

    await end(client, { end: () => server.endSessions() })
    await settle()

    expect(kinds(recorder)).toEqual(['restored', `signed-out ${reason}`])
    expect(recorder.own.generations.at(-1)?.until).toBeTypeOf('number')
  })

  it('finds a session that is restored after it has begun', async () => {
    const { client: before, server } = await signedIn()
    const tokens = { accessToken: await before.getAccessToken(), refreshToken: 'r' }
    const client = new AuthClient({ baseUrl: server.baseUrl, initial: tokens })
    onTestFinished(() => client.dispose())
    const recorder = recorded(client)

    await client.start()
    await settle()

    expect(kinds(recorder)).toEqual(['restored'])
    expect(recorder.own.generations).toMatchObject([{ number: 1, by: 'restored' }])
  })

  it.each([
    ['a query string', '/todos?token=SECRET', '/todos'],
    ['a part that may be a secret', `/invitations/${'a1'.repeat(10)}/accept`, '/invitations/…/accept'],
    ['a very long part', `/share/${'abcdefgh'.repeat(5)}`, '/share/…'],
    ['a fragment', '/todos#SECRET', '/todos'],
  ])('keeps %s out of paths', async (_, path, shown) => {
    const { client, server } = await signedIn()
    const recorder = recorded(client)

    await client.fetch(server.baseUrl + path).catch(() => undefined)

    expect(recorder.own.requests.at(-1)?.path).toBe(shown)
  })

  it('tells the host of a request to another server', async () => {
    const { client } = setUp({ fetch: async () => new Response() })
    const recorder = recorded(client)

    await client.fetch('https://files.test/list')

    expect(recorder.own.requests.at(-1)?.path).toBe('files.test/list')
  })

  it('never notes a token', async () => {
    const { client, server } = setUp()
    const recorder = recorded(client)
    await client.login(FORM)
    const first = await client.getAccessToken()
    server.failNext('api', new Response(null, { status: 401 }))
    await client.http.get(`todos?access_token=${first}`)
    await client.fetch(`${server.baseUrl}/share/${first}`).catch(() => undefined)
    await client.logout()

    const text = JSON.stringify(recorder.own)

    expect(server.issued.length).toBeGreaterThan(3)
    for (const token of server.issued) {
      expect(text).not.toContain(token)
      expect(text).not.toContain(token.split('.').at(-1))
    }
    expect(text).not.toContain('secret')
  })

  it('keeps the last 300 requests', async () => {
    const { client, server } = await signedIn({ fetch: undefined })
    const recorder = recorded(client)
    const { wire } = inspect(client)?.settings ?? {}
    for (let made = 0; made < 320; made += 1) await wire?.fetch?.(`data:,${made}`)

    expect(recorder.own.requests).toHaveLength(300)
    expect(recorder.own.requests.at(-1)?.number).toBe(320)
    expect(server.requests).toHaveLength(0)
  })

  it('is one for all who record a client, and ends with the last of them', async () => {
    const { client } = await signedIn()
    const wire = inspect(client)?.settings.wire
    const before = wire?.fetch
    const [one, other] = [record(client), record(client)]
    const heard: number[] = []
    one.subscribe(() => heard.push(one.own.requests.length))

    await client.http.get('todos')
    one.stop()
    one.stop()
    await client.http.get('todos')

    expect(one.own).toBe(other.own)
    expect(other.own.requests).toHaveLength(2)
    other.stop()
    expect(wire?.fetch).toBe(before)
    const told = heard.length
    await client.logout()
    expect(heard).toHaveLength(told)
  })

  it('hands on to the fetch that the app has given', async () => {
    const seen: string[] = []
    const { client } = await signedIn({
      fetch: (input, init) => {
        seen.push(String(input))
        return fetch(input, init)
      },
    })
    const recorder = recorded(client)
    seen.length = 0

    await client.http.get('todos')
    recorder.stop()
    await client.http.get('todos')

    expect(seen).toHaveLength(2)
    expect(recorder.own.requests).toHaveLength(1)
  })

  it('puts notes of the app on the timeline', async () => {
    const { client } = await signedIn()
    const recorder = recorded(client)

    recorder.note('checkout began')

    expect(recorder.own.moments.at(-1)).toMatchObject({ kind: 'note', label: 'checkout began', generation: 1 })
  })

  it('notes that the storage is denied, and that a session ends that nothing can renew', async () => {
    stopTime()
    const denied = {
      getItem: () => null,
      setItem: () => {
        throw new Error('denied')
      },
      removeItem: () => undefined,
    }
    const { client } = setUp({ storage: denied, environment: { random: () => 0.5 } })
    const recorder = recorded(client)

    await client.setTokens({ accessToken: 'opaque', lifetime: 10_000 })
    await pass(10_000)

    expect(kinds(recorder)).toEqual(expect.arrayContaining(['degraded', 'expiring', 'signed-out expired']))
    expect(recorder.own.generations).toMatchObject([{ expiresAt: START + 10_000, renewal: undefined }])
  })

  it('lets a request go whose address nobody can read', async () => {
    const { client } = await signedIn()
    const recorder = recorded(client)
    const wire = inspect(client)?.settings.wire

    await expect(wire?.fetch?.('http://[')).rejects.toThrow()

    expect(recorder.own.requests.at(-1)).toMatchObject({ path: '?', answer: 'failed' })
  })

  it('lets a request go that it cannot make notes of', async () => {
    const { client } = await signedIn()
    const recorder = recorded(client)
    const wire = inspect(client)?.settings.wire
    const odd = { method: 7 } as unknown as RequestInit

    expect((await wire?.fetch?.('data:,x', odd))?.status).toBe(200)

    expect(recorder.own.requests).toEqual([])
  })

  it.each([
    ['/auth/sign-in', 'login'],
    ['/session/sign-out', 'logout'],
    ['/oauth/revoke', 'logout'],
    ['/token/renew', 'refresh'],
    ['/oauth/token', 'refresh'],
    ['/oauth/token', 'refresh', 'Basic YXBwOnNlY3JldA=='],
    ['/me', 'user', 'Bearer x'],
  ])('takes a token call to %s for a %s', async (path, kind, authorization = '') => {
    const { client } = await signedIn()
    const recorder = recorded(client)
    const wire = inspect(client)?.settings.wire
    const options = {
      redirect: 'error',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      headers: { authorization },
    } as const

    await wire?.fetch?.(`https://api.test${path}`, options).catch(() => undefined)

    expect(recorder.own.requests.at(-1)).toMatchObject({ kind, path })
  })

  it('refuses what is no client', () => {
    expect(() => record({} as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })
})
