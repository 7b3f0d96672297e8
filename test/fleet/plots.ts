/** The four pictures of the course: morning and outage, with tokens of an hour and of 15 minutes. */
import type { Course } from './course.ts'
import { runNaive } from './naive.ts'
import { drawPlot, type Line, type Plot } from './plot.ts'
import { CYCLES, DEPLOY, flatRate, momentsOf, TROUBLES } from './timeline.ts'

const SECOND = 1000
const MINUTE = 60
const HOUR = 3600
const DECADES = [0, 5] as const

/** The pictures of one course, by the names of their files. */
export function drawCourse({ size, calls, ordeals }: Course): Record<string, string> {
  const { clients, lifetime } = size
  const minutes = lifetime / MINUTE / SECOND
  const label = minutes === 60 ? '1-hour' : `${minutes}-minute`
  const name = minutes === 60 ? '1h' : `${minutes}min`
  const { outageAt, returnAt, deployAt } = momentsOf(lifetime)
  const outage = outageAt / SECOND
  const crowd = clients === 1e6 ? 'a million clients' : `${clients.toLocaleString('en')} clients`
  const linesOf = (ours: ArrayLike<number>, naive: ArrayLike<number>, offset: number): Line[] => [
    { name: '60 s before exp, again each second', look: 'naive', at: (second) => naive[second + offset] ?? 0 },
    { name: 'Latchkey', look: 'ours', at: (second) => ours[second + offset] ?? 0 },
    { name: 'the least possible', look: 'flat', at: () => flatRate(size) },
  ]
  const morning: Plot = {
    title: `All of ${crowd} sign in within one minute; ${label} tokens`,
    from: 0,
    until: (CYCLES * lifetime) / SECOND,
    unit: minutes === 60 ? HOUR : 15 * MINUTE,
    axis: minutes === 60 ? 'hours since then' : 'quarters of an hour since then',
    step: 1,
    lines: linesOf(calls, runNaive(size).calls, 0),
    bands: [],
    decades: DECADES,
  }
  const [trouble] = TROUBLES
  const [ordeal] = ordeals
  const storm: Plot = {
    title: `The auth server fails for ten minutes; ${crowd}, ${label} tokens`,
    from: -5 * MINUTE,
    until: (deployAt - outageAt) / SECOND + 10 * MINUTE,
    unit: MINUTE,
    axis: 'minutes since the outage began',
    step: 5,
    lines: linesOf(ordeal?.calls ?? [], runNaive(size, trouble).calls, outage),
    bands: [
      { from: 0, until: returnAt / SECOND - outage, name: 'it is back' },
      { from: deployAt / SECOND - outage, until: (deployAt + DEPLOY) / SECOND - outage, name: 'every page reloads' },
    ],
    decades: [1, 6],
  }
  return { [`morning-${name}.svg`]: drawPlot(morning), [`outage-${name}.svg`]: drawPlot(storm) }
}
