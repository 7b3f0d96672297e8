import type { KyInstance } from 'ky'
import { jsonBackend } from 'latchkey'
import { expect, it } from 'vitest'
import { FORM, setUp } from '../support/client.ts'

const atV2 = { prefix: '/api/v2' }

it('`http` joins paths to a relative `baseUrl`, where `Request` knows no page, too', async () => {
  const { client } = setUp({ baseUrl: '/api', server: { baseUrl: 'http://localhost:3000/api' } })
  await client.login(FORM)
  expect(await client.http.get('todos').json()).toMatchObject({ method: 'GET' })
  expect(await client.http.get('todos', { searchParams: { page: 2 } }).json()).toMatchObject({ method: 'GET' })
})

it.each([
  ['a call', (http: KyInstance) => http.get('todos', atV2)],
  ['`extend`', (http: KyInstance) => http.extend(atV2).get('todos')],
  ['a function for `extend`', (http: KyInstance) => http.extend(() => atV2).get('todos')],
])('`http` joins paths to a relative prefix that %s gives, too', async (_, send) => {
  const { client, server } = setUp({ baseUrl: '/api', server: { baseUrl: 'http://localhost:3000/api' } })
  await client.login(FORM)
  await send(client.http)
  expect(server.to('api').map(({ url }) => url)).toEqual(['http://localhost:3000/api/v2/todos'])
})

it('`http` adds no prefix where `baseUrl` is empty', async () => {
  const { client, server } = setUp({
    baseUrl: '',
    backend: jsonBackend({ baseUrl: 'https://api.test' }),
    attachTo: ['https://api.test'],
  })
  await client.login(FORM)
  await client.http.get('https://api.test/todos')
  expect(server.to('api')).toHaveLength(1)
})
