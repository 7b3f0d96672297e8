import { type TokenStorage, webStorage } from 'latchkey'
import { http } from 'msw'
import { expect, it, vi } from 'vitest'
import { network } from '../support/network.ts'
import { API, openBrowser, openPage } from './browser.ts'
import { useAxiosJwt } from './libraries.ts'

it('who is renewed by a tab of the old app during the move signs in again, and nobody does it for them', async () => {
  const browser = openBrowser()
  const { server, signIn, ask, options, token } = await useAxiosJwt()
  await signIn()
  browser.pass(3_600_000)
  const { promise: late, resolve: arrive } = Promise.withResolvers<void>()
  const holdAnswer = http.post(
    `${API}/refresh`,
    async ({ request }) => {
      const answer = await server.fetch(request.url, { method: 'POST', body: await request.text() })
      await late
      return answer
    },
    { once: true },
  )
  network.use(holdAnswer)
  const { run } = await import('MIGRATING.md/axios-jwt.ts')
  const first = openPage(options)

  const asked = ask()
  await vi.waitUntil(() => server.refreshes > 0)
  await run({ auth: first.auth })
  arrive()
  await asked
  await first.auth.fetch(`${API}/todos`)
  first.auth.dispose()
  const revived = token()
  const second = openPage(options)
  await run({ auth: second.auth })

  expect(first.logouts).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_rejected' } }])
  expect(revived).toEqual(expect.any(String))
  expect(second.auth.state.status).toBe('unauthenticated')
  expect(token()).toBeUndefined()
})

it('a tab that sees late what another tab has stored waits for it', async () => {
  const browser = openBrowser()
  const { server, signIn, options } = await useAxiosJwt()
  await signIn()
  const { run } = await import('MIGRATING.md/axios-jwt.ts')
  const storage = webStorage('local')
  let reads = 0
  const late: TokenStorage = {
    setItem: storage.setItem,
    removeItem: storage.removeItem,
    getItem: (key) => {
      reads += 1
      return reads > 3 ? storage.getItem(key) : null
    },
  }
  const [first, second] = [openPage(options), openPage({ ...options, storage: late })]

  await Promise.all([first, second].map(({ auth }) => run({ auth })))

  expect([first, second].map(({ auth }) => auth.state.status)).toEqual(['authenticated', 'authenticated'])
  expect([...first.logins, ...second.logins].filter(({ origin }) => origin === 'this-tab')).toHaveLength(1)
  expect(server.refreshes).toBe(0)
  expect(Object.keys(browser.stored()).sort()).toEqual(['latchkey', 'latchkey.moved'])
})
