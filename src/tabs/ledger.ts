import type { Ledger } from '../environment.js'

/** Which generation of which session is meant. */
interface Mark {
  readonly id: string
  readonly generation: number
}

/** The steps that a session takes in the ledger: each is one transaction, and compares before it sets. */
export interface SessionLedger {
  /** Makes `session` the current one. */
  adopt(session: Mark): Promise<void>
  /** Begins an attempt to renew `base`; `false` if that is no longer the current generation. */
  begin(base: Mark, startedAt: number): Promise<boolean>
  /** Moves on from `base`; `false` if it has ended, was renewed, or if a later attempt has begun. */
  commit(base: Mark, startedAt: number): Promise<boolean>
  /** Leaves a tombstone, so that nothing late revives the session. */
  end(id: string): Promise<void>
}

/** A ledger that one client keeps for itself: what a storage that nobody else sees needs. */
export function memoryLedger(): Ledger {
  const rows = new Map<string, ReturnType<Parameters<Ledger['update']>[1]>>()
  return {
    async update(name, step) {
      rows.set(name, step(rows.get(name)) ?? rows.get(name))
    },
  }
}

/** The steps on the row of `name`. */
export function openLedger(ledger: Ledger, name: string): SessionLedger {
  const compareAndSet = async (base: Mark, attempt: number | undefined, change: object): Promise<boolean> => {
    let isCurrent = false
    await ledger.update(name, (row) => {
      isCurrent =
        row?.id === base.id &&
        row.generation === base.generation &&
        !row.ended &&
        (attempt === undefined || row.attempt === attempt)
      return isCurrent && row ? { ...row, ...change } : undefined
    })
    return isCurrent
  }
  return {
    adopt: ({ id, generation }) => ledger.update(name, () => ({ id, generation })),
    begin: (base, startedAt) => compareAndSet(base, undefined, { attempt: startedAt }),
    commit: (base, startedAt) =>
      compareAndSet(base, startedAt, { generation: base.generation + 1, attempt: undefined }),
    end: (id) => ledger.update(name, (row) => (row?.id === id ? { ...row, ended: true } : undefined)),
  }
}
