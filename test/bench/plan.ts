/** How much is measured, as the command line says. */
import { parseArgs } from 'node:util'

export interface Plan {
  readonly seed: number
  /** Fresh processes of every subject, one set after the other: where code and heap come to lie differs. */
  readonly sets: number
  /** Rounds of a set; in each, everybody comes once. */
  readonly rounds: number
  /** Milliseconds of calls in a round, and before the first. */
  readonly slice: number
  readonly warmUp: number
  /** Rounds of 1,000 requests at once, and of 10,000; of these, all but the first are for those whose times have a bar. */
  readonly stampedes: readonly [rounds: number, ofMany: number]
  readonly coldStarts: number
  /** Where the table is written, between its two comments. */
  readonly write: string | undefined
}

const FULL = { sets: 5, rounds: 10, slice: 30, warmUp: 300, stampedes: [3, 2], coldStarts: 25 } as const
const QUICK = { sets: 1, rounds: 3, slice: 5, warmUp: 30, stampedes: [1, 0], coldStarts: 2 } as const

export function readPlan(root: string): Plan {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      write: { type: 'boolean', default: false },
    },
  })
  const write = values.write ? (positionals[0] ?? `${root}/README.md`) : undefined
  return { ...(values.quick ? QUICK : FULL), seed: Number(values.seed), write }
}
