import { type Environment, type Ledger, type LedgerFailure, type LedgerRow, within } from '../environment.js'
import type { Trace } from '../trace.js'

/** A session as the ledger knows it. */
export type Entry = Pick<LedgerRow, 'id' | 'generation'>

/** What a tab that wants to renew a session has to do. */
export type Turn =
  /**
   * Call the server in `delay` milliseconds; `attempt` is to be named at the commit. `isHeir`: an attempt at this
   * generation has died before; `failure`: the last one, whose pauses are over.
   */
  | {
      readonly may: 'try'
      readonly attempt: number
      readonly isHeir: boolean
      readonly delay: number
      readonly failure: LedgerFailure | undefined
    }
  /** Wait and ask again: an attempt is under way, or has died just now, and its answer may still come. */
  | { readonly may: 'wait'; readonly delay: number }
  /** Heed the failure of another tab, and ask again. */
  | { readonly may: 'pause'; readonly failure: LedgerFailure }
  /** Look again: the session has moved on, or is over. */
  | { readonly may: 'look' }

/** How a tab begins an attempt. */
export interface Beginning {
  /** For so long an attempt of another tab is believed to be alive, in milliseconds. */
  readonly patience: number
  /** Whether somebody who knows all attempts makes them: nobody needs to wait for one here. */
  readonly isHosted: boolean
  /** When the last failure happened that this tab knows of. */
  readonly failedAt: number | undefined
  /** Take over a row that this tab can make nothing of. */
  readonly isForced: boolean
  /** An attempt of this tab that came to nothing. */
  readonly own?: number | undefined
}

/** The steps that a session takes in the ledger: each is one transaction, and compares before it sets. */
export interface SessionLedger {
  /** Whether other tabs see it. */
  readonly isShared: boolean
  /** What the ledger says of `session`, or of whichever is the current one. */
  read(session: Entry | undefined): Promise<LedgerRow | undefined>
  /** Makes this session the current one, whatever was before; hands back the undo. */
  adopt(session: Entry): Promise<() => Promise<void>>
  /** Enters a session that was found in the storage, where the ledger does not know better; hands back what it knows. */
  join(session: Entry): Promise<LedgerRow>
  /** Begins an attempt to renew it. */
  begin(session: Entry, beginning: Beginning): Promise<Turn>
  /** Moves on from this generation; `false` if it has ended, or somebody else has moved on, or is about to. */
  commit(base: Entry, attempt: number): Promise<boolean>
  /** Ends an attempt that has moved nothing on; with `failure`, if it failed; `null` forgets the failures before. */
  fail(base: Entry, attempt: number, failure?: LedgerFailure | null): Promise<void>
  /** Ends the session because the attempt was refused; `false` if the refusal came too late to count. */
  refuse(base: Entry, attempt: number, why: string): Promise<boolean>
  /** Leaves a tombstone, so that nothing late revives the session; `false` if another session goes on there. */
  end(session: Entry, why: string): Promise<boolean>
}

/** What a session's ledger is made of. */
export interface LedgerParts {
  /** Whether nobody else can see the session: then the ledger is this tab's own. */
  readonly isPrivate: () => boolean
  /** The name of a session's row. */
  readonly nameOf: (session: Entry) => string
  readonly environment: Environment
  readonly trace: Trace
}

/** A ledger that one client keeps for itself. */
function memoryLedger(): Ledger & { readonly rows: ReadonlyMap<string, LedgerRow> } {
  const rows = new Map<string, LedgerRow>()
  return {
    rows,
    read: async (name) => rows.get(name),
    async update(name, step) {
      const row = step(rows.get(name))
      if (row) rows.set(name, row)
    },
  }
}

const PATIENCE = 3000
/** A ledger that has failed is left alone for so long. */
const RETRY = 60_000

/** The steps on a session's row; when one takes longer than 3 s, or fails, this tab goes on with a ledger of its own. */
export function openLedger({ isPrivate, nameOf, environment, trace }: LedgerParts): SessionLedger {
  const { clock, ledger: shared } = environment
  let own: ReturnType<typeof memoryLedger> | undefined
  let ownUntil = 0

  /** The session that this tab began alone: it is newer than what the shared ledger has. */
  let owed = ''

  const share = <T>(step: (ledger: Ledger) => Promise<T>): Promise<T> =>
    within(environment, PATIENCE, (async () => step(shared as Ledger))(), undefined)

  const take = async <T>(step: (ledger: Ledger) => Promise<T>): Promise<T> => {
    if (isPrivate()) own ??= memoryLedger()
    if (own && (isPrivate() || clock.monotonic() < ownUntil)) return step(own)
    try {
      // What this tab did alone is made up for, unless somebody else has signed in meanwhile.
      for (const [name, mine] of own?.rows ?? []) {
        await share((all) =>
          all.update(name, (row) => {
            const isNewer = row?.id === mine.id && (row.ended || row.generation > mine.generation)
            const isOther = row && row.id !== mine.id && !row.ended && owed !== mine.id
            return isNewer || isOther ? row : mine
          }),
        )
      }
      own = undefined
      owed = ''
      return await share(step)
    } catch {
      // A refresh token that the server has replaced must not be offered again because of a broken database.
      if (!own) trace.add('alone', 'IndexedDB is missing or broken: the storage alone tells what other tabs did.')
      own ??= memoryLedger()
      ownUntil = clock.monotonic() + RETRY
      return step(own)
    }
  }
  const update = (
    session: Entry,
    step: (row: LedgerRow | undefined, isAlone: boolean) => LedgerRow | undefined,
  ): Promise<void> => take((used) => used.update(nameOf(session), (row) => step(row, used === own)))

  return {
    get isShared() {
      return !own && !isPrivate()
    },
    read: (session = { id: '', generation: 0 }) => take((used) => used.read(nameOf(session))),
    async adopt({ id, generation }) {
      const entry = { id, generation }
      let before: LedgerRow = { ...entry, ended: 'logout' }
      await update(entry, (row, isAlone) => {
        if (isAlone) owed = id
        before = row ?? before
        return entry
      })
      return () => update(entry, (row) => (row?.id === id && row.generation === generation ? before : row))
    },
    async join({ id, generation }) {
      let known: LedgerRow = { id, generation }
      await update(known, (row) => {
        const isBehind = row?.id === id && row.generation < generation && !row.ended
        // Tabs that wait for their first token wait for the same one.
        const isOver = generation === 0 && row?.ended
        if (row && !isBehind && !isOver) known = row
        return known
      })
      return known
    },
    async begin({ id, generation }, { patience, isHosted, failedAt, isForced, own }) {
      let turn: Turn = { may: 'look' }
      await update({ id, generation }, (row, isAlone) => {
        const now = clock.now()
        // Behind: what this tab has done could not be written down.
        const isOurs = row?.id === id && row.generation <= generation && !row.ended
        // What a ledger of this tab alone says, this tab knows.
        if (row && !isOurs && !isForced && !isAlone) {
          turn = { may: 'look' }
          return row
        }
        const { attempt: newest, failure, isOrphaned } = (isOurs && row.generation === generation && row) || {}
        const last = newest === own ? undefined : newest
        if (failure && failure.at !== failedAt && now < failure.at + Math.max(...failure.pauses)) {
          turn = { may: 'pause', failure }
          return row
        }
        const age = now - (last ?? now - patience)
        // An attempt from the future: the clock was set back since.
        const delay = age < 0 ? 0 : Math.max(0, patience - age)
        if (delay > 0 && !isHosted) {
          turn = { may: 'wait', delay }
          return row
        }
        const mine = last === now ? now + 1 : now
        const isHeir = last !== undefined || !!isOrphaned
        turn = { may: 'try', attempt: mine, isHeir, delay, failure }
        return { id, generation, attempt: mine, isOrphaned: isHeir, failure }
      })
      return turn
    },
    async commit({ id, generation }, mine) {
      let isCommitted = false
      await update({ id, generation }, (row) => {
        const isCurrent = !row || (row.id === id && row.generation === generation && !row.ended)
        isCommitted = isCurrent && (row?.attempt ?? mine) === mine
        return isCommitted ? { id, generation: generation + 1 } : row
      })
      return isCommitted
    },
    fail: (base, mine, failure) =>
      update(base, (row) => {
        if (row?.id !== base.id || row.attempt !== mine) return row
        return { ...row, attempt: undefined, failure: failure === undefined ? row.failure : (failure ?? undefined) }
      }),
    async refuse({ id, generation }, mine, ended) {
      let isEnded = false
      await update({ id, generation }, (row) => {
        isEnded = !row || (row.id === id && row.generation === generation && row.attempt === mine && !row.ended)
        return isEnded ? { id, generation, ended } : row
      })
      return isEnded
    },
    async end({ id, generation }, ended) {
      let isAlone = true
      await update({ id, generation }, (row) => {
        isAlone = !row || row.id === id || !!row.ended
        return !row || (row.id === id && !row.ended) ? { id, generation, ended } : row
      })
      return isAlone
    },
  }
}

/**
 * For tabs that share a refresh cookie and nothing else: what each has is its own, but they take turns at the server,
 * and heed each other's failures.
 */
export function takeTurns(parts: Pick<LedgerParts, 'environment' | 'trace'>, name: string): SessionLedger {
  const cookie = { id: 'cookie', generation: 0 }
  const shared = openLedger({ ...parts, isPrivate: () => false, nameOf: () => `${name}.cookie` })
  const nothing = async (): Promise<void> => undefined
  return {
    isShared: true,
    read: () => shared.read(cookie),
    adopt: async () => nothing,
    join: async (session) => session,
    begin: (_, beginning) => shared.begin(cookie, beginning),
    async commit(_, attempt) {
      // Whoever came later, the answer to this call is as good as any.
      await shared.fail(cookie, attempt, null)
      return true
    },
    fail: (_, attempt, failure) => shared.fail(cookie, attempt, failure),
    async refuse(_, attempt) {
      await shared.fail(cookie, attempt, null)
      return true
    },
    end: async () => true,
  }
}
