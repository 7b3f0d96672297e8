import type { Ledger, LedgerRow } from '../../environment.js'
import type { TabLife } from './tab-life.js'

/** The ledger of one browser, in memory. */
export type Rows = ReturnType<typeof createRows>

export function createRows() {
  const rows = new Map<string, LedgerRow>()
  return {
    /** What stands in it. */
    rows,
    /** The ledger as `tab` has it: a tab that is gone changes nothing, and one that stands still does so at its thaw. */
    of: (tab: TabLife): Ledger => ({
      async read(name) {
        await tab.awake()
        return rows.get(name)
      },
      async update(name, step) {
        await tab.awake()
        const row = step(rows.get(name))
        if (row) rows.set(name, row)
      },
    }),
  }
}
