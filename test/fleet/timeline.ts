/** The course that every fleet goes through, in milliseconds, and how its calls are measured. */

const SECOND = 1000
const MINUTE = 60 * SECOND

/** All sign in within this time. */
export const MORNING = MINUTE
export const CYCLES = 12
export const OUTAGE = 10 * MINUTE
/** From the auth server's return to the deploy in calm weather. */
export const CALM = 30 * MINUTE
/** A deploy makes every page load again within this time. */
export const DEPLOY = MINUTE
/** How many calls the server answers after its return: so many times those of the flat line. */
export const CAPACITY = 3.6

export interface FleetSize {
  readonly clients: number
  /** How long an access token lives. */
  readonly lifetime: number
  readonly seed: number
}

/** What happens to a fleet after its cycles. */
export interface Trouble {
  readonly name: string
  readonly outage: 'errors' | 'silence'
  /** What the server answers to calls beyond its capacity. */
  readonly excess: { readonly status: number; readonly retryAfter?: string }
  readonly deploy: 'in calm' | 'at the return' | 'none'
}

export const TROUBLES: readonly Trouble[] = [
  { name: 'errors, then 503', outage: 'errors', excess: { status: 503 }, deploy: 'in calm' },
  {
    name: 'silence, then 429 with Retry-After: 60',
    outage: 'silence',
    excess: { status: 429, retryAfter: '60' },
    deploy: 'none',
  },
  { name: 'errors, then 503 and a deploy', outage: 'errors', excess: { status: 503 }, deploy: 'at the return' },
]

/** The moments of the course of tokens that live for `lifetime`. */
export function momentsOf(lifetime: number) {
  const outageAt = CYCLES * lifetime
  const returnAt = outageAt + OUTAGE
  const deployAt = returnAt + CALM
  return { outageAt, returnAt, deployAt, end: deployAt + 10 * MINUTE }
}

/** The fewest calls a second that keep everybody signed in: each token is used to its end, no two clients alike. */
export function flatRate({ clients, lifetime }: FleetSize): number {
  return (clients / lifetime) * SECOND
}

/** How many calls were made from one moment to another. */
export function countCalls(calls: ArrayLike<number>, from: number, until: number): number {
  let sum = 0
  for (let second = Math.floor(from / SECOND); second < Math.ceil(until / SECOND); second += 1)
    sum += calls[second] ?? 0
  return sum
}

/** Over how many seconds a fleet is looked at: so long that a million would make as many calls in one; else chance would decide. */
export function spanOf(clients: number): number {
  return Math.max(1, Math.round(1e6 / clients))
}

/** The most calls a second, on average over `span` seconds. */
export function peakOf(calls: ArrayLike<number>, span: number, from: number, until: number): number {
  const step = span * SECOND
  let peak = 0
  for (let at = from; at + step <= until; at += step)
    peak = Math.max(peak, (countCalls(calls, at, at + step) / step) * SECOND)
  return peak
}
