import { type Environment, type Ledger, type LedgerFailure, type LedgerRow, within } from '../environment.js'
import type { Trace } from '../trace.js'

/** A session as the ledger knows it. */
export type Entry = Pick<LedgerRow, 'id' | 'generation'>

/**
 * What a tab that wants to renew a session has to do: call the server if it was given an `attempt`; else heed a `failure` of
 * another tab, and ask again; else wait for the `delay`, because an attempt is under way, or has died just now; else look
 * again, because the session has moved on, or is over.
 */
export interface Turn {
  /** Names the attempt at its end. */
  readonly attempt?: number
  /** Whether an attempt at this generation has died before. */
  readonly isHeir?: boolean
  /** How long to wait, before the call too, in milliseconds. */
  readonly delay?: number
  /** The last failure; where there is an attempt, its pauses are over. */
  readonly failure?: LedgerFailure | undefined
}

/** How a tab begins an attempt. */
export interface Beginning {
  /** For so long an attempt of another tab is believed to be alive, in milliseconds. */
  readonly patience: number
  /** Whether somebody who knows all attempts makes them: nobody needs to wait for one here. */
  readonly isHosted: boolean
  /** When the last failure happened that this tab knows of. */
  readonly failedAt: number | undefined
}

/** The steps that a session takes in the ledger: each is one transaction, and compares before it sets. */
export interface SessionLedger {
  /** Whether other tabs see it. */
  readonly isShared: boolean
  /** What the ledger says of `session`, or of whichever is the current one. */
  read(session: Entry | undefined): Promise<LedgerRow | undefined>
  /** Makes this session the current one, whatever was before; hands back the undo. */
  adopt(session: Entry): Promise<() => Promise<unknown>>
  /** Enters a session that was found in the storage, where the ledger does not know better; hands back what it knows. */
  join(session: Entry): Promise<LedgerRow>
  /** Begins an attempt to renew it. */
  begin(session: Entry, beginning: Beginning): Promise<Turn>
  /** Moves on from this generation; `false` if it has ended, or somebody else has moved on, or is about to. */
  commit(base: Entry, attempt: number): Promise<boolean>
  /** Ends an attempt that has moved nothing on; `failure` is the last one now. `isGood`: nothing is in doubt any more. */
  fail(base: Entry, attempt: number, failure: LedgerFailure | undefined, isGood?: boolean): Promise<unknown>
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

/** What a step makes of a row: what it comes to, and the new row, if there is one. */
type Outcome<T> = readonly [result: T, row?: LedgerRow | undefined]

const PATIENCE = 3000
/** A ledger that has failed is left alone for so long. */
const RETRY = 60_000

/** The steps on a session's row; when one takes longer than 3 s, or fails, this tab goes on with a ledger of its own. */
export function openLedger({ isPrivate, nameOf, environment, trace }: LedgerParts): SessionLedger {
  const { clock, ledger: shared } = environment
  /** What this tab knows by itself; all there is where nobody else sees the session. */
  let own: LedgerRow | undefined
  let isAlone = false
  let aloneUntil = 0
  /** The session that began in this tab alone: it is newer than what the shared ledger has. */
  let begun = ''

  type Step = (row: LedgerRow | undefined) => LedgerRow | undefined
  const share = (name: string, step: Step, isReading = false): Promise<void> => {
    const taken = async (all = shared as Ledger): Promise<void> => {
      if (isReading) step(await all.read(name))
      else await all.update(name, step)
    }
    return within(environment, PATIENCE, taken(), undefined)
  }

  /** One step of `session`, in the row of all tabs or, `isMine`, in this tab's own. */
  const update = async <T>(
    { id, generation }: Entry,
    step: (row: LedgerRow | undefined, at: Entry, isMine: boolean) => Outcome<T>,
    isReading?: boolean,
  ): Promise<T> => {
    // Of a session no more is written down: never a token.
    const at = { id, generation }
    let result: T | undefined
    const take = (row: LedgerRow | undefined, isMine = false): LedgerRow | undefined => {
      const [value, next] = step(row, at, isMine)
      result = value
      return next
    }
    if (!isPrivate() && clock.monotonic() >= aloneUntil) {
      try {
        // What this tab did alone is made up for, unless somebody else has signed in meanwhile.
        const mine = own
        if (mine) {
          await share(nameOf(mine), (row) => {
            const isSame = row?.id === mine.id
            const isTheirs = isSame ? row.ended || row.generation > mine.generation : row && !row.ended
            return isTheirs && (isSame || begun !== mine.id) ? row : mine
          })
        }
        own = undefined
        isAlone = false
        begun = ''
        await share(nameOf(at), (row) => take(row), isReading)
        return result as T
      } catch {
        // A refresh token that the server has replaced must not be offered again because of a broken database.
        if (!isAlone) trace.add('alone', 'IndexedDB is missing or broken: the storage alone joins tabs.')
        isAlone = true
        aloneUntil = clock.monotonic() + RETRY
      }
    }
    own = take(own, true) ?? own
    return result as T
  }

  /** Ends `attempt` by putting `next` in the row's place; `false` if the row is no longer at `base`, or another's. */
  const settle = (
    base: Entry,
    attempt: number,
    next: (at: Entry, row?: LedgerRow) => Outcome<boolean>[1],
  ): Promise<boolean> =>
    update(base, (row, at) => {
      const isOurs = !row || (isAt(row, at) && (row.attempt ?? attempt) === attempt)
      return isOurs ? [true, next(at, row)] : [false]
    })

  return {
    get isShared() {
      return !isAlone && !isPrivate()
    },
    read: (session = { id: '', generation: 0 }) => update(session, (row) => [row], true),
    async adopt(session) {
      const before = await update(session, (row, at, isMine) => {
        if (isMine) begun = at.id
        return [row ?? { ...at, ended: 'logout' }, at]
      })
      return () => update(session, (row, at) => [undefined, isAt(row, at) ? before : row])
    },
    join: (session) =>
      update<LedgerRow>(session, (row, at) => {
        const isBehind = row?.id === at.id && row.generation < at.generation && !row.ended
        // Tabs that wait for their first token wait for the same one.
        const isOver = at.generation === 0 && row?.ended
        return row && !isBehind && !isOver ? [row] : [at, at]
      }),
    async begin(session, { patience, isHosted, failedAt }) {
      let turn: Turn = {}
      let passes = 0
      // A page that was frozen meanwhile begins again: nobody has to believe in its attempt any more. A database may be
      // that slow each time.
      do {
        const { attempt: own } = turn
        passes += 1
        turn = await update<Turn>(session, (row, at, isMine) => {
          const now = clock.now()
          // Behind: what this tab has done could not be written down. What a ledger of this tab alone says, this tab knows.
          const isOurs = row?.id === at.id && row.generation <= at.generation && !row.ended
          if (row && !isOurs && !isMine) return [{}]
          const { attempt, failure, isOrphaned } = (isAt(row, at) && row) || ({} as Partial<LedgerRow>)
          if (failure && failure.at !== failedAt && now < failure.at + Math.max(...failure.pauses)) return [{ failure }]
          const last = attempt === own ? 0 : (attempt ?? 0)
          // An attempt from the future: the clock was set back since.
          const delay = last > now ? 0 : Math.max(0, last + patience - now)
          if (delay && !isHosted) return [{ delay }]
          const next = { attempt: last === now ? now + 1 : now, failure }
          const isHeir = !!last || !!isOrphaned
          return [
            { ...next, isHeir, delay },
            { ...at, ...next, isOrphaned: isHeir },
          ]
        })
      } while (turn.attempt && passes < 3 && clock.now() - turn.attempt >= Math.min(patience, PATIENCE))
      return turn
    },
    commit: (base, attempt) => settle(base, attempt, ({ id, generation }) => ({ id, generation: generation + 1 })),
    fail: (base, attempt, failure, isGood) =>
      settle(base, attempt, (at, row) =>
        row?.attempt ? { ...at, isOrphaned: !isGood && row.isOrphaned, failure } : row,
      ),
    refuse: (base, attempt, ended) => settle(base, attempt, (at) => ({ ...at, ended })),
    end: (session, ended) =>
      update(session, (row, at) => {
        const isOther = row && row.id !== at.id
        return [!isOther || !!row.ended, isOther || row?.ended ? row : { ...at, ended }]
      }),
  }
}

/** Whether a row says that the session goes on at this very generation. */
function isAt(row: LedgerRow | undefined, { id, generation }: Entry): boolean {
  return row?.id === id && row.generation === generation && !row.ended
}

/**
 * For tabs that share a refresh cookie and nothing else: what each has is its own, but they take turns at the server,
 * and heed each other's failures.
 */
export function takeTurns(parts: Pick<LedgerParts, 'environment' | 'trace'>, name: string): SessionLedger {
  const cookie = { id: 'cookie', generation: 0 }
  const shared = openLedger({ ...parts, isPrivate: () => false, nameOf: () => `${name}.cookie` })
  // Whoever came later, the answer to this call is as good as any.
  const settle = async (_: Entry, attempt: number): Promise<boolean> => {
    await shared.fail(cookie, attempt, undefined, true)
    return true
  }
  return {
    ...shared,
    adopt: async () => async () => undefined,
    begin: (_, beginning) => shared.begin(cookie, beginning),
    commit: settle,
    fail: (_, attempt, failure) => shared.fail(cookie, attempt, failure),
    refuse: settle,
    end: async () => true,
  }
}
