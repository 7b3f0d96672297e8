/** Medians, spreads, and an order that a seed decides. */
import { seeded } from '../support/random.ts'

/** The value that a share `at` of `values` is not above. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * at
  const [low = Number.NaN, high = low] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]]
  return low + (high - low) * (position % 1)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** What lies between the tenth and the ninetieth percent. */
export interface Ratio {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** How many times `over` each of `values` is: round by round, so that what a noisy neighbour takes is taken from both. */
export function ratioOf(values: readonly number[], over: readonly number[]): Ratio {
  const each = values.map((value, round) => value / (over[round] ?? Number.NaN))
  return { median: median(each), low: quantile(each, 0.1), high: quantile(each, 0.9) }
}

/** An order that the same seed gives again. */
export function createShuffle(seed: number): <T>(items: readonly T[]) => T[] {
  const random = seeded(seed)
  return (items) => {
    const keyed = items.map((item) => ({ item, key: random() }))
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
  }
}
