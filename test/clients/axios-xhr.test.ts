import axios from 'axios'
import { HttpResponse } from 'msw'
import { expect, it, vi } from 'vitest'
import { misconfigure, server } from './api.ts'
import { auth, baseUrl } from './auth.ts'
import { xhr } from './axios-xhr.ts'

const tokens = () => server.requestsTo('api').map(({ generation }) => generation)

it('is what axios takes in browsers', async () => {
  const { request } = await xhr.get('/todos/1')

  expect(request).toBeInstanceOf(XMLHttpRequest)
})

it('replays with the current token where that is newer, and causes no renewal', async () => {
  let answer = (): void => undefined
  const late = new Promise<void>((resolve) => {
    answer = resolve
  })
  const refused = HttpResponse.json({ error: 'invalid_token' }, { status: 401 })
  server.fail('api', { response: () => late.then(() => refused) })
  const call = xhr.get('/todos/1')
  await vi.waitFor(() => expect(server.requestsTo('api')).toHaveLength(1))
  await auth.getAccessToken({ forceRefresh: true })

  answer()

  expect((await call).status).toBe(200)
  expect(server.refreshes).toBe(1)
  expect(server.requestsTo('api')[1]?.generation).toBe(2)
})

it('renews once for ten changes at once, and sends each of them twice at most', async () => {
  server.expireAccessTokens()

  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => xhr.post('/todos', { title: `${index}` })))

  expect(answers.map(({ data }) => data.title)).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`))
  expect(server.refreshes).toBe(1)
  const bodies = server.requestsTo('api').map(({ text }) => text)
  expect(new Set(bodies).size).toBe(10)
  expect(Math.max(...bodies.map((body) => bodies.filter((other) => other === body).length))).toBe(2)
  expect(new Set(tokens().slice(-10))).toEqual(new Set([2]))
})

it('is asked twice and no more where every token is refused, and later calls cause no further renewal', async () => {
  server.fail('api', { status: 401, times: Number.POSITIVE_INFINITY })

  for (let call = 1; call <= 3; call += 1) {
    await expect(xhr.get('/todos/1')).rejects.toMatchObject({ isAxiosError: true, status: 401 })
    expect(server.requestsTo('api')).toHaveLength(2 * call)
  }
  expect(server.refreshes).toBe(1)
})

it('hands on what is no 401 as it is', async () => {
  server.fail('api', { status: 403 })

  await expect(xhr.get('/todos/1')).rejects.toMatchObject({ isAxiosError: true, status: 403 })
  expect(server.refreshes).toBe(0)
})

it('rejects with our error where the renewal itself meets a 401, and does not take it for one of the API', async () => {
  misconfigure()

  const call = xhr.get('/todos/1')

  await expect(call).rejects.toMatchObject({ name: 'AuthError', code: 'misconfigured', status: 401 })
  expect(axios.isAxiosError(await call.catch((error) => error))).toBe(false)
})

it('sends no token elsewhere: an absolute address is a path like any other', async () => {
  await xhr.get('https://elsewhere.test/todos/1').catch(() => undefined)

  expect(server.requests.map(({ url }) => url)).toEqual([`${baseUrl}/https://elsewhere.test/todos/1`])
})
