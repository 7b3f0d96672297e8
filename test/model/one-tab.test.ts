import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OneTab } from './one-tab.ts'
import { setting, steps } from './walks.ts'

const runs = Number(process.env.MODEL_RUNS ?? 2000)
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) }

it('one tab keeps its promises whatever a person, server, clock, storage or network do, in any order', async () => {
  let [refreshes, ended] = [0, 0]
  await fc.assert(
    fc.asyncProperty(setting, steps, async (kind, list) => {
      const tab = new OneTab(kind)
      await tab.run(list)
      refreshes += tab.counts.refreshes
      ended += tab.counts.reached ? 1 : 0
    }),
    { numRuns: runs, ...seed },
  )
  // The walks lead somewhere.
  expect(refreshes).toBeGreaterThan(runs)
  expect(ended).toBeGreaterThan(runs / 4)
}, 600_000)
