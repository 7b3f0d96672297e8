import { describe, expect, it } from 'vitest'
import { createAuthServer } from '../support/auth-server.ts'
import { network } from '../support/network.ts'
import { openBrowser, openPage } from './browser.ts'

/** An app that goes on with axios, as the document says; somebody is signed in. */
async function scene() {
  openBrowser()
  const server = createAuthServer({ baseUrl: 'https://api.example.com' })
  network.use(...server.handlers)
  const { auth } = openPage({ baseUrl: server.baseUrl })
  await auth.login({ username: 'ada', password: 'secret' })
  auth.dispose()
  const { run } = await import('MIGRATING.md/axios.ts')
  return { server, api: await run({ auth }) }
}

describe('axios on the fetch of Latchkey', () => {
  it('sends the token', async () => {
    const { server, api } = await scene()

    const answer = await api?.get('/todos')

    expect(answer).toMatchObject({ status: 200, data: { path: 'todos' } })
    expect(server.refreshes).toBe(0)
  })

  it('gets the answer that follows a renewal', async () => {
    const { server, api } = await scene()
    server.expireAccessTokens()

    const answer = await api?.get('/todos')

    expect(answer?.status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  it('a status that is seen as 401 is answered by a renewal', async () => {
    const { server, api } = await scene()
    server.failNext('api', new Response('expired', { status: 419 }))

    const answer = await api?.get('/todos')

    expect(answer?.status).toBe(200)
    expect(server.refreshes).toBe(1)
  })
})
