import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Recorder, record } from '../../src/devtools/recording/recorder.ts'
import { LIFETIME, openTabs, pass, type Tab } from '../tabs/several-tabs.ts'
import { generation, moment, request } from './records.ts'

const CHANNEL = 'latchkey.devtools'

function recorded({ client }: Tab): Recorder {
  const recorder = record(client)
  onTestFinished(() => recorder.stop())
  return recorder
}

afterEach(() => window.sessionStorage.clear())

describe('the record of a session that was lost with a tab', () => {
  it('says so, and not that it was revoked', async () => {
    const { server, tabs } = await openTabs(2, {}, { refresh: { when: 'on-demand', timeout: 10_000 } })
    const two = recorded(tabs[1])
    server.slowDown('refresh', (_, index) => (index === 0 ? 60_000 : 0))
    await pass(LIFETIME)
    tabs[0].token.catch(() => undefined)
    await pass()
    tabs[1].token.catch(() => undefined)
    tabs[0].crash()
    await pass(5000)

    expect(two.own.moments.at(-1)).toMatchObject({ kind: 'signed-out', label: 'refresh_lost' })
  })
})

/** A tab that records, and what somebody on the channel would have it believe. */
async function hearing() {
  const { tabs, call } = await openTabs(1)
  const recorder = recorded(tabs[0])
  const whole = { ...recorder.own, id: 'other', number: 7 }
  const tell = (changes: object, last = 7): void => {
    call(JSON.stringify({ record: { ...whole, ...changes }, last }), CHANNEL)
  }
  return { tab: tabs[0], recorder, tell }
}

describe('what devtools tell each other', () => {
  it('is told though the clock of the tab was set back', async () => {
    const { tabs } = await openTabs(2)
    const [one, two] = tabs.map(recorded)
    await pass(1000)
    vi.setSystemTime(Date.now() - 3_600_000)

    one?.note('after')
    await pass(300)

    expect(two?.others[0]?.moments.at(-1)?.label).toBe('after')
  })

  it('is told at most ten times a second, and not much less often', async () => {
    const { tabs, posted } = await openTabs(2)
    const [one] = tabs.map(recorded)
    await pass(1000)
    posted.length = 0

    for (let made = 0; made < 100; made += 1) {
      one?.note(`note ${made}`)
      await pass(10)
    }

    expect(posted.length).toBeLessThanOrEqual(11)
    expect(posted.length).toBeGreaterThanOrEqual(8)
  })

  it('says goodbye, where there are no locks that would tell', async () => {
    const { tabs } = await openTabs(2, { without: ['locks'] })
    const [one, two] = tabs.map(recorded)
    await pass(1000)

    two?.stop()
    await pass(300)

    expect(one?.others[0]?.closedAt).toBeTypeOf('number')
  })

  it('is kept of the last four that have closed', async () => {
    const { recorder, tell } = await hearing()
    for (let number = 2; number < 12; number += 1) tell({ id: `t${number}`, number, closedAt: number })
    await pass()

    expect(recorder.others.map(({ number }) => number)).toEqual([8, 9, 10, 11])
  })

  it('is kept of no more than 30 others, and of each no more than it keeps itself', async () => {
    const { recorder, tell } = await hearing()
    for (let number = 2; number < 60; number += 1) tell({ id: `t${number}`, number })
    tell({ id: 't2', number: 2, requests: Array.from({ length: 1000 }, (_, index) => request(index, 1)) })
    await pass()

    expect(recorder.others).toHaveLength(30)
    expect(recorder.others[0]?.requests).toHaveLength(300)
  })

  it.each([
    ['a token', { generations: [{ ...generation(1, 1), number: { toString: 1 } }] }],
    ['its session', { generations: [{ ...generation(1, 1), session: 7 }] }],
    ['its begin', { generations: [{ ...generation(1, 1), from: 'soon' }] }],
    ['its expiry', { generations: [{ ...generation(1, 1), expiresAt: {} }] }],
    ['its window', { generations: [{ ...generation(1, 1), renewal: 7 }] }],
    ['a request', { requests: [{ ...request(1, 1), path: {} }] }],
    ['its answer', { requests: [{ ...request(1, 1), answer: {} }] }],
    ['a moment', { moments: [{ ...moment('note', 1), label: 1 }] }],
    ['its kind', { moments: [{ ...moment('note', 1), kind: 1 }] }],
    ['the number', { number: 1e300 }],
    ['the role', { role: 'king' }],
    ['the end', { closedAt: {} }],
  ])('is nothing where %s has not the right shape', async (_, changes) => {
    const { recorder, tell, tab } = await hearing()
    tell({})
    await pass()
    expect(recorder.others).toHaveLength(1)

    tell({ id: 'odd', ...changes })
    await pass()

    expect(recorder.others).toHaveLength(1)
    expect(tab.reported).toEqual([])
  })

  it('is nothing where the highest number is none', async () => {
    const { recorder, tell } = await hearing()

    tell({}, 1e300)
    await pass()

    expect(recorder.others).toEqual([])
    expect(recorder.own.number).toBe(1)
  })
})
