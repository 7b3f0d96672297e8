import { expect, it, jest } from '@jest/globals'
import { auth } from '../client.ts'
import { server } from '../server.ts'

it('stays signed in while tokens expire, until the person signs out', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] })
  await auth.login({ username: 'johndoe', password: 'password123' })
  await jest.advanceTimersByTimeAsync(300_000)
  expect(await auth.http.get('todos').json()).toContain('Buy milk')
  expect(server.refreshes).toBe(1)
  await auth.logout()
  expect(auth.state).toMatchObject({ status: 'unauthenticated', reason: 'logout' })
})
