import type { Ledger, LedgerRow } from '../environment.js'

/** The steps that a session takes in the ledger: each is one transaction, and compares before it sets. */
export interface SessionLedger {
  /** Makes this session and generation the current one. */
  adopt(session: LedgerRow): Promise<void>
  /** Moves on from this generation; `false` if it has ended, or somebody else has moved on. */
  commit(base: LedgerRow): Promise<boolean>
  /** Leaves a tombstone, so that nothing late revives the session. */
  end(id: string): Promise<void>
}

/** A ledger that one client keeps for itself: all that a storage needs which nobody else sees. */
export function memoryLedger(): Ledger {
  const rows = new Map<string, LedgerRow>()
  return {
    async update(name, step) {
      const row = step(rows.get(name))
      if (row) rows.set(name, row)
    },
  }
}

/** The steps on the row of `name`. */
export function openLedger(ledger: Ledger, name: string): SessionLedger {
  return {
    adopt: ({ id, generation }) => ledger.update(name, () => ({ id, generation })),
    async commit({ id, generation }) {
      let isCurrent = false
      await ledger.update(name, (row) => {
        isCurrent = row?.id === id && row.generation === generation && !row.ended
        return isCurrent ? { id, generation: generation + 1 } : undefined
      })
      return isCurrent
    },
    end: (id) => ledger.update(name, (row) => (row?.id === id ? { ...row, ended: true } : undefined)),
  }
}
