import { signedOut } from 'latchkey/testing'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, vi } from 'vitest'
import { auth } from './client.ts'
import { server } from './server.ts'

export const network = setupServer(...server.handlers)
beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
afterAll(() => network.close())
afterEach(async () => {
  vi.useRealTimers()
  await server.settled()
  await signedOut(auth)
  network.resetHandlers()
  server.reset()
})
