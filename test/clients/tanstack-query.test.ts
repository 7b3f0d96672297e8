import { expect, it, onTestFinished } from 'vitest'
import { letTimePass, misconfigure, server } from './api.ts'
import { auth, baseUrl } from './auth.ts'
import { api } from './axios.ts'
import { queries } from './tanstack-query.ts'

/** Reads the todo, and counts how often the query was tried. */
function readTodo(get = async (signal: AbortSignal) => (await auth.fetch(`${baseUrl}/todos/1`, { signal })).json()) {
  const read = { tries: 0, answer: Promise.resolve<unknown>(undefined) }
  const queryFn = async ({ signal }: { signal: AbortSignal }): Promise<unknown> => {
    read.tries += 1
    return get(signal)
  }
  read.answer = queries.fetchQuery({ queryKey: ['todo'], queryFn, retryDelay: 0 })
  return read
}

it('tries again where only the renewal failed, and that for now', async () => {
  letTimePass()
  server.fail('refresh', 'connection-error')

  const read = readTodo()

  expect(await read.answer).toMatchObject({ title: 'Todo 1' })
  expect(read.tries).toBe(2)
  expect(server.refreshes).toBe(2)
})

it('does not try again what nobody but a developer can mend', async () => {
  misconfigure()

  const read = readTodo()

  await expect(read.answer).rejects.toMatchObject({ code: 'misconfigured' })
  expect(read.tries).toBe(1)
})

it('does not try that again under axios either, which has our error as the cause of its own', async () => {
  misconfigure()

  const read = readTodo(async (signal) => (await api.get('/todos/1', { signal })).data)

  await expect(read.answer).rejects.toMatchObject({ cause: { code: 'misconfigured' } })
  expect(read.tries).toBe(1)
})

it('leaves off silently where the session turns out to be over: the app has heard it by then', async () => {
  const reasons: string[] = []
  onTestFinished(auth.on('logout', ({ reason }) => reasons.push(reason)))
  letTimePass()
  server.revoke()

  const read = readTodo()

  await expect(read.answer).rejects.toMatchObject({ silent: true })
  expect(reasons).toEqual(['revoked'])
  expect(read.tries).toBe(1)
})

it('forgets at sign-out what was read', async () => {
  await readTodo().answer
  expect(queries.getQueryData(['todo'])).toMatchObject({ by: 'johndoe' })

  await auth.logout()

  expect(queries.getQueryData(['todo'])).toBeUndefined()
})
