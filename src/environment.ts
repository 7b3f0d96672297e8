import type { AuthErrorCode } from './errors.js'
import type { TokenStorage } from './storage/contract.js'

/** A renewal that failed, as all tabs have to know it. */
export interface LedgerFailure {
  /** When, in epoch milliseconds. */
  readonly at: number
  /** The how many-th in a row. */
  readonly count: number
  /** How long the timer, a caller in need of a token, and everybody has to wait since then, in milliseconds. */
  readonly pauses: readonly [timer: number, caller: number, everybody: number]
  /** The code of its error. */
  readonly code: AuthErrorCode
}

/** What all tabs agree on about one session; never a token. */
export interface LedgerRow {
  /** Which session is meant. */
  readonly id: string
  /** 1 at the sign-in, and one more with each refresh; 0 while the first tokens are still to come. */
  readonly generation: number
  /** Why the session is over, in a word: a tombstone, so that nothing late revives it. */
  readonly ended?: string | undefined
  /** When the attempt to renew it began that is under way, or whose tab has died, in epoch milliseconds. */
  readonly attempt?: number | undefined
  /** An attempt at this generation has died: the server may have spent its refresh token. */
  readonly isOrphaned?: boolean | undefined
  /** The last failure, until a renewal succeeds. */
  readonly failure?: LedgerFailure | undefined
}

/** Keeps one {@link LedgerRow} for each name, and changes it in one transaction a step. */
export interface Ledger {
  /** The row of `name`. */
  read(name: string): Promise<LedgerRow | undefined>
  /** Replaces the row of `name` by what `step` makes of it; the same row, or `undefined`, leaves it as it is. */
  update(name: string, step: (row: LedgerRow | undefined) => LedgerRow | undefined): Promise<void>
}

/** How a lock is asked for. */
export interface LockRequest {
  /** Ends the wait for it. */
  signal?: AbortSignal
  /** Takes it from whoever holds it. @default false */
  steal?: boolean
}

/** The part of the Web Locks API that is used, as `navigator.locks` has it. */
export interface Locks {
  /** Calls `callback` once nobody else holds `name`, and holds it until its promise settles. */
  request(name: string, options: LockRequest, callback: () => Promise<void>): Promise<unknown>
}

/** A line to the other tabs: hints to look at ledger and storage, never anything to believe. */
export interface Channel {
  /** Sends a hint to all others who have opened a channel of that name. */
  post(hint: string): void
  /** Hears and sends no more. */
  close(): void
}

/** What a storage event says: another tab has changed the storage. */
export interface StorageChange {
  /** What was set or removed; `null` if everything was. */
  readonly key: string | null
  /** What is there now; `null` if nothing. */
  readonly newValue: string | null
}

/** Something that happened to the page, after which it may be late: it was hidden, asleep, offline or in the bfcache. */
export type WakeEvent = 'online' | 'visibilitychange' | 'pageshow' | 'resume' | 'focus'

/** The page wakes, or is about to be left or frozen. */
export type LifecycleEvent = WakeEvent | 'pagehide' | 'freeze'

/** The edges of the browser, handed in: replace some to run several virtual tabs, or virtual time, in a test. */
export interface Environment {
  /** What time it is. */
  readonly clock: {
    /** By the wall clock, which anybody may set: epoch milliseconds. */
    now(): number
    /** By a clock that nobody can set: milliseconds from any origin. */
    monotonic(): number
  }
  /** The timers. */
  readonly timers: {
    /** Calls `callback` in `delay` milliseconds; hands back what `clear` takes. */
    set(callback: () => void, delay: number): unknown
    /** Forgets a timer; `undefined` is none. */
    clear(timer: unknown): void
  }
  /** What becomes of the page. */
  readonly lifecycle: {
    /** Whether there is a network, as far as the browser knows. */
    isOnline(): boolean
    /** Calls `listener` when the page wakes or is about to be left; hands back the undo. */
    listen(listener: (event: LifecycleEvent) => void): () => void
  }
  /** A number from 0 up to 1, for jitter only. */
  readonly random: () => number
  /** An id that nobody can guess. */
  readonly createId: () => string
  /** What relative URLs are relative to; `undefined` where there is no page. */
  readonly location: () => string | undefined
  /** Where a listener's error goes. */
  readonly reportError: (error: unknown) => void
  /** What the tabs agree on. Without one, each tab has its own. */
  readonly ledger: Ledger | undefined
  /** Who may renew, one tab at a time. Without it, the ledger alone keeps them apart. */
  readonly locks: Locks | undefined
  /** Opens a channel to the other tabs; throws where there is none. Without it, storage events are the only hints. */
  readonly channel: ((name: string, listener: (hint: unknown) => void) => Channel) | undefined
  /** Calls `listener` when another tab changes `localStorage`; hands back the undo. */
  readonly watchStorage: (listener: (change: StorageChange) => void) => () => void
  /** Where cookie mode leaves its mark, `<storageKey>.mark`. @default `webStorage('local')` */
  readonly marks?: TokenStorage | undefined
}

/** Settles as `promise` does, but no later than in `delay` milliseconds; then it rejects with `late`. */
export function within<T>({ timers }: Environment, delay: number, promise: Promise<T>, late: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    // In two halves: when a page thaws, an overdue timer comes before what has arrived meanwhile.
    const ring = (): void => {
      timer = timers.set(() => reject(late), delay / 2)
    }
    let timer = timers.set(ring, delay / 2)
    promise.then(resolve, reject).finally(() => timers.clear(timer))
  })
}

/** Settles as `promise` does, unless `signal` is aborted first: then it rejects at once with the signal's reason. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** Resolves in `delay` milliseconds; rejects, and leaves no timer, once `signal` is aborted. */
export function sleep({ timers }: Environment, delay: number, signal: AbortSignal): Promise<void> {
  let timer: unknown
  const slept = new Promise<void>((resolve) => {
    timer = timers.set(resolve, delay)
  })
  return unlessAborted(slept, signal).finally(() => timers.clear(timer))
}
