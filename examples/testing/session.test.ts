import { expect, it, vi } from 'vitest'
import { auth } from './client.ts'
import { server } from './server.ts'

it('stays signed in while tokens expire, until the person signs out', async () => {
  vi.useFakeTimers()
  await auth.login({ username: 'johndoe', password: 'password123' })
  await vi.advanceTimersByTimeAsync(300_000)
  expect(await auth.http.get('todos').json()).toContain('Buy milk')
  expect(server.refreshes).toBe(1)
  await auth.logout()
  expect(auth.state).toMatchObject({ status: 'unauthenticated', reason: 'logout' })
})
