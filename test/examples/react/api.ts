import { mockAuthServer } from 'latchkey/testing'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { Credentials } from '../../../examples/react/client.ts'

export const baseUrl = 'https://api.test'

/** The API of the app, in cookie mode. */
export const server = mockAuthServer<Credentials>({ baseUrl, refreshVia: 'cookie', user: 'me' })
export const network = setupServer(...server.handlers)

beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
afterEach(async () => {
  await server.settled()
  network.resetHandlers()
  server.reset()
})
afterAll(() => network.close())
