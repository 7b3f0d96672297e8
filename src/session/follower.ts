import { type Environment, type LedgerFailure, type LedgerRow, sleep, within } from '../environment.js'
import { AuthError, FINAL } from '../errors.js'
import type { Hint, Hints } from '../tabs/hints.js'
import type { Entry, SessionLedger } from '../tabs/ledger.js'
import type { Keeper } from './keeper.js'
import { isSameGeneration, type Session } from './session.js'
import type { LogoutReason } from './state.js'
import type { Store } from './store.js'

/** Follows what other tabs do with the session. */
export interface Follower {
  /** Looks at ledger and storage; resolves when this tab knows what they say, with whether they could be read. */
  look(): Promise<boolean>
  /**
   * Begins to read the ledger, while the storage is read; what it hands back compares with it what the client began with,
   * from the storage or otherwise.
   */
  enter(): (isStored: boolean) => Promise<void>
  /** Does what another tab asks for. */
  hear(hint: Hint): void
  /** Begins to listen to the storage; hands back the undo. */
  watch(): () => void
}

/** What a follower is made of. */
export interface FollowerParts<User> {
  readonly storageKey: string
  /** Who else sees the storage. */
  readonly scope: 'origin' | 'tab'
  readonly environment: Environment
  readonly life: AbortSignal
  readonly store: Store<User>
  readonly ledger: SessionLedger
  readonly keeper: Keeper<User>
  readonly hints: Hints
  /** Called with the last failure of all tabs. */
  readonly onFailure: (failure: LedgerFailure) => void
  /** Called after each look: this tab may have caught up. */
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
/** What other tabs may say of the end of a session, besides the codes of errors; anything else is of a later version. */
const REASONS: readonly LogoutReason[] = ['logout', 'expired', 'replaced', 'storage-cleared']

/** The error of a session whose tokens died with a tab. */
export function lostRefresh(cause?: AuthError): AuthError {
  const message = 'A tab died after the server had renewed the session, and the new tokens with it.'
  return new AuthError('refresh_lost', message, { cause })
}

export function createFollower<User>(parts: FollowerParts<User>): Follower {
  const { storageKey, scope, environment, life, store, ledger, keeper, hints } = parts
  const { onFailure, onSettled } = parts
  const { clock } = environment
  let looking: Promise<boolean> | undefined
  let isLookedAgain = false
  /** Whether the storage has said that another tab wrote into it. */
  let isTold = false
  /** What the client begins with, which nobody has seen yet. */
  let entering: 'stored' | 'new' | undefined
  /** When another tab said that the storage may lack a record. */
  let wantedAt = 0
  let search = { id: '', generation: 0, at: 0, waited: 0 }

  /** Stores the session once more, if it is the current one of all tabs. */
  const rewrite = async (): Promise<void> => {
    const now = keeper.current()
    const row = now && (await ledger.read(now))
    if (!row || row.ended || !isSameGeneration(row, now) || keeper.current() !== now) return
    await store.save(now)
    if (store.isSettled) hints.send('changed')
  }

  /** Waits a little for the record of which the ledger speaks, and asks the other tabs for it once; `false` if it is lost. */
  const wait = async ({ id, generation }: Entry): Promise<boolean> => {
    const at = clock.monotonic()
    const last = isSameGeneration(search, { id, generation }) ? search : { at, waited: 0 }
    // A page that was frozen meanwhile has not waited: the record may come with the thaw.
    const waited = last.waited + Math.min(at - last.at, 5 * LATE)
    search = { id, generation, at, waited }
    // What only this tab writes does not come later.
    if (waited >= (scope === 'tab' ? 1 : 20) * LATE) return false
    if (last.waited < 10 * LATE && waited >= 10 * LATE) hints.send('wanted')
    await sleep(environment, waited < LATE ? LATE / 10 : LATE, life)
    isLookedAgain = true
    return true
  }

  /** Lets go of the session, which another tab has ended, or which nobody can find. */
  const leave = async (now: Session<User> | undefined, known: Pick<LedgerRow, 'id' | 'ended'>): Promise<void> => {
    if (entering === 'new') return void (await ledger.adopt(now as Session<User>))
    const isHere = known.id === now?.id
    const ended = isHere ? (known.ended ?? 'refresh_lost') : 'replaced'
    const code = FINAL.find((each) => each === ended)
    const refused = code && new AuthError(code, 'Another tab could not renew the session.')
    const isUnseen = entering && !(isHere && !known.ended)
    const reason = REASONS.find((each) => each === ended) ?? 'revoked'
    keeper.leave(isUnseen ? 'never' : reason, code === 'refresh_lost' ? lostRefresh() : refused)
    // What was written after another tab had emptied the storage, or by one that did not live to; or what a duplicated tab
    // has of a session that goes on in the other. What the ledger does not know of may be of a tab whose ledger is broken.
    if (scope === 'tab' || (now && known.ended && (isHere || !entering))) await store.retract()
  }

  const compare = async (): Promise<boolean> => {
    await keeper.settled()
    const [now, settled] = [keeper.current(), keeper.settled()]
    if (store.isDenied || (!now && scope === 'tab')) return true
    const row = ledger.isShared ? await ledger.read(now) : undefined
    // Read after the ledger: it cannot be older, but for what the browser has not yet brought here.
    const stored = await store.load()
    // Without a ledger, another session than the one known here is news only if the browser says so.
    const known = row ?? ((isTold || stored?.id === now?.id) && stored)
    if (stored === null && !row?.ended) return false
    // Something may have begun here since, and even ended; what others have done meanwhile is still to be learned.
    const hasMoved = keeper.current() !== now || keeper.settled() !== settled
    isLookedAgain ||= hasMoved
    if (!known || hasMoved) return true
    const isNews = isTold
    isTold = false
    const found = stored && isSameGeneration(stored, known) ? stored : undefined
    if (row?.ended) {
      await leave(now, row)
    } else if (now?.id === known.id && now.generation >= known.generation) {
      if (row?.failure) onFailure(row.failure)
      if (!stored || !store.isSettled) return true
      if (found && isSameGeneration(found, now)) keeper.follow(found)
      // Another tab may have written what was overtaken meanwhile; or the ledger is about to say more.
      else if (isNews)
        void sleep(environment, GRACE, life)
          .then(rewrite)
          .catch(() => undefined)
    } else if (found) {
      keeper.follow(found)
    } else if (!(await wait(known))) {
      await leave(now, known)
    }
    return true
  }

  const lookUntilClear = async (): Promise<boolean> => {
    let isReadable = true
    try {
      while (isLookedAgain) {
        isLookedAgain = false
        isReadable = await compare()
        onSettled()
      }
    } catch {
    } finally {
      looking = undefined
    }
    return isReadable
  }

  const look: Follower['look'] = () => {
    isLookedAgain = true
    looking ??= lookUntilClear()
    return looking
  }

  /** The storage was emptied by another tab: was that a sign-out? */
  const checkCleared = async (isAll: boolean): Promise<void> => {
    await sleep(environment, GRACE, life)
    await look()
    const now = keeper.current()
    if (!now || !store.isSettled || (await store.load()) !== undefined) return
    // A sign-out of the session before may have come after this one was stored; or later still from a tab that was frozen,
    // which says then that a record may be missing.
    const since = Math.max(now.receivedAt, wantedAt)
    if (!isAll && ledger.isShared && clock.now() - since < JUST_NOW) return rewrite()
    void keeper.end(now.id, 'storage-cleared', undefined, 'other-tab')
    onSettled()
  }

  return {
    look,
    enter() {
      let reading: Promise<LedgerRow | undefined> | undefined
      // The row of a tab of its own is named after the session, which is not known yet.
      if (scope !== 'tab') {
        reading = ledger.read(undefined).finally(() => {
          reading = undefined
        })
      }
      return async (isStored) => {
        const now = keeper.current()
        if (now) entering = isStored ? 'stored' : 'new'
        // What the ledger had to say before a slow storage did may be out of date.
        const known = await (reading ?? ledger.read(now))
        const isAt = (row: LedgerRow | undefined): boolean => isSameGeneration(row, now) && !row?.ended
        if (!now) {
          // Signed in by another tab a moment ago, whose record is on its way; or the storage was emptied, and none comes.
          if (ledger.isShared && known && !known.ended)
            await within(environment, LATE, look(), undefined).catch(() => undefined)
        } else if (!isAt(known)) {
          const row = await ledger.join(now)
          if (row.generation === 0 && now.generation === 0) keeper.amend({ id: row.id })
          else if (!isAt(row)) await look()
        }
        entering = undefined
      }
    },
    hear(hint) {
      if (hint === 'wanted') wantedAt = clock.now()
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
