import type { TokenResponse } from 'latchkey'
import { HttpResponse } from 'msw'
import { describe, expect, it } from 'vitest'
import { createMemoryHistory } from 'vue-router'
import { createTodoApp } from '../../../examples/vue/app.ts'
import type { Client, User } from '../../../examples/vue/client.ts'
import { useTodos } from '../../../examples/vue/todos.ts'
import type { AuthServer } from '../../support/auth-server.ts'
import { enter, flushPromises, openApp, setUp, tokensOf, until } from './support.ts'

const WATER = [{ id: '1', title: 'Water the plants', done: false }]

/** Tokens that only the server can read. */
const opaqueOf = (sub: string): TokenResponse<User> => ({ ...tokensOf(sub), accessToken: crypto.randomUUID() })
/** Tokens that tell nobody whose they are. */
const nameless = (): TokenResponse<User> => ({ accessToken: crypto.randomUUID() })

async function withTodos(tokens = tokensOf('ada')) {
  const { client, server } = setUp()
  await client.setTokens(tokens)
  const { pinia, auth, app } = createTodoApp(client, createMemoryHistory())
  const todos = useTodos(pinia)
  server.failNext('api', () => HttpResponse.json(WATER))
  await todos.load()
  expect(todos.items).toEqual(WATER)
  return { client, server, todos, auth, app }
}

/** Ends the session as a server does. */
async function revoke(client: Client, server: AuthServer) {
  server.failNext('refresh', HttpResponse.json({ error: 'invalid_grant' }, { status: 401 }))
  await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
}

it('empties the store when the person signs out', async () => {
  const { client, todos } = await withTodos()

  await client.logout()

  expect(todos.items).toEqual([])
})

it('empties the store when somebody else signs in', async () => {
  const { client, todos } = await withTodos()

  await enter(client, 'bob')

  expect(todos.items).toEqual([])
})

it('keeps the store while the server has ended the session, for the person who signs in again', async () => {
  const { client, server, todos } = await withTodos()
  server.failNext('refresh', HttpResponse.json({ error: 'invalid_grant' }, { status: 401 }))
  await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })
  expect(client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })

  await enter(client, 'ada')

  expect(todos.items).toEqual(WATER)
})

it('gives nobody the to-dos that somebody else has asked for', async () => {
  const { client, server, todos } = await withTodos()
  let answer = (_response: Response) => {}
  server.failNext(
    'api',
    () =>
      new Promise((resolve) => {
        answer = resolve
      }),
  )
  const sent = server.requests.length
  const loading = todos.load().catch(() => undefined)
  await until(() => server.requests.length > sent)

  await enter(client, 'bob')
  answer(HttpResponse.json(WATER))
  await loading

  expect(todos.items).toEqual([])
})

describe.each([
  ['that can be read', () => tokensOf('ada'), () => tokensOf('ada'), () => tokensOf('bob')],
  ['that cannot be read', () => opaqueOf('ada'), () => opaqueOf('ada'), () => opaqueOf('bob')],
])('with tokens %s', (_which, ofAda, ofAdaAgain, ofBob) => {
  it('keeps the store for who comes back, and empties it for somebody else', async () => {
    const { client, server, todos } = await withTodos(ofAda())

    await revoke(client, server)
    await client.setTokens(ofAdaAgain())
    expect(todos.items).toEqual(WATER)

    await revoke(client, server)
    await client.setTokens(ofBob())
    expect(todos.items).toEqual([])
  })

  it('empties the store for somebody who signs in over the session', async () => {
    const { client, todos } = await withTodos(ofAda())

    await client.setTokens(ofBob())

    expect(todos.items).toEqual([])
  })

  it('keeps the store for who signs in over their own session', async () => {
    const { client, todos } = await withTodos(ofAda())

    await client.setTokens(ofAdaAgain())

    expect(todos.items).toEqual(WATER)
  })
})

it.each(['after an end', 'over the session'])(
  'empties the store for who signs in %s, unknown like the one before',
  async (when) => {
    const { client, server, todos } = await withTodos(nameless())
    if (when === 'after an end') await revoke(client, server)
    expect(todos.items).toEqual(WATER)

    await client.setTokens(nameless())

    expect(todos.items).toEqual([])
  },
)

it('keeps the store when it becomes known later who is signed in', async () => {
  const { client, todos } = await withTodos(nameless())

  client.setUser({ id: 'ada', username: 'ada', name: 'Ada', email: 'ada@example.com' })
  expect(todos.items).toEqual(WATER)

  await client.setTokens(opaqueOf('bob'))
  expect(todos.items).toEqual([])
})

it.each([
  ['can', tokensOf],
  ['cannot', opaqueOf],
])(
  'keeps what was typed when the same person signs in again, and not when another one does, where tokens %s be read',
  async (_can, tokens) => {
    const { client, server } = setUp()
    await client.setTokens(tokens('ada'))
    server.failNext('api', () => HttpResponse.json(WATER), 9)
    const { element } = await openApp(client, '/todos')
    await until(() => element.textContent?.includes('Water the plants'))
    const field = () => element.querySelector<HTMLInputElement>('#new-todo')
    const type = (text: string) => {
      Object.assign(field() ?? {}, { value: text })
      field()?.dispatchEvent(new Event('input'))
    }
    type('Call the plumber')
    const before = field()

    await revoke(client, server)
    await client.setTokens(tokens('ada'))
    await flushPromises()
    expect(field()).toBe(before)
    expect(field()?.value).toBe('Call the plumber')

    await client.setTokens(tokens('bob'))
    await until(() => field() !== before)
    expect(field()?.value).toBe('')
  },
)
