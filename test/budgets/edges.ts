/** Counts what a client asks of the browser, at the edges by which it does: nothing of the library itself is touched. */
import type { Environment, TokenStorage } from 'latchkey'

/** What was asked for, and how often. */
export type Counts = Map<string, number>

/** The edges of one page. */
export interface Edges {
  readonly environment: Partial<Environment>
  readonly storage: TokenStorage
  readonly fetch: typeof globalThis.fetch
}

/** The same edges, and what passes over them from now on. */
export function countEdges({ environment, storage, fetch }: Edges): Edges & { readonly counts: Counts } {
  const counts: Counts = new Map()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const { timers, ledger, locks, channel, watchStorage, lifecycle } = environment
  if (!timers || !ledger || !locks || !channel || !watchStorage || !lifecycle) throw new Error('An edge is missing.')
  const counted: TokenStorage = {
    scope: storage.scope ?? 'origin',
    getItem(key) {
      count('storage reads')
      return storage.getItem(key)
    },
    setItem(key, value) {
      count('storage writes')
      return storage.setItem(key, value)
    },
    removeItem(key) {
      count('storage writes')
      return storage.removeItem(key)
    },
  }
  return {
    counts,
    storage: counted,
    fetch(input, init) {
      count('requests')
      return fetch(input, init)
    },
    environment: {
      ...environment,
      marks: counted,
      timers: {
        set(callback, delay) {
          count('timers set')
          return timers.set(() => {
            count('timers rung')
            callback()
          }, delay)
        },
        clear: timers.clear,
      },
      ledger: {
        read(name) {
          count('ledger reads')
          return ledger.read(name)
        },
        update(name, step) {
          count('ledger steps')
          return ledger.update(name, step)
        },
      },
      locks: {
        request(name, options, callback) {
          count('locks asked')
          return locks.request(name, options, callback)
        },
      },
      channel(name, listener) {
        const line = channel(name, (hint) => {
          count('hints heard')
          listener(hint)
        })
        return {
          post(hint) {
            count('hints sent')
            line.post(hint)
          },
          close: () => line.close(),
        }
      },
      watchStorage: (listener) =>
        watchStorage((change) => {
          count('storage events')
          listener(change)
        }),
    },
  }
}
