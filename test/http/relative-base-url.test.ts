import { expect, it } from 'vitest'
import { FORM, setUp } from '../support/client.ts'

it('`http` joins paths to a relative `baseUrl`, where `Request` knows no page, too', async () => {
  const { client } = setUp({ baseUrl: '/api', server: { baseUrl: 'http://localhost:3000/api' } })
  await client.login(FORM)
  expect(await client.http.get('todos').json()).toMatchObject({ method: 'GET' })
  expect(await client.http.get('todos', { searchParams: { page: 2 } }).json()).toMatchObject({ method: 'GET' })
})
