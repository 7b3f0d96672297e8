/** Looks at the heap, to see whether anything is left behind. Wants `--expose-gc`. */
import { setImmediate } from 'node:timers/promises'
import type { Budget } from './budget.ts'

const { gc } = globalThis

/** What a heap differs by from one look to the next, in MiB. */
export const NOISE = 1.5
export const MIB = 2 ** 20

/** The heap in MiB, once nothing more can be collected. */
export async function heap(): Promise<number> {
  if (!gc) throw new Error('Run it with `node --expose-gc`.')
  for (let round = 0; round < 5; round += 1) {
    gc()
    await setImmediate()
  }
  return process.memoryUsage().heapUsed / MIB
}

/** The heap after so many of `what`, when `reach` has led there; the first look is what the others are held against. */
export async function heapAfter(
  looks: readonly number[],
  what: string,
  reach: (look: number) => Promise<void>,
): Promise<Budget[]> {
  const rows: Budget[] = []
  for (const look of looks) {
    await reach(look)
    const [first] = rows
    const budget = first && first.reached + NOISE
    rows.push({ what: `after ${look.toLocaleString('en')} ${what}`, reached: await heap(), budget, unit: 'MiB' })
  }
  return rows
}
