import { HttpResponse } from 'msw'
import { expect, it } from 'vitest'
import { createMemoryHistory } from 'vue-router'
import { createTodoApp } from '../../../examples/vue/app.ts'
import { useTodos } from '../../../examples/vue/todos.ts'
import { enter, flushPromises, openApp, setUp, until } from './support.ts'

const WATER = [{ id: '1', title: 'Water the plants', done: false }]

async function withTodos() {
  const { client, server } = setUp()
  await enter(client, 'ada')
  const { pinia, auth, app } = createTodoApp(client, createMemoryHistory())
  const todos = useTodos(pinia)
  server.failNext('api', () => HttpResponse.json(WATER))
  await todos.load()
  expect(todos.items).toEqual(WATER)
  return { client, server, todos, auth, app }
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

it('empties it when after such an end somebody else signs in', async () => {
  const { client, server, todos } = await withTodos()
  server.failNext('refresh', HttpResponse.json({ error: 'invalid_grant' }, { status: 401 }))
  await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)

  await enter(client, 'bob')

  expect(todos.items).toEqual([])
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

it('keeps what was typed when the same person signs in again, and not when another one does', async () => {
  const { client, server } = setUp()
  await enter(client, 'ada')
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

  server.failNext('refresh', HttpResponse.json({ error: 'invalid_grant' }, { status: 401 }))
  await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
  await enter(client, 'ada')
  await flushPromises()
  expect(field()).toBe(before)
  expect(field()?.value).toBe('Call the plumber')

  await enter(client, 'bob')
  await until(() => field() !== before)
  expect(field()?.value).toBe('')
})
