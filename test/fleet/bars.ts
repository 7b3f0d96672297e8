/** The figures of a course as tables, and the bars that it has to clear. */
import type { Course } from './course.ts'
import { runNaive } from './naive.ts'
import { CYCLES, countCalls, DEPLOY, flatRate, momentsOf, peakOf, spanOf, TROUBLES } from './timeline.ts'

type Row = readonly string[]

export interface Verdict {
  readonly morning: readonly Row[]
  readonly trouble: readonly Row[]
  /** What was promised and not kept. */
  readonly missed: readonly string[]
}

const SECOND = 1000
const HOUR = 3600 * SECOND

export const MORNING_HEAD: Row = [
  'tokens',
  'policy',
  'peak in cycle 1',
  'cycle 2',
  'cycles 9–12',
  'mean',
  'peak ÷ mean',
  'peak ÷ flat line',
  'calls ÷ flat line',
]
export const TROUBLE_HEAD: Row = [
  'tokens',
  'outage of 10 min',
  'policy',
  'calls ÷ without it',
  'peak in it',
  'peak after it',
  'all are back after',
  'signed out',
]

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const ratio = (value: number): string => value.toFixed(2)

export function judge({ size, calls, ordeals }: Course): Verdict {
  const { clients, lifetime } = size
  const { outageAt, returnAt, deployAt, end } = momentsOf(lifetime)
  const label = lifetime === HOUR ? '1 h' : `${lifetime / 60 / SECOND} min`
  const flat = flatRate(size)
  const missed: string[] = []
  const claim = (isKept: boolean, text: string): void => {
    if (!isKept) missed.push(`${label} tokens: ${text}`)
  }

  const peaksOf = (series: ArrayLike<number>, span: number): [first: number, second: number, last: number] => [
    peakOf(series, span, 0, lifetime),
    peakOf(series, span, lifetime, 2 * lifetime),
    peakOf(series, span, 8 * lifetime, CYCLES * lifetime),
  ]
  const meanOf = (series: ArrayLike<number>): number =>
    (countCalls(series, 0, CYCLES * lifetime) / (CYCLES * lifetime)) * SECOND
  const describe = (policy: string, peaks: readonly number[], mean: number): Row => {
    const peak = Math.max(...peaks)
    return [label, policy, ...peaks.map(whole), whole(mean), ratio(peak / mean), ratio(peak / flat), ratio(mean / flat)]
  }
  const naive = runNaive(size).calls
  const [ours, theirs] = [peaksOf(calls, spanOf(clients)), peaksOf(naive, 1)]
  const [mean, naiveMean] = [meanOf(calls), meanOf(naive)]
  const best = Math.min(...theirs) / Math.max(...ours)
  if (lifetime === HOUR) claim(best >= 30, `the peak is 1/${best.toFixed(1)} of "60 s before exp", not 1/30`)
  // A crowd of a minute on tokens of an hour is 60 flat lines high, and half of that is 1/30: so much of what is possible.
  claim(Math.max(...ours) <= 2 * flat, `the peak is ${ratio(Math.max(...ours) / flat)} flat lines, not 2`)
  claim(mean <= 1.2 * naiveMean, `${ratio(mean / naiveMean)} times the calls of "60 s before exp", not 1.2`)

  const trouble: Row[] = []
  TROUBLES.forEach((each, index) => {
    const { calls: troubled, amplification, backAfter, lost, signedOut } = ordeals[index] as Course['ordeals'][number]
    const { name, deploy } = each
    const peaks = (series: ArrayLike<number>): string[] => [
      whole(peakOf(series, spanOf(clients), outageAt, returnAt)),
      whole(peakOf(series, spanOf(clients), returnAt, deploy === 'in calm' ? deployAt : end)),
    ]
    const back = (duration: number): string => `${whole(duration / SECOND)} s`
    trouble.push([label, name, 'Latchkey', ratio(amplification), ...peaks(troubled), back(backAfter), whole(signedOut)])
    if (deploy !== 'at the return') {
      const other = runNaive(size, each)
      const without = (clients / (lifetime - 60 * SECOND)) * (returnAt - outageAt + other.backAfter)
      const times = countCalls(other.calls, outageAt, returnAt + other.backAfter) / without
      trouble.push([label, name, '60 s before exp', ratio(times), ...peaks(other.calls), back(other.backAfter), '0'])
    }
    // Pages that load again with an expired token have to call: that is the deploy's share, not the outage's.
    if (deploy !== 'at the return')
      claim(amplification <= 3.5, `${name}: ${ratio(amplification)} times the calls, not 3.5`)
    claim(backAfter <= 2 * lifetime, `${name}: all are back after ${back(backAfter)}, not two lifetimes`)
    claim(lost === 0, `${name}: ${lost} have no token in the end`)
    claim(signedOut === 0, `${name}: ${signedOut} are signed out`)
    if (deploy === 'in calm') {
      const minute = (countCalls(troubled, deployAt, deployAt + DEPLOY) / DEPLOY) * SECOND
      const before = (countCalls(troubled, deployAt - DEPLOY, deployAt) / DEPLOY) * SECOND
      trouble.push([label, 'a deploy 30 min later', 'Latchkey', ratio(minute / before), '', whole(minute), '0 s', '0'])
    }
  })
  const ideal = describe('the flat line', [flat, flat, flat], flat)
  const morning = [describe('Latchkey', ours, mean), describe('60 s before exp', theirs, naiveMean), ideal]
  return { morning, trouble, missed }
}
