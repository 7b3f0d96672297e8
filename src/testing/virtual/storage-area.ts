import type { StorageChange } from '../../environment.js'
import type { TokenStorage } from '../../storage/contract.js'
import type { TabLife } from './tab-life.js'

interface View {
  readonly tab: TabLife
  readonly items: Map<string, string>
  readonly listeners: Set<(change: StorageChange) => void>
  lag: number
}

/** One tab's door to a {@link StorageArea}. */
export type AreaDoor = ReturnType<StorageArea['join']>

/** The `localStorage` of one browser, of which each tab has its own view: what others write may come to it late. */
export type StorageArea = ReturnType<typeof createStorageArea>

export function createStorageArea() {
  const items = new Map<string, string>()
  const views = new Set<View>()
  /** All that was ever stored. */
  const written: string[] = []

  const put = (into: Map<string, string>, key: string | null, value: string | null): void => {
    if (key === null) into.clear()
    else if (value === null) into.delete(key)
    else into.set(key, value)
  }

  const write = (from: View | undefined, key: string | null, value: string | null): void => {
    if (from?.tab.isGone) return
    if (value !== null) written.push(value)
    put(items, key, value)
    if (from) put(from.items, key, value)
    for (const view of views) {
      if (view === from || view.tab.isGone) continue
      const arrive = async (): Promise<void> => {
        put(view.items, key, value)
        await Promise.resolve()
        await view.tab.awake()
        for (const listener of [...view.listeners]) listener({ key, newValue: value })
      }
      if (view.lag === Number.POSITIVE_INFINITY) continue
      if (view.lag > 0) setTimeout(arrive, view.lag)
      else void arrive()
    }
  }

  return {
    join(tab: TabLife) {
      const view: View = { tab, items: new Map(items), listeners: new Set(), lag: 0 }
      views.add(view)
      const storage: TokenStorage = {
        scope: 'origin',
        getItem: (key) => view.items.get(key) ?? null,
        setItem: (key, value) => write(view, key, value),
        removeItem: (key) => {
          if (view.items.has(key)) write(view, key, null)
        },
      }
      return {
        storage,
        watch(listener: (change: StorageChange) => void) {
          view.listeners.add(listener)
          return () => void view.listeners.delete(listener)
        },
        /** From now on this tab sees what others write so much later; by infinity, never. */
        seeLate(lag: number): void {
          view.lag = lag
        },
        get listeners() {
          return view.listeners.size
        },
      }
    },
    /** What is stored when all has arrived. */
    items,
    written,
    /** Somebody outside of all tabs sets, removes or clears: the developer tools, another version of the app. */
    set: (key: string, value: string) => write(undefined, key, value),
    remove: (key: string) => write(undefined, key, null),
    clear: () => write(undefined, null, null),
    /** A key is gone, and no event says so. */
    lose(key: string): void {
      for (const each of [items, ...[...views].map((view) => view.items)]) each.delete(key)
    },
    /** What a tab would hear if another one said so, though nothing was stored. */
    forge(change: StorageChange): void {
      for (const view of views) for (const listener of [...view.listeners]) listener(change)
    },
  }
}
