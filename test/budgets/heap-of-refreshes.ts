/** Whether the heap grows with refreshes, in two tabs. Wants `--expose-gc`. */
import { type Budget, hold } from './budget.ts'
import { heap } from './heap.ts'
import { openTabs } from './tabs-of.ts'

/** After how many refreshes the heap is looked at; the first look is what the others are held against. */
const LOOKS = [5000, 10_000, 20_000]
/** In MiB: what weak references are late by. 110 bytes a refresh are more. */
const NOISE = 1.5
const HOUR = 3_600_000

const { time, server, tabs, close } = await openTabs({ tabs: 2, lifetime: 300 })
const rows: Budget[] = []
let first: number | undefined
for (const look of LOOKS) {
  while (server.generation < look) await time.advance(HOUR)
  const now = await heap()
  first ??= now
  const what = `after ${look.toLocaleString('en')} refreshes`
  rows.push({ what, reached: now, budget: now === first ? undefined : first + NOISE, unit: 'MiB' })
}
const isFollowed = tabs.every(({ generation }) => generation === server.generation)
close()
hold('The heap after refreshes, two tabs', rows, { 'both tabs have all of them': isFollowed })
