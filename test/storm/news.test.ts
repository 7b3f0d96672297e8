import { expect } from 'vitest'
import type { HeardEvent } from './pages/protocol.ts'
import { growing, type Stage, until } from './stage.ts'
import { inEachEngine } from './storm.ts'

interface News {
  readonly events: readonly HeardEvent[]
  /** How long after the deed the last of them was heard, in milliseconds. */
  readonly after: number
}

/** What the other tabs hear of `act`, until each has heard `count` events, or a second is over. */
async function newsOf(stage: Stage, count: number, act: () => Promise<unknown>): Promise<News[]> {
  const others = stage.actors.slice(1)
  const before = (await stage.looks(others)).map(({ events }) => events.length)
  const since = Date.now()
  await act()
  const heard = async (): Promise<HeardEvent[][]> =>
    (await stage.looks(others)).map(({ events }, index) => events.slice(before[index]))
  await until('all have heard', async () => (await heard()).every(({ length }) => length >= count), 1500).catch(
    () => undefined,
  )
  // Whoever tells twice has done so by then.
  await new Promise((resolve) => setTimeout(resolve, 300))
  return (await heard()).map((events) => ({ events, after: Math.max(...events.map(({ heardAt }) => heardAt)) - since }))
}

function expectNews(news: readonly News[], wanted: readonly Partial<HeardEvent>[]): void {
  for (const { events, after } of news) {
    const heard = events.map(({ name, reason, origin }) => ({ name, origin, ...(reason && { reason }) }))
    expect(heard).toEqual(wanted.map((each) => ({ origin: 'other-tab', ...each })))
    expect(after).toBeLessThan(1000)
  }
}

inEachEngine({}, ({ stage, storm, notRun, engine }) => {
  storm('what one tab does, each other one knows within a second, and tells once', async (figures) => {
    const set = await stage({ tabs: 5, signIn: false, world: { lifetime: growing } })
    const [first, second] = set.actors
    if (!first || !second) throw new Error('There are no tabs.')
    const statuses = async (): Promise<string[]> => (await set.looks()).map(({ state }) => state.status)
    const tell = async (what: string, wanted: Partial<HeardEvent>[], act: () => Promise<unknown>): Promise<void> => {
      const news = await newsOf(set, wanted.length, act)
      expectNews(news, wanted)
      figures[what] = `${Math.max(...news.map(({ after }) => after))} ms`
    }

    await tell('login', [{ name: 'login' }], () => first.act('login', 'ann'))
    expect(await statuses()).toEqual(Array(5).fill('authenticated'))
    await tell('refresh', [{ name: 'refresh' }], () => first.act('token', { forceRefresh: true }))
    const replaced = [{ name: 'logout', reason: 'replaced' }, { name: 'login' }]
    await tell('another person', replaced, () => first.act('login', 'bob'))
    expect((await set.looks()).map(({ user }) => user)).toEqual(Array(5).fill('bob'))
    await tell('logout', [{ name: 'logout', reason: 'logout' }], () => first.act('logout'))
    expect(await statuses()).toEqual(Array(5).fill('unauthenticated'))
    await tell('login again', [{ name: 'login' }], () => first.act('login', 'ann'))
    const cleared = [{ name: 'logout', reason: 'storage-cleared' }]
    await tell('localStorage.clear()', cleared, () => first.act('clear'))
  })

  const duplicated =
    'a duplicated tab with a copied sessionStorage signs out alone, and spends no token of the first one'
  if (engine === 'webkit') {
    notRun(duplicated, 'its driver cannot duplicate a tab')
    return
  }
  storm(duplicated, async (figures) => {
    const set = await stage({ tabs: 1, world: { lifetime: growing }, page: { storage: 'session' } })
    const [first] = set.actors
    const { family } = set.world
    const copy = await first?.tab.duplicate?.(first.url.replace('tab=tab-1', 'tab=copy'))
    const act = <T>(what: string, argument?: unknown): Promise<T> | undefined =>
      copy?.run(
        (call) => (window as unknown as { act(w: string, a: unknown): unknown }).act(call.what, call.argument),
        {
          what,
          argument,
        },
      ) as Promise<T> | undefined
    await until('the copy has started', async () => (await copy?.run(() => 'isReady' in window, undefined)) === true)
    const before = await act<{ state: object }>('look')
    await first?.act('token', { forceRefresh: true })
    const request = await act('request')
    await until('the copy is signed out', async () => {
      const look = await act<{ state: { status: string } }>('look')
      return look?.state.status === 'unauthenticated'
    })
    const mine = await first?.act('request')
    Object.assign(figures, { calls: family.calls, reuses: family.reuses, copy: JSON.stringify(request) })
    await copy?.close()
    expect(before?.state).toMatchObject({ status: 'authenticated' })
    expect(mine).toEqual({ status: 200 })
    expect(family.reuses).toBe(0)
    expect((await first?.look())?.state.status).toBe('authenticated')
  })
})
