/**
 * The fleet that most SDKs make: each client renews a minute before `exp`, and after a failure again each second. They
 * are all alike, so that it is enough to count those who are due in each second.
 */
import { CAPACITY, type FleetSize, flatRate, MORNING, momentsOf, type Trouble } from './timeline.ts'

export interface NaiveCourse {
  readonly calls: ArrayLike<number>
  /** From the server's return until the last was back, in milliseconds. */
  readonly backAfter: number
}

const SECOND = 1000
const EARLY = 60 * SECOND
const TIMEOUT = 10 * SECOND

/** Without `trouble` all sign in within a minute; with it they are spread evenly, which is the best that may happen to them. */
export function runNaive(size: FleetSize, trouble?: Trouble): NaiveCourse {
  const { clients, lifetime } = size
  const { outageAt, returnAt, end } = momentsOf(lifetime)
  const seconds = end / SECOND
  const period = (lifetime - EARLY) / SECOND
  const capacity = CAPACITY * flatRate(size)
  const calls = new Float64Array(seconds)
  const add = (second: number, count: number): void => {
    if (second < seconds) calls[second] = (calls[second] as number) + count
  }
  const crowd = trouble ? period : MORNING / SECOND
  const first = trouble ? 0 : period
  for (let second = 0; second < crowd; second += 1) add(first + second, clients / crowd)

  let backAt = returnAt
  for (let second = 0; second < seconds; second += 1) {
    const due = calls[second] as number
    const isOut = trouble && second * SECOND >= outageAt && second * SECOND < returnAt
    const isLimited = trouble && second * SECOND >= returnAt
    const renewed = isOut ? 0 : isLimited ? Math.min(due, capacity) : due
    const isSilent = isOut && trouble.outage === 'silence'
    add(second + period, renewed)
    add(second + 1 + (isSilent ? TIMEOUT / SECOND : 0), due - renewed)
    if (isLimited && due > renewed) backAt = (second + 2) * SECOND
  }
  return { calls, backAfter: backAt - returnAt }
}
