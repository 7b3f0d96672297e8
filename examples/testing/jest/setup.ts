import { afterAll, afterEach, beforeAll, jest } from '@jest/globals'
import { signedOut } from 'latchkey/testing'
import { setupServer } from 'msw/node'
import { auth } from '../client.ts'
import { server } from '../server.ts'

export const network = setupServer(...server.handlers)
beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
afterAll(() => network.close())
afterEach(async () => {
  jest.useRealTimers()
  try {
    await server.settled()
  } finally {
    await signedOut(auth)
    network.resetHandlers()
    server.reset()
  }
})
