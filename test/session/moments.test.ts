import { memoryStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { createVirtualClient, settle } from './virtual-page.ts'

/** More steps than a login takes between its first promise and its last. */
const STEPS = 60

/** Begins a login, and lets `act` come after that many steps of it, one promise after another. */
async function interrupt(steps: number, act: (setup: ReturnType<typeof begin>) => unknown) {
  const setup = begin()
  for (let step = 0; step < steps; step += 1) await undefined
  act(setup)
  await settle()
  return setup
}

function begin() {
  const storage = memoryStorage()
  const caller = new AbortController()
  const revoked: string[] = []
  const client = createVirtualClient({ storage })
  client.issuer.logout = async ({ accessToken }) => void revoked.push(accessToken)
  const login = watch(client.auth.login({}, { signal: caller.signal }))
  return { ...client, storage, caller, revoked, login }
}

describe('at every moment of a login', () => {
  it('T14, F38: a logout leaves nobody signed in', async () => {
    for (let steps = 0; steps < STEPS; steps += 1) {
      const { auth, storage } = await interrupt(steps, ({ auth }) => auth.logout())
      expect([steps, auth.state.status, storage.getItem('latchkey')]).toEqual([steps, 'unauthenticated', null])
    }
  })

  it('R7: a newer login begins the only session that is ever told, unless the one before was through', async () => {
    for (let steps = 0; steps < STEPS; steps += 1) {
      const { login, told } = await interrupt(steps, ({ auth }) => auth.login())
      const expected = login.status === 'rejected' ? ['login'] : ['login', 'logout', 'login']
      expect([steps, told]).toEqual([steps, expected])
    }
  })

  it('R7: an abort leaves nobody with tokens that were given back', async () => {
    for (let steps = 0; steps < STEPS; steps += 1) {
      const { auth, told, revoked } = await interrupt(steps, ({ caller }) => caller.abort())
      const isIn = auth.state.status === 'authenticated'
      expect([steps, told, isIn && revoked.length]).toEqual([steps, isIn ? ['login'] : [], isIn && 0])
    }
  })
})
