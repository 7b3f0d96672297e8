import { AuthError } from 'latchkey'
import { describe, expect, it } from 'vitest'
import type { Fault } from '../support/auth-server.ts'
import { signedIn } from '../support/client.ts'
import { pass, stopTime } from '../support/clock.ts'

const HOUR = 3_600_000
const forbidden: Fault = () => Response.json({ error: 'session_closed' }, { status: 403 })

/** Signs in, lets every refresh of an hour meet `faults`, one after the other, and hands back what was reported. */
async function reportsOf(...faults: Fault[]) {
  stopTime()
  const setup = await signedIn()
  for (const fault of faults.slice(0, -1)) setup.server.failNext('refresh', fault)
  setup.server.failNext('refresh', faults.at(-1) as Fault, Number.POSITIVE_INFINITY)
  await pass(HOUR)
  return setup
}

describe('a server that refuses again and again, in a way that ends nothing', () => {
  it('is reported once, with the option that would make it final, and nobody is signed out', async () => {
    const { server, reported, client, heard } = await reportsOf(forbidden)
    expect(server.refreshes).toBeGreaterThan(5)
    expect(reported).toEqual([expect.any(AuthError)])
    expect(reported[0]).toMatchObject({
      code: 'server_error',
      status: 403,
      message: expect.stringContaining('`isFinal`'),
    })
    expect(client.state.status).toBe('authenticated')
    expect(heard('logout')).toEqual([])
  })

  it('is reported at its third refusal', async () => {
    stopTime()
    const { server, reported } = await signedIn()
    server.failNext('refresh', forbidden, 2)
    await pass(HOUR)
    expect(server.refreshes).toBeGreaterThan(2)
    expect(reported).toEqual([])
  })

  it('is not reported where renewals succeed in between', async () => {
    stopTime()
    const { server, reported } = await signedIn()
    for (let round = 0; round < 3; round += 1) {
      server.failNext('refresh', forbidden, 2)
      await pass(HOUR)
    }
    expect(reported).toEqual([])
  })

  it('is not reported while its answers differ', async () => {
    const other: Fault = () => Response.json({ error: 'other' }, { status: 403 })
    const { reported } = await reportsOf(forbidden, forbidden, other, forbidden, forbidden, () =>
      Response.json({}, { status: 503 }),
    )
    expect(reported).toEqual([])
  })

  it.each([
    ['503', () => Response.json({}, { status: 503 })],
    ['429', () => Response.json({}, { status: 429 })],
    ['408', () => Response.json({}, { status: 408 })],
    ['a network error', 'network-error'],
  ] as [string, Fault][])('is not suspected for %s: that says nothing about a session', async (_name, fault) => {
    const { reported, server } = await reportsOf(fault)
    expect(server.refreshes).toBeGreaterThan(3)
    expect(reported).toEqual([])
  })
})
