import type { TokenStorage } from './storage/contract.js'

/** What all tabs agree on about one session; never a token. */
export interface LedgerRow {
  /** Which session is meant. */
  readonly id: string
  /** 1 at the sign-in, and one more with each refresh. */
  readonly generation: number
  /** The session is over: a tombstone, so that nothing late revives it. */
  readonly ended?: boolean
}

/** Keeps one {@link LedgerRow} for each name, and changes it in one transaction a step. */
export interface Ledger {
  /** Replaces the row of `name` by what `step` makes of it; the same row, or `undefined`, leaves it as it is. */
  update(name: string, step: (row: LedgerRow | undefined) => LedgerRow | undefined): Promise<void>
}

/** Something that happened to the page, after which it may be late: it was hidden, asleep, offline or in the bfcache. */
export type WakeEvent = 'online' | 'visibilitychange' | 'pageshow' | 'resume' | 'focus'

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
    /** Calls `listener` when the page wakes; hands back the undo. */
    listen(listener: (event: WakeEvent) => void): () => void
  }
  /** A number from 0 up to 1, for jitter only. */
  readonly random: () => number
  /** An id that nobody can guess. */
  readonly createId: () => string
  /** What relative URLs are relative to; `undefined` where there is no page. */
  readonly location: () => string | undefined
  /** Where a listener's error goes. */
  readonly reportError: (error: unknown) => void
  /** What the tabs agree on. @default a ledger of this client alone */
  readonly ledger?: Ledger | undefined
  /** Where cookie mode leaves its mark, `<storageKey>.mark`. @default `webStorage('local')` */
  readonly marks?: TokenStorage | undefined
}

/** The real edges. Globals are looked up at each call: fake clocks and monitoring may replace them at any time. */
export const browserEnvironment: Environment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  timers: {
    set: (callback, delay) => setTimeout(callback, delay),
    clear: (timer) => clearTimeout(timer as number),
  },
  lifecycle: {
    isOnline: () => globalThis.navigator?.onLine !== false,
    listen(listener) {
      const { window, document } = globalThis
      const heard = ({ type }: Event): void => {
        if (type !== 'visibilitychange' || document.visibilityState === 'visible') listener(type as WakeEvent)
      }
      const each = (change: 'addEventListener' | 'removeEventListener'): void => {
        for (const type of ['online', 'pageshow', 'focus']) window?.[change](type, heard)
        for (const type of ['visibilitychange', 'resume']) document?.[change](type, heard)
      }
      each('addEventListener')
      return () => each('removeEventListener')
    },
  },
  random: () => Math.random(),
  createId: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(36)).join(''),
  location: () => globalThis.document?.baseURI ?? globalThis.location?.href,
  reportError: (error) => {
    if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
    else console.error(error)
  },
}

/** Settles as `promise` does, but no later than in `delay` milliseconds; then it rejects with `late`. */
export function within<T>({ timers }: Environment, delay: number, promise: Promise<T>, late: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.set(() => reject(late), delay)
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
