import type { Ledger, LedgerRow, TokenStorage } from 'latchkey'
import { expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, formOf, openBrowser, pass } from './several-tabs.ts'

const TOKENS = { accessToken: 'access-elsewhere', lifetime: 300_000 }

/** Two tabs with one storage that tells nobody what changes in it; only the second waits for what it reads, `delay.ms` long. */
async function openSlowReader() {
  const { start } = openBrowser()
  const area = new Map<string, string>()
  const delay = { ms: 0 }
  const storage: TokenStorage = {
    getItem: (key) => area.get(key) ?? null,
    setItem: (key, value) => void area.set(key, value),
    removeItem: (key) => void area.delete(key),
  }
  const getItem = async (key: string): Promise<string | null> => {
    await new Promise((resolve) => setTimeout(resolve, delay.ms))
    return area.get(key) ?? null
  }
  const first = await start({ storage })
  const second = await start({ storage: { ...storage, getItem } })
  return { first, second, delay }
}

it('X2: a sign-in of another tab is not missed because of a login that is broken off at that moment', async () => {
  for (let steps = 0, isThrough = false; !isThrough && steps < 20; steps += 1) {
    const { first, second, delay } = await openSlowReader()
    delay.ms = 200
    await all([first.client.login(formOf())], 100)
    const login = watch(second.client.setTokens(TOKENS))
    for (let step = 0; step < steps; step += 1) await undefined
    isThrough = login.status !== 'pending'
    if (!isThrough) await all([second.client.logout()], 3000)
    expect([steps, second.client.state.status]).toEqual([steps, 'authenticated'])
  }
})

it('X2: a sign-out of another tab is not missed because the app sets the user at that moment', async () => {
  const { first, second, delay } = await openSlowReader()
  await all([first.client.login(formOf())], 1000)
  delay.ms = 200
  const out = first.client.logout()
  await pass(100)

  second.client.setUser({ name: 'New' })
  await all([out], 3000)

  expect(second.client.state).toMatchObject({ status: 'unauthenticated', reason: 'logout' })
})

it('F45: a refusal that meets a look of the same tab is still told to all', async () => {
  const rows = new Map<string, LedgerRow>()
  const delay = { ms: 0 }
  const ledger: Ledger = {
    read: async (name) => rows.get(name),
    async update(name, step) {
      const row = step(rows.get(name))
      if (row) rows.set(name, row)
      await new Promise((resolve) => setTimeout(resolve, delay.ms))
    },
  }
  const { start, server, area } = openBrowser()
  const first = await start({ environment: { ledger } })
  await all([first.client.login(formOf())], 1000)
  const second = await start({ environment: { ledger } })
  delay.ms = 100
  server.failNext('refresh', Response.json({ error: 'invalid_grant' }, { status: 400 }))
  const asked = watch(first.client.getAccessToken({ forceRefresh: true }))
  for (let at = 0; at < 500; at += 10) {
    first.emit('focus')
    await pass(10)
  }
  expect(asked.error).toMatchObject({ code: 'login_required', cause: { code: 'refresh_rejected' } })
  expect(first.heard('logout')).toMatchObject([{ reason: 'revoked', origin: 'this-tab' }])
  expect(second.heard('logout')).toMatchObject([{ reason: 'revoked', origin: 'other-tab' }])
  expect(area.items.has('latchkey')).toBe(false)
})
