import { type Environment, type Ledger, type LedgerRow, within } from '../environment.js'
import { AuthError } from '../errors.js'

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

const PATIENCE = 3000

/** The steps on the row of `name`; they take 3 s at most. */
export function openLedger(ledger: Ledger, name: string, environment: Environment): SessionLedger {
  const late = new AuthError('timeout', 'The ledger of the tabs gave no answer in 3 s.')
  const update: (step: Parameters<Ledger['update']>[1]) => Promise<void> = (step) =>
    within(environment, PATIENCE, (async () => ledger.update(name, step))(), late)
  const ignore = (): void => undefined
  return {
    adopt: ({ id, generation }) => update(() => ({ id, generation })).catch(ignore),
    async commit({ id, generation }) {
      let isCurrent = false
      await update((row) => {
        isCurrent = row?.id === id && row.generation === generation && !row.ended
        return isCurrent ? { id, generation: generation + 1 } : undefined
      })
      return isCurrent
    },
    end: (id) => update((row) => (row?.id === id ? { ...row, ended: true } : undefined)).catch(ignore),
  }
}
