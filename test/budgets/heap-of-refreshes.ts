/** Whether the heap grows with refreshes, in two tabs. Wants `--expose-gc`. */
import { hold } from './budget.ts'
import { heapAfter } from './heap.ts'
import { openTabs } from './tabs-of.ts'

const HOUR = 3_600_000

const { time, server, tabs, close } = await openTabs({ tabs: 2, lifetime: 300 })
const rows = await heapAfter([5000, 10_000, 20_000], 'refreshes', async (look) => {
  while (server.generation < look) await time.advance(HOUR)
})
const isFollowed = tabs.every(({ generation }) => generation === server.generation)
close()
hold('The heap after refreshes, two tabs', rows, { 'both tabs have all of them': isFollowed })
