import { describe, expect, it } from 'vitest'
import { all, FIRST_RENEWAL, formOf, LIFETIME, openBrowser, openTabs, pass, type Tab } from './several-tabs.ts'

/** What somebody else on this origin may post or store. */
const GARBAGE: unknown[] = [
  undefined,
  null,
  0,
  '',
  'logout',
  'CHANGED',
  ['changed'],
  { hint: 'changed' },
  { toString: () => 'changed' },
  { id: 'mallory', generation: 99, ended: 'logout' },
  { type: 'SIGNED_IN', session: { user: { name: 'Mallory' }, access_token: 'forged' } },
  JSON.parse('{ "__proto__": { "changed": true } }'),
  'x'.repeat(100_000),
  new Map([['changed', 'wanted']]),
]

/** Nothing has happened to these tabs. */
function expectUntouched(tabs: readonly Tab[], before: readonly unknown[]): void {
  expect(tabs.map(({ client }) => client.state)).toEqual(before)
  tabs.forEach(({ client }, index) => void expect(client.state).toBe(before[index]))
  for (const { events, sent, reported } of tabs) {
    expect(events).toEqual([])
    expect(sent).toEqual([])
    expect(reported).toEqual([])
  }
}

describe('a forged message on the channel', () => {
  it('T12: that is no hint changes nothing, and throws nothing', async () => {
    const { tabs, call, area, server, posted } = await openTabs(2)
    const before = tabs.map(({ client }) => client.state)
    const record = area.items.get('latchkey')
    for (const message of GARBAGE) call(message)
    await pass(5000)
    expectUntouched(tabs, before)
    expect(area.items.get('latchkey')).toBe(record)
    expect(server.requests).toEqual([])
    expect(posted).toEqual([])
  })

  it('T12: that is a hint makes the tabs look, and believe what they find: nothing new', async () => {
    const { tabs, call, server } = await openTabs(2)
    const before = tabs.map(({ client }) => client.state)
    for (let time = 0; time < 200; time += 1) {
      call('changed')
      call('wanted')
    }
    await pass(5000)
    expectUntouched(tabs, before)
    expect(server.requests).toEqual([])
    await pass(FIRST_RENEWAL)
    expect(server.refreshes).toBe(1)
  })

  it('T12: signs nobody in who is not', async () => {
    const browser = openBrowser()
    const tabs = [await browser.start(), await browser.start()]
    const before = tabs.map(({ client }) => client.state)
    for (const message of [...GARBAGE, 'changed', 'wanted']) browser.call(message)
    await pass(5000)
    expectUntouched(tabs, before)
    expect(browser.server.requests).toEqual([])
  })
})

describe('a forged storage event', () => {
  const record = (fields: object): string =>
    JSON.stringify({
      v: 1,
      b: 'https://api.test/login',
      id: 'mallory',
      g: 1,
      t: Date.now(),
      e: Date.now() + LIFETIME,
      a: 'forged-token',
      r: 'forged-refresh',
      u: { name: 'Mallory' },
      ...fields,
    })

  it('T12: of which nothing is true changes nothing', async () => {
    const { tabs, area, server } = await openTabs(2)
    const before = tabs.map(({ client }) => client.state)
    for (const key of [null, 'latchkey', 'latchkey.mark', 'other', '__proto__']) {
      for (const newValue of [null, '', 'null', '{}', record({})]) area.forge({ key, newValue })
    }
    await pass(5000)
    expectUntouched(tabs, before)
    expect(server.requests).toEqual([])
  })

  it.each<[string, (id: string) => string]>([
    ['garbage', () => '}{'],
    ['an empty object', () => '{}'],
    ['a huge text', () => 'x'.repeat(1_000_000)],
    ['another person’s session', () => record({})],
    ['another person’s session of a later generation', () => record({ g: 99 })],
  ])('T12: with %s in the storage is not believed: the ledger knows whose session it is', async (_, make) => {
    const { tabs, area, server, start } = await openTabs(2)
    await pass(2000)
    const before = tabs.map(({ client }) => client.state)
    const tokens = await Promise.all(tabs.map(({ token }) => token))
    area.set('latchkey', make('mallory'))
    await pass(5000)
    expectUntouched(tabs, before)
    expect(await Promise.all(tabs.map(({ token }) => token))).toEqual(tokens)
    const late = await start()
    await pass(3000)
    expect(JSON.stringify(late.client.state)).not.toContain('Mallory')
    expect(
      server
        .to('refresh')
        .map(({ text }) => text)
        .join(),
    ).not.toContain('forged')
  })
})

describe('a forged record of the same session', () => {
  it('T12: that is ahead of the ledger is adopted by no tab', async () => {
    const { tabs, area, server } = await openTabs(2)
    await pass(2000)
    const before = tabs.map(({ client }) => client.state)
    const stored = JSON.parse(area.items.get('latchkey') ?? '{}')
    area.set('latchkey', JSON.stringify({ ...stored, g: stored.g + 5, a: 'forged-token', u: { name: 'Mallory' } }))
    await pass(5000)
    expect(tabs.map(({ client }) => client.state)).toEqual(before)
    expect(await tabs[0]?.client.getAccessToken()).not.toContain('forged')
    expect(server.requests).toEqual([])
  })
})

describe('what the client calls out', () => {
  it('T12, T5: is nothing but two words, whatever happens in a life of three tabs', async () => {
    const { tabs, posted, server, locks, area } = await openTabs(3)
    const [first, second] = tabs
    await pass(2 * LIFETIME)
    server.failNext('refresh', new Response('{"error":"server_error"}', { status: 500 }), 2)
    await all([first.client.getAccessToken({ forceRefresh: true })], 10_000)
    second.client.setUser({ id: 1, name: 'Ada Lovelace' })
    await all([first.client.login(formOf('bob'))])
    await all([second.client.logout()], 3000)
    await all([second.client.login(formOf('eve'))])
    server.endSessions()
    await pass(LIFETIME)
    expect(posted.length).toBeGreaterThan(8)
    expect([...new Set(posted)].sort()).toEqual(expect.arrayContaining(['changed']))
    expect(posted.filter((hint) => hint !== 'changed' && hint !== 'wanted')).toEqual([])
    const elsewhere = JSON.stringify([...locks.names, ...area.items.keys()])
    for (const token of server.issued) expect(elsewhere).not.toContain(token)
  })
})
