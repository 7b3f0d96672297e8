/**
 * `MODEL_RUNS=100000` is the soak; `MODEL_SEED` repeats a run. What the walks are worth is shown by `planted-bugs.ts`,
 * which plants fifteen known bugs one at a time: each is found, most of them within 50 walks.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Tabs } from './tabs.ts'
import { tabsSetting, tabsSteps } from './tabs-walks.ts'

const runs = Number(process.env.MODEL_RUNS ?? 5000)
// The same walks in each `npm test`; others in each soak.
const { MODEL_RUNS, MODEL_SEED = MODEL_RUNS ? undefined : '1' } = process.env
const seed = MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }

it('several tabs keep their promises whatever people, servers, browsers or networks do to them, in any order', async () => {
  let [refreshes, ended] = [0, 0]
  await fc.assert(
    fc.asyncProperty(tabsSetting, tabsSteps, async (kind, list) => {
      const tabs = new Tabs(kind)
      await tabs.run(list)
      refreshes += tabs.refreshCount
      ended += tabs.hasEnded ? 1 : 0
    }),
    { numRuns: runs, ...seed },
  )
  // The walks lead somewhere.
  expect(refreshes).toBeGreaterThan(runs)
  expect(ended).toBeGreaterThan(runs / 5)
}, 7_200_000)
