import type { KyInstance } from 'ky'
import { describe, expect, it } from 'vitest'
import { FORM, signedIn } from '../support/client.ts'
import { pass, stopTime, watch } from '../support/clock.ts'

const change = { json: { name: 'Ada' } }

async function failOnce() {
  stopTime()
  const setup = await signedIn()
  setup.server.failNext('api', new Response(null, { status: 503 }))
  return setup
}

describe('R10: a request that ky is about to try again', () => {
  it('is tried again for the session that it was made for', async () => {
    const { client, server } = await failOnce()
    const put = watch(client.http.put('profile', change))
    await pass(5000)
    expect(put.value?.status).toBe(200)
    expect(new Set(server.to('api').map(({ authorization }) => authorization)).size).toBe(1)
  })

  it('is tried again with the newer token, where that was renewed meanwhile', async () => {
    const { client, server } = await failOnce()
    const put = watch(client.http.put('profile', change))
    await pass()
    await client.getAccessToken({ forceRefresh: true })
    await pass(5000)
    expect(put.value?.status).toBe(200)
    expect(server.to('api').at(-1)?.authorization).toBe(`Bearer ${server.current.accessToken}`)
  })

  it.each(['put', 'get'] as const)('does not leave without a token after a sign-out: %s', async (method) => {
    const { client, server } = await failOnce()
    const sent = watch(client.http[method]('profile', method === 'put' ? change : {}))
    await pass()
    await client.logout()
    await pass(5000)
    expect(sent.error).toMatchObject({ code: 'login_required' })
    expect(server.to('api')).toHaveLength(1)
  })

  it('does not leave with the token of who has signed in meanwhile', async () => {
    const { client, server } = await failOnce()
    const put = watch(client.http.put('profile', change))
    await pass()
    await client.login({ ...FORM, username: 'bob' })
    await pass(5000)
    expect(put.error).toMatchObject({ code: 'login_required' })
    expect(server.to('api')).toHaveLength(1)
  })

  it.each<[string, (http: KyInstance) => Promise<unknown>]>([
    ['called as a function', (http) => http('profile', { method: 'put', ...change })],
    ['extended by options', (http) => http.extend({ retry: 2 }).put('profile', change)],
    ['extended by a function', (http) => http.extend((defaults) => ({ ...defaults, retry: 2 })).put('profile', change)],
    [
      'extended twice',
      (http) =>
        http
          .extend({})
          .extend({ headers: { 'x-page': '1' } })
          .put('profile', change),
    ],
  ])('keeps to its session when ky is %s', async (_, send) => {
    const { client, server } = await failOnce()
    const put = watch(send(client.http))
    await pass()
    await client.login({ ...FORM, username: 'bob' })
    await pass(5000)
    expect(put.error).toMatchObject({ code: 'login_required' })
    expect(server.to('api')).toHaveLength(1)
  })

  it('that began with nobody signed in leaves for whoever is there by then', async () => {
    const { client, server } = await failOnce()
    await client.logout()
    const got = watch(client.http.get('public'))
    await pass()
    await client.login(FORM)
    await pass(5000)
    expect(got.value?.status).toBe(200)
    expect(server.to('api').map(({ authorization }) => authorization !== null)).toEqual([false, true])
  })
})
