import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { OneTab } from './one-tab.ts'
import { Tabs } from './tabs.ts'
import { tabsSetting, tabsSteps } from './tabs-walks.ts'
import { setting, steps } from './walks.ts'

/** Walks, and what throws when one of them breaks a promise. */
export interface Model<Walk> {
  readonly walk: fc.Arbitrary<Walk>
  run(walk: Walk): Promise<void>
}

function model<Walk>(walk: fc.Arbitrary<Walk>, run: (walk: Walk) => Promise<void>): Model<unknown> {
  return { walk, run: (each) => run(each as Walk) }
}

const skew = fc.constantFrom(-7_200_000, 7_200_000)

/** The models, by name, as far as they do not need a test runner. */
export const models = {
  tabs: model(fc.tuple(tabsSetting, tabsSteps), ([kind, list]) => new Tabs(kind).run(list)),
  'one tab': model(fc.tuple(setting, steps), ([kind, list]) => new OneTab(kind).run(list)),
  'wrong clock': model(fc.tuple(setting, steps, skew), async ([kind, list, wrong]) => {
    if (kind.server.says === 'exp') return // then the server's clock is part of the answer
    const traces: (readonly string[])[] = []
    for (const each of [0, wrong]) {
      const tab = new OneTab({ ...kind, skew: each })
      await tab.run(list)
      traces.push(tab.trace)
    }
    if (!isDeepStrictEqual(traces[0], traces[1])) throw new Error('What leaves the page depends on the clock.')
  }),
}
