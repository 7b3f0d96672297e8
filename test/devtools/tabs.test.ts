import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Recorder, record } from '../../src/devtools/recording/recorder.ts'
import { inspect } from '../../src/inspection.ts'
import { openTabs, pass, type Tab } from '../tabs/several-tabs.ts'

function recorded({ client }: Tab): Recorder {
  const recorder = record(client)
  onTestFinished(() => recorder.stop())
  return recorder
}

/** One after the other: who is older has the smaller number. */
async function recordedInTurn(tabs: readonly Tab[]): Promise<Recorder[]> {
  const recorders: Recorder[] = []
  for (const tab of tabs) {
    recorders.push(recorded(tab))
    await pass(200)
  }
  return recorders
}

afterEach(() => window.sessionStorage.clear())

describe('the records of several tabs', () => {
  it('are shown in each, numbered as they were opened', async () => {
    const { tabs, start } = await openTabs(2)
    const [one, two] = await recordedInTurn(tabs)
    const [three] = await recordedInTurn([await start()])

    expect([one, two, three].map((each) => each?.own.number)).toEqual([1, 2, 3])
    expect(one?.others.map(({ number, id }) => [number, id])).toEqual([
      [2, two?.own.id],
      [3, three?.own.id],
    ])
    expect(three?.others).toEqual([one?.own, two?.own])
  })

  it('show who renewed, and who took the tokens over', async () => {
    const { tabs } = await openTabs(2)
    const [one, two] = [recorded(tabs[0]), recorded(tabs[1])]

    await Promise.all([tabs[1].client.getAccessToken({ forceRefresh: true }), pass(200)])

    expect(two.own.generations.at(-1)).toMatchObject({ number: 2, by: 'this-tab' })
    expect(one.own.generations.at(-1)).toMatchObject({
      number: 2,
      by: 'other-tab',
      session: two.own.generations.at(-1)?.session,
    })
    expect(one.others).toEqual([two.own])
    expect(two.others).toEqual([one.own])
  })

  it('say nothing after the first word while a tab is alone', async () => {
    const { tabs, posted } = await openTabs(1)
    recorded(tabs[0])
    const before = posted.length

    await Promise.all([tabs[0].client.http.get('todos'), pass(1000)])

    expect(before).toBe(1)
    expect(posted).toHaveLength(before)
  })

  it('are told ten times a second at most', async () => {
    const { tabs, posted } = await openTabs(2)
    const recorders = tabs.map(recorded)
    await pass(1000)
    posted.length = 0

    for (let made = 0; made < 50; made += 1) recorders[0]?.note(`note ${made}`)
    await pass(150)

    expect(posted).toHaveLength(1)
    expect(recorders[1]?.others[0]?.moments.at(-1)?.label).toBe('note 49')
  })

  it('mark a tab as closed that says goodbye, and one that dies without a word', async () => {
    const { tabs } = await openTabs(3)
    const [one] = await recordedInTurn(tabs)

    tabs[1].emit('pagehide')
    tabs[2]?.crash()
    await pass(200)

    expect(one?.others.map(({ number, closedAt }) => [number, typeof closedAt])).toEqual([
      [2, 'number'],
      [3, 'number'],
    ])
  })

  it('go on where they were after a reload', async () => {
    const { tabs, start } = await openTabs(2)
    const recorders = await recordedInTurn(tabs)
    recorders[1]?.note('before')
    await pass(200)
    tabs[1].emit('pagehide')
    tabs[1].crash()
    await pass(200)

    const again = recorded(await start())
    await pass(200)

    expect(again.own).toMatchObject({ number: 2, id: recorders[1]?.own.id, closedAt: undefined })
    expect(again.own.moments.map(({ label }) => label)).toContain('before')
    expect(recorders[0]?.others).toEqual([again.own])
    expect(window.sessionStorage).toHaveLength(0)
  })

  it('come back with the page from the back-forward cache', async () => {
    const { tabs } = await openTabs(2)
    const [one, two] = tabs.map(recorded)
    await pass(200)
    tabs[1].emit('pagehide')
    await pass(200)

    tabs[1].emit('pageshow')
    await pass(200)

    expect(two?.own.closedAt).toBeUndefined()
    expect(one?.others).toEqual([two?.own])
  })

  it('never hold a token', async () => {
    const { tabs, posted, server } = await openTabs(2)
    for (const tab of tabs) recorded(tab)
    await Promise.all([tabs[0].client.getAccessToken({ forceRefresh: true }), pass(200)])
    await Promise.all([tabs[1].client.http.get('todos'), pass(200)])
    tabs[0].emit('pagehide')
    await pass(200)

    const text = JSON.stringify(posted) + JSON.stringify({ ...window.sessionStorage })

    expect(posted.length).toBeGreaterThan(4)
    for (const token of server.issued) expect(text).not.toContain(token.slice(-12))
  })

  it('leave no channel, lock or listener behind', async () => {
    const { tabs, locks } = await openTabs(1)
    const [tab] = tabs
    const before = [tab.channels, tab.listeners, tab.timers]
    const fetch = inspect(tab.client)?.settings.wire.fetch

    const recorder = record(tab.client)
    await pass(200)
    expect(tab.channels).toBe((before[0] ?? 0) + 1)
    recorder.stop()
    await pass(200)

    expect([tab.channels, tab.listeners, tab.timers]).toEqual(before)
    expect(inspect(tab.client)?.settings.wire.fetch).toBe(fetch)
    const free = vi.fn(async () => undefined)
    void locks.of(tab).request(`latchkey.devtools.${recorder.own.id}`, {}, free)
    await pass()
    expect(free).toHaveBeenCalled()
  })

  it.each(['locks', 'channel'] as const)('do without %s', async (part) => {
    const { tabs } = await openTabs(2, { without: [part] })
    const [one, two] = tabs.map(recorded)
    await pass(200)

    expect(one?.others).toEqual(part === 'locks' ? [two?.own] : [])
  })

  it('take nothing from the channel that has not the shape of a record', async () => {
    const { tabs, call } = await openTabs(1)
    const recorder = recorded(tabs[0])
    const whole = { ...recorder.own, id: 'other', number: 7 }

    for (const hint of [
      null,
      '',
      '{',
      '[]',
      '"x"',
      JSON.stringify({ record: {}, last: 1 }),
      JSON.stringify({ record: { ...whole, requests: 'many' }, last: 1 }),
      JSON.stringify({ record: { ...whole, moments: [null] }, last: 1 }),
      JSON.stringify({ record: { ...whole, openedAt: 'soon' }, last: 1 }),
      JSON.stringify({ record: { ...whole, moments: [{ at: 1, kind: 'note' }] }, last: 1 }),
    ])
      call(hint, 'latchkey.devtools')
    await pass()

    expect(recorder.others).toEqual([])
    expect(tabs[0].reported).toEqual([])
  })
})
