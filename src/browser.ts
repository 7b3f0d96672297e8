import type { Environment, Ledger, LedgerRow, LifecycleEvent } from './environment.js'
import { transact } from './transact.js'

const LEDGER = ['latchkey', 'ledger'] as const

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
        if (type === 'prerenderingchange') listener('resume')
        else if (type !== 'visibilitychange' || document.visibilityState === 'visible') listener(type as LifecycleEvent)
      }
      const each = (change: 'addEventListener' | 'removeEventListener'): void => {
        for (const type of ['online', 'pageshow', 'focus', 'pagehide']) window?.[change](type, heard)
        for (const type of ['visibilitychange', 'resume', 'freeze', 'prerenderingchange'])
          document?.[change](type, heard)
      }
      each('addEventListener')
      // A page that nobody may ever see renews nothing.
      if ((document as { prerendering?: boolean } | undefined)?.prerendering) listener('freeze')
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
  ledger: {
    async read(name) {
      let row: LedgerRow | undefined
      await transact(...LEDGER, 'readonly', (rows) => {
        const reading = rows.get(name)
        reading.onsuccess = () => {
          row = reading.result
        }
      })
      return row
    },
    update: (name, step) =>
      transact(...LEDGER, 'readwrite', (rows) => {
        const reading = rows.get(name)
        reading.onsuccess = () => {
          const row = step(reading.result)
          if (row && row !== reading.result) rows.put(row, name)
        }
      }),
  } satisfies Ledger,
  locks: { request: (name, options, callback) => navigator.locks.request(name, options, callback) },
  channel(name, listener) {
    const channel = new BroadcastChannel(name)
    channel.onmessage = ({ data }) => listener(data)
    // In Node an open channel would keep the process alive.
    ;(channel as { unref?: () => void }).unref?.()
    return { post: (hint) => channel.postMessage(hint), close: () => channel.close() }
  },
  watchStorage(listener) {
    const { window } = globalThis
    window?.addEventListener('storage', listener)
    return () => window?.removeEventListener('storage', listener)
  },
}
