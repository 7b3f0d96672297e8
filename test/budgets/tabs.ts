/** What one refresh asks of the browser in each of 2, 10 and 20 tabs, which must be the same; idle tabs ask for nothing. */
import { type Budget, hold } from './budget.ts'
import { openTabs, type Tab } from './tabs-of.ts'

const HOUR = 3_600_000
const SIZES = [2, 10, 20]
const GENERATIONS = 5

/** What one tab may ask for, for one refresh of all tabs: by its timer, by a caller in one of the tabs. */
const PER_TAB: Record<string, readonly [scheduled: number, forced: number]> = {
  'timers rung': [1, 0],
  'timers set': [15, 8],
  'locks asked': [1, 1],
  'ledger reads': [3, 2],
  'ledger steps': [2, 2],
  'storage reads': [6, 3],
  'storage writes': [1, 1],
  'hints heard': [1, 1],
}
/** What all tabs together may ask for, however many they are. */
const IN_ALL = ['requests', 'hints sent', 'storage writes']

const of = (tab: Tab, what: string): number => tab.counts.get(what) ?? 0
const inAll = (tabs: readonly Tab[], what: string): number => tabs.reduce((sum, tab) => sum + of(tab, what), 0)

/** The most that was seen over several generations. */
type Most = Record<string, number>

const raise = (most: Most, tabs: readonly Tab[]): void => {
  for (const what of Object.keys(PER_TAB)) most[what] = Math.max(most[what] ?? 0, ...tabs.map((tab) => of(tab, what)))
  for (const what of IN_ALL) most[`${what} in all`] = Math.max(most[`${what} in all`] ?? 0, inAll(tabs, what))
}

/** What tabs ask for in an idle hour, and for a refresh by the timer and by a caller. */
async function watch(tabs: number, isLate: boolean) {
  const house = await openTabs({ tabs, lifetime: 8 * 3600, isLate })
  await house.time.advance(HOUR)
  const idle = house.tabs.flatMap(({ counts }) => [...counts.values()]).reduce((sum, count) => sum + count, 0)
  const [scheduled, forced]: [Most, Most] = [{}, {}]
  /** What tabs ask for that follow: they look for what the other has stored. */
  const following = { tabs: 0, reads: 0, rung: 0 }
  for (let round = 0; round < GENERATIONS; round += 1) {
    house.forget()
    await house.nextGeneration()
    raise(scheduled, house.tabs)
    const followers = house.tabs.filter((tab) => of(tab, 'requests') === 0)
    following.tabs += followers.length
    following.reads += inAll(followers, 'storage reads')
    following.rung += inAll(followers, 'timers rung')
    house.forget()
    await house.until(house.first.client.getAccessToken({ forceRefresh: true }))
    await house.time.advance(5000)
    raise(forced, house.tabs)
  }
  house.close()
  const { tabs: followers, reads, rung } = following
  return { idle, left: house.left(), scheduled, forced, reads: reads / followers, rung: rung / followers }
}

type Watched = Awaited<ReturnType<typeof watch>>
const coherent: Watched[] = []
for (const tabs of SIZES) coherent.push(await watch(tabs, false))
const late: Watched[] = []
for (const tabs of SIZES) late.push(await watch(tabs, true))

const rows = (which: 'scheduled' | 'forced', index: 0 | 1): Budget[] => {
  const row = (what: string, budget?: number): Budget => {
    const reached = coherent.map((each) => each[which][what] ?? 0)
    return { what: `${what}: ${reached.join(', ')}`, reached: Math.max(...reached), budget }
  }
  return [
    ...Object.entries(PER_TAB).map(([what, budgets]) => row(what, budgets[index])),
    ...IN_ALL.map((what) => row(`${what} in all`, 1)),
  ]
}
const sizes = SIZES.join(', ')
hold(`One refresh by the timer: the most in one of ${sizes} tabs, ${GENERATIONS} generations`, rows('scheduled', 0))
hold(`One refresh because a caller asked: the most in one of ${sizes} tabs`, rows('forced', 1))
const [few, ...many] = late
const mean = (name: 'reads' | 'rung', what: string, budget: number): Budget => ({
  what: `${what}: ${late.map((each) => each[name].toFixed(1)).join(', ')}`,
  reached: Math.max(...late.map((each) => each[name])),
  budget,
})
hold(
  `One refresh by the timer where writes arrive up to 400 ms late: one that follows, on average, of ${sizes} tabs`,
  [mean('reads', 'storage reads', 10), mean('rung', 'timers rung', 6)],
  { 'it is the same for each tab, however many they are': !!few && many.every((each) => each.rung < 1.5 * few.rung) },
)
const sum = (name: 'idle' | 'left'): number => [...coherent, ...late].reduce((total, each) => total + each[name], 0)
hold(`An hour in which nothing happens, ${sizes} tabs`, [
  { what: 'timers, reads, locks, hints, …: all that tabs ask for', reached: sum('idle'), budget: 0 },
  { what: 'timers, listeners, channels, locks left after dispose()', reached: sum('left'), budget: 0 },
])
