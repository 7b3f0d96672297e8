import { signedOut } from 'latchkey/testing'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { auth } from './client.ts'
import { server } from './server.ts'

export const network = setupServer(...server.handlers)
beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
afterAll(() => network.close())
beforeEach(() => network.resetHandlers())
beforeEach(() => signedOut(auth))
afterEach(async () => {
  vi.useRealTimers()
  await server.settled().finally(server.reset)
})
