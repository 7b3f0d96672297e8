/** Looks at the heap, to see whether anything is left behind. Wants `--expose-gc`. */
import { setImmediate } from 'node:timers/promises'

const { gc } = globalThis

/** What a heap differs by from one look to the next, in MiB. */
export const NOISE = 1.5
const MIB = 2 ** 20

/** The heap in MiB, once nothing more can be collected. */
export async function heap(): Promise<number> {
  if (!gc) throw new Error('Run it with `node --expose-gc`.')
  for (let round = 0; round < 5; round += 1) {
    gc()
    await setImmediate()
  }
  return process.memoryUsage().heapUsed / MIB
}
