/** How often signed-in tabs are woken in a day: once for each renewal, and for nothing else. */
import { hold } from './budget.ts'
import { openTabs } from './tabs-of.ts'

const DAY = 86_400_000

for (const count of [1, 10]) {
  const { time, server, tabs, close, left } = await openTabs({ tabs: count, lifetime: 300 })
  const before = server.generation
  await time.advance(DAY)
  close()
  const generations = server.generation - before
  const wakeUps = tabs.map(({ counts }) => counts.get('timers rung') ?? 0)
  hold(
    `A day with tokens of 5 minutes, ${count} ${count > 1 ? 'tabs' : 'tab'}`,
    [
      { what: 'generations', reached: generations },
      { what: 'timer callbacks of a tab', reached: Math.max(...wakeUps), budget: generations },
      { what: 'timers, listeners, channels, locks left after dispose()', reached: left(), budget: 0 },
    ],
    { 'there are about 340 generations': generations > 320 && generations < 370 },
  )
}
