import { type Environment, type LedgerFailure, type LedgerRow, sleep, within } from '../environment.js'
import { AuthError, FINAL } from '../errors.js'
import type { Hint, Hints } from '../tabs/hints.js'
import type { SessionLedger } from '../tabs/ledger.js'
import type { Keeper } from './keeper.js'
import { decodeRecord, encodeRecord, isRecordOf } from './record.js'
import type { StoredSession } from './session.js'
import type { LogoutReason } from './state.js'
import type { Store } from './store.js'

/** Follows what other tabs do with the session. */
export interface Follower {
  /** Looks at ledger and storage; resolves when this tab knows what they say, with whether they could be read. */
  look(): Promise<boolean>
  /** Compares what the client began with, from the storage or otherwise, with the ledger. */
  enter(isStored: boolean): Promise<void>
  /** Does what another tab asks for. */
  hear(hint: Hint): void
  /** Begins to listen to the storage; hands back the undo. */
  watch(): () => void
}

/** What a follower is made of. */
export interface FollowerParts<User> {
  readonly backend: { readonly id: string }
  readonly storageKey: string
  /** Who else sees the storage. */
  readonly scope: 'origin' | 'tab'
  readonly environment: Environment
  readonly life: AbortSignal
  readonly store: Store
  readonly ledger: SessionLedger
  readonly keeper: Keeper<User>
  readonly hints: Hints
  /** Called when another tab has moved the session on, or ended it. */
  readonly onMove: () => void
  /** Called with the last failure of all tabs. */
  readonly onFailure: (failure: LedgerFailure) => void
  /** Called when this tab has caught up. */
  readonly onSettled: () => void
}

/**
 * The ledger is ahead of what this tab can read of the storage, by some milliseconds as a rule. After ten times that the
 * other tabs are asked, after twenty times the tokens count as lost.
 */
const LATE = 100
/** A sign-out empties the storage and ends the session in the ledger, in either order: so long it may take. */
const GRACE = 300
const JUST_NOW = 1000

/** The error of a session whose tokens died with a tab. */
export function lostRefresh(cause?: AuthError): AuthError {
  const message = 'A tab died after the server had renewed the session, and the new tokens with it.'
  return new AuthError('refresh_lost', message, { cause })
}

export function createFollower<User>(parts: FollowerParts<User>): Follower {
  const { backend, storageKey, scope, environment, life, store, ledger, keeper, hints } = parts
  const { onMove, onFailure, onSettled } = parts
  const { clock } = environment
  let looking: Promise<boolean> | undefined
  let isLookedAgain = false
  /** Whether the storage has said that another tab wrote into it. */
  let isTold = false
  let search = { id: '', generation: 0, since: 0, isAsked: false }

  /** The session in the storage; `null` where the storage cannot be read. */
  const read = async (): Promise<StoredSession<User> | undefined | null> => {
    const text = await store.load()
    return text === undefined ? null : text ? decodeRecord<User>(text, backend.id) : undefined
  }

  /** Whether a record is of that generation, or of a later one that the ledger knows by now. */
  const isConfirmed = async (stored: StoredSession<User>, generation: number): Promise<boolean> => {
    if (stored.generation <= generation || !ledger.isShared) return stored.generation >= generation
    const row = await ledger.read(stored)
    return row?.id === stored.id && row.generation >= stored.generation && !row.ended
  }

  /** Waits for the record of which the ledger speaks; asks the other tabs for it once. */
  const find = async ({ id, generation }: LedgerRow): Promise<StoredSession<User> | undefined> => {
    // A look that is begun again goes on waiting for the same record.
    if (search.id !== id || search.generation !== generation) {
      search = { id, generation, since: clock.monotonic(), isAsked: false }
    }
    for (;;) {
      const waited = clock.monotonic() - search.since
      const stored = await read()
      if (stored?.id === id && (await isConfirmed(stored, generation))) return stored
      // What only this tab writes does not come later.
      if (isLookedAgain || waited >= (scope === 'tab' ? 1 : 20) * LATE) return undefined
      if (waited >= 10 * LATE && !search.isAsked) {
        search.isAsked = true
        hints.send('wanted')
      }
      await sleep(environment, waited < LATE ? LATE / 10 : LATE, life)
    }
  }

  /** The tokens died with the tab that had them; or this tab is a duplicate, and the other has spent the refresh token. */
  const lose = async (): Promise<void> => {
    keeper.leave('revoked', lostRefresh())
    if (scope === 'tab') await store.remove()
  }

  const leave = ({ ended }: LedgerRow): void => {
    const code = FINAL.find((each) => each === ended)
    if (!code) keeper.leave(ended as LogoutReason)
    else if (code === 'refresh_lost') keeper.leave('revoked', lostRefresh())
    else keeper.leave('revoked', new AuthError(code, 'Another tab could not renew the session.'))
  }

  /** Stores the session once more, if it is the current one of all tabs. */
  const rewrite = async (): Promise<void> => {
    const now = keeper.current()
    const row = now && (await ledger.read(now))
    const isCurrent = row?.id === now?.id && row?.generation === now?.generation && !row?.ended
    if (!now || !isCurrent || keeper.current() !== now) return
    await store.save(encodeRecord(now, backend.id))
    if (store.isSettled) hints.send('changed')
  }

  const compare = async (): Promise<boolean> => {
    await keeper.settled()
    const now = keeper.current()
    if (store.isDenied || (!now && scope === 'tab')) return true
    const row = ledger.isShared ? await ledger.read(now) : undefined
    // Read after the ledger: it cannot be older, but for what the browser has not yet brought here.
    const stored = await read()
    // Without a ledger, another session than the one known here is news only if the browser says so.
    const known = row ?? ((isTold || stored?.id === now?.id) && stored)
    if (stored === null && !row?.ended) return false
    if (!known || keeper.current() !== now) return true
    const isNews = isTold
    isTold = false
    if (row?.ended) {
      if (now?.id === row.id) leave(row)
      else keeper.leave('replaced')
      // What this tab wrote after the other had emptied the storage.
      await store.retract()
    } else if (now?.id === known.id && now.generation >= known.generation) {
      if (row?.failure) onFailure(row.failure)
      if (!stored || !store.isSettled) return true
      if (stored.id === now.id && (await isConfirmed(stored, now.generation))) {
        if (keeper.current() === now) keeper.follow(stored)
      }
      // Another tab may have written what was overtaken meanwhile; or the ledger is about to say more.
      else if (isNews)
        void sleep(environment, GRACE, life)
          .then(rewrite)
          .catch(() => undefined)
    } else {
      const found = await find(known as LedgerRow)
      if (keeper.current() !== now || (isLookedAgain && !found)) return true
      if (found) keeper.follow(found)
      else if (now?.id !== known.id) keeper.leave('replaced')
      else await lose()
    }
    const next = keeper.current()
    if (next?.id !== now?.id || next?.generation !== now?.generation) onMove()
    return true
  }

  const look: Follower['look'] = () => {
    isLookedAgain = !!looking
    looking ??= (async () => {
      let isReadable: boolean
      do {
        isLookedAgain = false
        isReadable = await compare()
        onSettled()
      } while (isLookedAgain)
      return isReadable
    })()
      .catch(() => true)
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  /** The storage was emptied by another tab: was that a sign-out? */
  const checkCleared = async (isAll: boolean): Promise<void> => {
    await sleep(environment, GRACE, life)
    await look()
    const now = keeper.current()
    if (!now || !store.isSettled || (await store.load()) !== null) return
    // A sign-out of the session before may have come after this one was stored.
    if (!isAll && ledger.isShared && clock.now() - now.receivedAt < JUST_NOW) return rewrite()
    void keeper.end(now.id, 'storage-cleared', undefined, 'other-tab')
    onMove()
    onSettled()
  }

  return {
    look,
    async enter(isStored) {
      const now = keeper.current()
      if (!now) {
        const known = ledger.isShared && (await ledger.read(undefined))
        // Signed in by another tab a moment ago, whose record is on its way; or the storage was emptied, and none comes.
        if (known && !known.ended) await within(environment, LATE, look(), undefined).catch(() => undefined)
        return
      }
      const row = await ledger.join(now)
      if (row.id === now.id && row.generation === now.generation && !row.ended) return
      if (row.generation === 0 && now.generation === 0) return keeper.amend({ id: row.id })
      const found = row.ended ? undefined : await find(row)
      if (keeper.current() !== now) return
      if (found) keeper.follow(found)
      else if (!isStored) await ledger.adopt(now)
      else if (row.id !== now.id || row.ended) {
        keeper.leave('never')
        // Written by a tab that did not live to hear of the sign-out.
        if (row.id === now.id) await store.remove(isRecordOf(now.id, backend.id))
      } else await lose()
    },
    hear(hint) {
      void (hint === 'changed' ? look() : rewrite())
    },
    watch: () =>
      environment.watchStorage(({ key, newValue }) => {
        if (key !== null && key !== storageKey) return
        isTold = newValue !== null
        if (isTold) void look()
        else void checkCleared(key === null).catch(() => undefined)
      }),
  }
}
