import type { Environment, TokenStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { browserEnvironment } from '../../src/browser.ts'
import { watch } from '../support/clock.ts'
import { all, openTabs, pass } from './several-tabs.ts'

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The ledger of all tabs; what this one asks of it is noted, and takes so long. */
function slowLedger(delay: number) {
  const asked: string[] = []
  const { ledger } = browserEnvironment
  const slow: Environment['ledger'] = {
    async read(name) {
      asked.push('read')
      await wait(delay)
      return ledger?.read(name)
    },
    async update(name, step) {
      asked.push('update')
      await wait(delay)
      await ledger?.update(name, step)
    },
  }
  return { asked, ledger: slow }
}

/** The storage of all tabs; to this one it tells after so long what it held. */
function slowStorage(items: Map<string, string>, delay: number): TokenStorage {
  return {
    scope: 'origin',
    async getItem(key) {
      const item = items.get(key) ?? null
      await wait(delay)
      return item
    },
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

describe('a page that starts with a session that was stored', () => {
  it('asks the ledger once, while the storage is read, and writes nothing into it', async () => {
    const { tabs, open, area } = await openTabs(1)
    const { asked, ledger } = slowLedger(1000)
    const storage = slowStorage(area.items, 900)
    const { client } = open({ storage, environment: { ledger } })
    const token = watch(client.getAccessToken())
    await pass(1200)
    expect(token.value).toBe(await tabs[0].token)
    expect(asked).toEqual(['read'])
  })

  it('X1: does not revive what another tab has ended while a slow storage was read', async () => {
    const { tabs, open, area } = await openTabs(1)
    const { asked, ledger } = slowLedger(0)
    const storage = slowStorage(area.items, 2000)
    const { client } = open({ storage, environment: { ledger } })
    const token = watch(client.getAccessToken())
    await pass(1000)
    expect(asked).toEqual(['read'])
    await all([tabs[0].client.logout()])
    await pass(10_000)
    expect(token.error).toMatchObject({ code: 'login_required' })
    expect(client.state).toMatchObject({ status: 'unauthenticated' })
  })
})
