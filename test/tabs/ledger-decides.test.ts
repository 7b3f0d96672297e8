import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, LIFETIME, openTabs, pass, type Tab } from './several-tabs.ts'

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
const NEVER = Number.POSITIVE_INFINITY

const renew = async ({ client }: Tab): Promise<void> => {
  await all([client.getAccessToken({ forceRefresh: true })])
}

describe('a record that comes late to a tab', () => {
  it.each([20, 90, 380])('by %d ms is waited for, not replaced by a refresh with a spent token', async (lag) => {
    const { server, tabs, posted } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    second.seeStorageLate(lag)
    await pass(LIFETIME)
    const asked = [watch(first.token), watch(second.token)]
    await pass(lag + 700)
    expect(asked.map(({ value }) => value)).toEqual(Array(2).fill(server.current.accessToken))
    expect(server.refreshes).toBe(1)
    expect(second.heard('refresh')).toMatchObject([{ origin: 'other-tab', generation: 2 }])
    expect(posted).not.toContain('wanted')
  })

  it('is not used meanwhile: no request leaves with the token that the ledger has left behind', async () => {
    const { server, tabs } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    second.seeStorageLate(300)
    await pass(LIFETIME)
    const old = server.current.accessToken
    const asked = [watch(first.token), watch(second.client.fetch('https://api.test/todos'))]
    await pass(100)
    expect(second.sent).toEqual([])
    await pass(1000)
    expect(asked[1]?.status).toBe('fulfilled')
    expect(second.sent.map(({ authorization }) => authorization)).not.toContain(`Bearer ${old}`)
    expect(server.refreshes).toBe(1)
  })
})

describe('a record that a tab could not write', () => {
  /** The first tab renews, but its storage takes nothing; then it works again. */
  async function unwritten() {
    const browser = await openTabs(2, {}, ON_DEMAND)
    const [first] = browser.tabs
    const { setItem } = first.storage
    first.storage.setItem = () => {
      throw new DOMException('Full.', 'QuotaExceededError')
    }
    await pass(LIFETIME)
    await renew(first)
    return { ...browser, mend: () => Object.assign(first.storage, { setItem }) }
  }

  it('F43: is asked for once, after a second, and the tab that lives writes it again', async () => {
    const { server, tabs, posted, mend } = await unwritten()
    const [, second] = tabs
    mend()
    posted.length = 0
    const asked = watch(second.token)
    await pass(900)
    expect(posted).not.toContain('wanted')
    await pass(600)
    expect(posted.filter((hint) => hint === 'wanted')).toHaveLength(1)
    expect(asked.value).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })

  it('F43: is lost with the tab that had it: `refresh_lost`, after two seconds, without a refresh', async () => {
    const { server, tabs, posted, area } = await unwritten()
    const [first, second] = tabs
    first.crash()
    const asked = watch(second.token)
    await pass(2500)
    expect(posted.filter((hint) => hint === 'wanted')).toHaveLength(1)
    expect(second.heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_lost' } }])
    expect(asked.error).toMatchObject({ code: 'login_required' })
    expect(server.refreshes).toBe(1)
    expect(area.items.get('latchkey')).not.toContain(server.current.refreshToken)
  })

  it('F43: is lost to every tab that is left, and told once in each', async () => {
    const { tabs, start } = await unwritten()
    const [first, second] = tabs
    first.crash()
    const third = await start(ON_DEMAND)
    second.emit('focus')
    third.emit('focus')
    await pass(5000)
    for (const { heard, client } of [second, third]) {
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_lost' } }])
      expect(client.state).toMatchObject({ status: 'unauthenticated', reason: 'revoked' })
    }
  })

  it('is asked for once where nobody can write it, and is lost to the tab that asked', async () => {
    const { server, tabs, posted } = await unwritten()
    const [first, second] = tabs
    posted.length = 0
    const asked = watch(second.token)
    await pass(10_000)
    expect(posted.filter((hint) => hint === 'wanted')).toHaveLength(1)
    expect(asked.error).toMatchObject({ code: 'login_required' })
    expect(second.heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_lost' } }])
    expect(await first.token).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })
})

describe('a record that is not the ledger’s', () => {
  it('of an older generation is never adopted again, whoever stores it', async () => {
    const { server, tabs, area } = await openTabs(2)
    const [first, second] = tabs
    const old = area.items.get('latchkey') as string
    await renew(first)
    area.set('latchkey', old)
    await pass(5000)
    expect(await second.token).toBe(server.current.accessToken)
    expect(await first.token).toBe(server.current.accessToken)
    expect(second.heard('logout')).toEqual([])
  })

  it('does not spend a refresh token that a tab which opens finds in it', async () => {
    const { server, tabs, area, start } = await openTabs(1)
    const [first] = tabs
    const old = area.items.get('latchkey') as string
    await renew(first)
    area.set('latchkey', old)
    const late = await start()
    await pass(5000)
    expect(server.refreshes).toBe(1)
    expect(await late.token).toBe(server.current.accessToken)
  })

  it('is left behind by a tab that never sees the new one, and which asks for it once', async () => {
    const { server, tabs, posted } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    second.seeStorageLate(NEVER)
    await pass(LIFETIME)
    await renew(first)
    await pass(5000)
    expect(posted.filter((hint) => hint === 'wanted')).toHaveLength(1)
    expect(second.heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_lost' } }])
    expect(first.client.state).toMatchObject({ status: 'authenticated' })
    expect(await first.token).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })
})

describe('a tab that can no longer read its storage', () => {
  it.each<[string, () => string | Promise<string>]>([
    ['throws', () => expect.fail('denied')],
    ['is silent', () => new Promise(() => undefined)],
  ])('which %s, spends no refresh token that another one has replaced', async (_, getItem) => {
    const { server, tabs } = await openTabs(2, {}, ON_DEMAND)
    const [first, second] = tabs
    await pass(LIFETIME)
    second.storage.getItem = getItem
    await renew(first)
    const asked = watch(second.token)
    await pass(20_000)
    expect(asked.status).toBe('rejected')
    expect(server.refreshes).toBe(1)
    expect(first.heard('logout')).toEqual([])
    expect(await first.token).toBe(server.current.accessToken)
  })
})

describe('the ledger', () => {
  it('T5: holds no token', async () => {
    const { server, tabs } = await openTabs(2)
    await renew(tabs[0])
    server.failNext('refresh', new Response(null, { status: 503 }))
    await renew(tabs[1])
    const rows = await readLedger()
    expect(rows).toHaveLength(1)
    const text = JSON.stringify(rows)
    for (const token of server.issued) expect(text).not.toContain(token)
    expect(rows[0]).toMatchObject({ generation: 2, failure: { count: 1, code: 'server_error' } })
  })

  it('goes on where the record left off, when the database was emptied', async () => {
    const { server, tabs } = await openTabs(2)
    await renew(tabs[0])
    indexedDB.deleteDatabase('latchkey')
    await pass()
    await renew(tabs[1])
    await pass(1000)
    expect(server.refreshes).toBe(2)
    for (const { token, heard } of tabs) {
      expect(await token).toBe(server.current.accessToken)
      expect(heard('logout')).toEqual([])
    }
  })
})

/** What the database says. */
async function readLedger(): Promise<unknown[]> {
  const reading = new Promise<unknown[]>((resolve) => {
    const opening = indexedDB.open('latchkey')
    opening.onsuccess = () => {
      const all = opening.result.transaction('ledger').objectStore('ledger').getAll()
      all.onsuccess = () => resolve(all.result)
      opening.result.close()
    }
  })
  await pass()
  return reading
}
