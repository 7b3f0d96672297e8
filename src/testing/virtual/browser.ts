import type { Environment, LifecycleEvent } from '../../environment.js'
import type { TokenStorage } from '../../storage/contract.js'
import { createLines } from './lines.js'
import { createLockQueue } from './lock-queue.js'
import { createRows } from './rows.js'
import { createStorageArea } from './storage-area.js'
import { createTabLife } from './tab-life.js'

/** What makes an `AuthClient` one of a virtual tab: `new AuthClient({ baseUrl, ...tab.options })`. */
export interface VirtualTabOptions {
  /** The browser's `localStorage`, as this tab sees it. */
  readonly storage: TokenStorage
  /** The browser's `fetch`, whose answers reach no tab that is gone. */
  readonly fetch: typeof globalThis.fetch
  /** Timers, page, locks, ledger, channels and storage events of this tab. */
  readonly environment: Partial<Environment>
}

/** The options of {@link virtualBrowser}. */
export interface VirtualBrowserOptions {
  /** What sends the tabs' requests, such as `server.fetch`. @default globalThis.fetch, looked up at each call */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** A tab of a {@link VirtualBrowser}. */
export interface VirtualTab {
  /** What makes a client one of this tab. */
  readonly options: VirtualTabOptions
  /** Whether it was closed, or has crashed. */
  readonly isGone: boolean
  /** The person closes it: the page is told, and then there is none. Dispose of its client, too, where that matters. */
  close(): void
  /** It is gone without a word: what it was about to do, nobody does. */
  crash(): void
  /** It stands still, as a tab in the background may: no timer rings, and nothing arrives. */
  freeze(): void
  /** It goes on: first what came from outside, then the timers that should have rung. */
  thaw(): Promise<void>
  /** There is no network any more: requests fail, but for those that are on their way. */
  goOffline(): void
  /** There is a network again, and the page is told. */
  goOnline(): void
  /** The page is told of something: `visibilitychange` when it is looked at again, and so on. */
  emit(event: LifecycleEvent): void
}

/** One browser in memory: what its tabs share is a storage, locks, a ledger and channels. */
export interface VirtualBrowser {
  /** Opens a tab. */
  openTab(): VirtualTab
  /** What is in its `localStorage`. */
  readonly items: ReadonlyMap<string, string>
  /** The person clears the site's data in the settings: the tabs hear of it by a storage event, and look for 300 ms. */
  clearStorage(): void
}

/**
 * Creates a browser in memory, for tests of several tabs in one process. Its timers are the global ones, so that a test's
 * fake clock moves them all.
 *
 * @example
 * const browser = virtualBrowser()
 * const [first, second] = [1, 2].map(() => new AuthClient({ baseUrl, ...browser.openTab().options }))
 */
export function virtualBrowser({ fetch }: VirtualBrowserOptions = {}): VirtualBrowser {
  const area = createStorageArea()
  const locks = createLockQueue()
  const lines = createLines()
  const ledger = createRows()
  return {
    items: area.items,
    clearStorage: area.clear,
    openTab() {
      const life = createTabLife()
      const { storage, watch } = area.join(life)
      const environment: Partial<Environment> = {
        ...life.environment,
        locks: locks.of(life),
        channel: lines.of(life),
        ledger: ledger.of(life),
        watchStorage: watch,
        marks: storage,
      }
      return {
        options: { storage, environment, fetch: life.guard(() => fetch ?? globalThis.fetch) },
        get isGone() {
          return life.isGone
        },
        close() {
          life.emit('pagehide')
          life.crash()
        },
        crash: life.crash,
        freeze: life.freeze,
        thaw: life.thaw,
        goOffline: life.goOffline,
        goOnline: life.goOnline,
        emit: life.emit,
      }
    },
  }
}
