import type { Page } from 'playwright'

/** What a script finds that has got into a page: all that it can read, as text, by where it was. */
export interface Loot {
  readonly window: string
  readonly document: string
  readonly cookie: string
  readonly localStorage: string
  readonly sessionStorage: string
  readonly indexedDB: string
  readonly caches: string
  readonly performance: string
}

/** Reads all that a script can read in this page. */
export function search(page: Page): Promise<Loot> {
  return page.evaluate(async () => {
    /** All texts below `window`, whatever properties, symbols, entries and prototypes they hang on. */
    const walk = (): string => {
      const texts = new Set<string>()
      const known = new Set<unknown>()
      let next: unknown[] = [window]
      for (let depth = 0; depth < 8 && known.size < 100_000; depth += 1) {
        const now = next
        next = []
        const meet = (value: unknown): void => {
          if (typeof value === 'string') texts.add(value)
          if (value instanceof Promise) value.catch(() => undefined)
          if ((typeof value !== 'object' && typeof value !== 'function') || value === null || known.has(value)) return
          known.add(value)
          next.push(value)
        }
        for (const value of now as object[]) {
          if (value instanceof Map) for (const pair of value) pair.map(meet)
          if (value instanceof Set) for (const each of value) meet(each)
          meet(Object.getPrototypeOf(value))
          for (const key of Reflect.ownKeys(value)) {
            try {
              meet(Reflect.get(value, key))
            } catch {
              // Of another origin, or not to be had of this object.
            }
          }
        }
      }
      return [...texts].join('\n')
    }
    const open = (name: string): Promise<IDBDatabase> =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open(name)
        opening.onsuccess = () => resolve(opening.result)
        opening.onerror = () => reject(opening.error)
      })
    const all = (store: IDBObjectStore, what: 'getAll' | 'getAllKeys'): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const reading = store[what]()
        reading.onsuccess = () => resolve(reading.result)
        reading.onerror = () => reject(reading.error)
      })
    const readDatabases = async (): Promise<unknown> => {
      const found: unknown[] = []
      for (const { name = '' } of await indexedDB.databases()) {
        const database = await open(name)
        for (const each of database.objectStoreNames) {
          const store = database.transaction(each).objectStore(each)
          found.push([name, each, await all(store, 'getAllKeys'), await all(store, 'getAll')])
        }
        database.close()
      }
      return found
    }
    const { href } = location
    return {
      window: walk(),
      document: [document.documentElement.outerHTML, href, JSON.stringify(history.state), window.name].join('\n'),
      cookie: document.cookie,
      localStorage: JSON.stringify({ ...localStorage }),
      sessionStorage: JSON.stringify({ ...sessionStorage }),
      indexedDB: JSON.stringify(await readDatabases()),
      caches: JSON.stringify(await caches.keys()),
      performance: JSON.stringify(performance.getEntries()),
    }
  })
}

/** Listens to channels in a page of the origin; hands back how to ask what was said there, as text. */
export async function eavesdrop(page: Page, names: readonly string[]): Promise<() => Promise<string[]>> {
  await page.evaluate((all) => {
    const heard: string[] = []
    Object.assign(window, { heard })
    for (const name of all) {
      new BroadcastChannel(name).onmessage = ({ data }) =>
        heard.push(typeof data === 'string' ? data : JSON.stringify(data))
    }
  }, names)
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard)
}

/** Notes the name of each channel that a page opens from now on; hands back how to ask for them. */
export async function noteChannels(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const channels: string[] = []
    Object.assign(window, { channels })
    window.BroadcastChannel = class extends BroadcastChannel {
      constructor(name: string) {
        super(name)
        channels.push(name)
      }
    }
  })
  return () => page.evaluate(() => (window as unknown as { channels: string[] }).channels)
}
