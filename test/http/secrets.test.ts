import { inspect } from 'node:util'
import { type AuthClient, memoryStorage } from 'latchkey'
import { describe, expect, it, vi } from 'vitest'
import type { AuthServer, Fault } from '../support/auth-server.ts'
import { FORM, type LoginForm, type Setup, setUp, signedIn } from '../support/client.ts'
import { pass, stopTime } from '../support/clock.ts'

const API = 'https://api.test/todos'

/** Everything that could be written down of `value`: also what is hidden, and what its errors were caused by. */
function allOf(value: unknown): string {
  const texts = [inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }), String(value)]
  for (const write of [() => JSON.stringify(value), () => inspect(structuredClone(value), { depth: null })]) {
    try {
      texts.push(write() ?? '')
    } catch {
      // Circular, or not to be cloned: `inspect` has seen it.
    }
  }
  if (value instanceof Error) texts.push(value.message, value.stack ?? '', value.cause ? allOf(value.cause) : '')
  return texts.join('\n')
}

function expectNoToken({ issued }: AuthServer, values: readonly unknown[]): void {
  const text = values.map(allOf).join('\n')
  expect(issued.length).toBeGreaterThan(0)
  expect(issued.filter((token) => text.includes(token))).toEqual([])
}

const leaky = (server: AuthServer): Fault[] => [
  'network-error',
  'lost-answer',
  new Response('<html>', { status: 200 }),
  new Response(null, { status: 200 }),
  new Response('{"access_', { status: 200 }),
  ...[400, 401, 403, 404, 408, 422, 429, 500, 503].map(
    (status) => () => Response.json({ error: 'x', ...server.issueTokens(), echo: server.issued.join(' ') }, { status }),
  ),
  () => Response.json({ granted: server.issued }),
  () => new Response(server.issued.join(' '), { status: 400 }),
  () => new Response(`"${server.issued.join(' ')}`, { status: 200 }),
  () => Response.json({ error: 'invalid_grant', error_description: server.issued.at(-1) }, { status: 401 }),
  () => Response.json({ error: `invalid_grant: ${server.issued.at(-1)}` }, { status: 401 }),
]

describe('H8, T4: no token is', () => {
  const ways: [string, (client: AuthClient<LoginForm>) => Promise<unknown>][] = [
    ['getAccessToken', (client) => client.getAccessToken({ forceRefresh: true })],
    ['fetch', (client) => client.fetch(API)],
    ['http', (client) => client.http.get('todos', { retry: 0 })],
  ]

  it.each(ways)('in an error, event, state, trace or log, however the refresh for %s fails', async (_way, call) => {
    const logs = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name))
    for (let index = 0; index < leaky({ issued: [] } as unknown as AuthServer).length; index += 1) {
      const { client, server, events, states, reported } = await signedIn()
      server.expireAccessTokens()
      server.failNext('refresh', leaky(server)[index] as Fault)

      const outcome = await call(client).catch((error: unknown) => error)

      const written = logs.flatMap((log) => log.mock.calls)
      // Of a `Response` only what latchkey adds could leak; of an HTTPError everything.
      expectNoToken(server, [outcome, events, states, reported, client.state, client.explain(), written])
      client.dispose()
    }
    vi.restoreAllMocks()
  })

  it('in an error of a failed login', async () => {
    for (let index = 0; index < leaky({ issued: [] } as unknown as AuthServer).length; index += 1) {
      const { client, server, events } = setUp()
      server.issueTokens()
      server.failNext('login', leaky(server)[index] as Fault)

      const error = await client.login(FORM).catch((thrown: unknown) => thrown)

      const { data: _, ...known } = error as { data?: unknown }
      expectNoToken(server, [known, (error as Error).message, (error as Error).stack, events, client.explain()])
    }
  })

  it('in a URL', async () => {
    const { client, server } = await signedIn()
    await client.getAccessToken({ forceRefresh: true })
    await client.fetch(API)
    await client.logout()

    expectNoToken(server, [server.requests.map(({ url }) => url)])
  })

  it('in JSON.stringify(auth), console.log(auth) or any of its members', async () => {
    const { client, server } = await signedIn()

    expectNoToken(server, [client, { ...client }, Object.values(client), Object.entries(Object.getPrototypeOf(client))])
    expectNoToken(server, [client.http, client.fetch, client.state, client.explain()])
  })

  it('in what a storage’s own error drags along', async () => {
    const storage = {
      ...memoryStorage(),
      setItem(_: string, value: string): never {
        throw new Error(`cannot write ${value}`, { cause: value })
      },
    }
    const { server, events, reported, client } = await signedInBroken(storage)

    expectNoToken(server, [events, reported, client.explain()])
    expect(events.map(({ name }) => name)).toContain('storageDegraded')
  })

  it('in the events and states of a whole life', async () => {
    stopTime()
    const { client, server, events, states } = setUp()
    await client.login(FORM)
    await pass(900_000)
    server.endSessions()
    await pass(300_000)

    expect(events.map(({ name }) => name)).toEqual(expect.arrayContaining(['login', 'refresh', 'logout']))
    expectNoToken(server, [events, states, client.explain()])
  })
})

async function signedInBroken(storage: ReturnType<typeof memoryStorage>): Promise<Setup> {
  const setup = setUp({ storage })
  await setup.client.login(FORM)
  return setup
}
