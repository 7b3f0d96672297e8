import { describe, expect, it, vi } from 'vitest'
import { settle, stopTime, watch } from '../support/clock.ts'
import { BASE, call } from './scene.ts'

describe('`settled` under a clock that stands still', () => {
  /** The kit sees no other clock than this one, its own patience included. */
  async function openInFakeTime() {
    stopTime()
    vi.resetModules()
    const { mockAuthServer } = await import('latchkey/testing')
    return mockAuthServer({ baseUrl: BASE })
  }

  it('gives up after 2 s in which nothing was answered, and says what is in hand', async () => {
    const server = await openInFakeTime()
    server.delay('public', 5000)
    void call(server, 'public?page=2')
    const settled = watch(server.settled())
    await vi.advanceTimersByTimeAsync(1999)
    expect(settled.status).toBe('pending')
    await vi.advanceTimersByTimeAsync(1)

    await vi.waitFor(() => expect(settled.status).toBe('rejected'))
    expect(String(settled.error)).toContain('still in hand is GET public, delayed by 5000 ms')
    server.reset()
    await server.settled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits on as long as one after the other is answered', async () => {
    const server = await openInFakeTime()
    const late = [1500, 3000, 4500].values()
    server.delay('public', () => late.next().value ?? 0)
    for (const _ of [1, 2, 3]) void call(server, 'public')
    const settled = watch(server.settled())
    await settle()
    await vi.advanceTimersByTimeAsync(4500)
    await vi.waitFor(() => expect(settled.status).toBe('fulfilled'))
  })
})
