import type { Environment, LedgerRow, LifecycleEvent } from './environment.js'
import { transact } from './transact.js'

const LIFECYCLE = [
  'online',
  'pageshow',
  'focus',
  'pagehide',
  'visibilitychange',
  'resume',
  'freeze',
  'prerenderingchange',
]

/** Listens to the page; hands back the undo. */
function listenTo(types: readonly string[], listener: (event: never) => void): () => void {
  const life = new AbortController()
  for (const type of types) {
    // The window sees what happens to its document on the way down only; and the focus of an element is none of the page.
    const options = { capture: type !== 'focus', signal: life.signal }
    globalThis.window?.addEventListener(type, listener as (event: Event) => void, options)
  }
  return () => life.abort()
}

/** Reads a row of the ledger, and replaces it by what `step` makes of it. */
async function transform(
  mode: IDBTransactionMode,
  name: string,
  step?: (row: LedgerRow | undefined) => LedgerRow | undefined,
): Promise<LedgerRow | undefined> {
  let row: LedgerRow | undefined
  await transact('latchkey', 'ledger', mode, (rows) => {
    const reading = rows.get(name)
    reading.onsuccess = () => {
      row = reading.result
      const next = step?.(row)
      if (next && next !== row) rows.put(next, name)
    }
  })
  return row
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
      // A page that nobody may ever see renews nothing.
      if ((globalThis.document as { prerendering?: boolean } | undefined)?.prerendering) listener('freeze')
      return listenTo(LIFECYCLE, ({ type, target }: Event) => {
        // Elements have events of these names, too: an animation that stands still says `freeze`.
        if (target instanceof Element) return
        if (type === 'prerenderingchange') listener('resume')
        else if (type !== 'visibilitychange' || document.visibilityState === 'visible') listener(type as LifecycleEvent)
      })
    },
  },
  random: () => Math.random(),
  // 96 bits, and short: it is in every record.
  createId: () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join(''),
  location: () => globalThis.document?.baseURI ?? globalThis.location?.href,
  reportError: (error) => (globalThis.reportError ?? console.error)(error),
  ledger: {
    read: (name) => transform('readonly', name),
    async update(name, step) {
      await transform('readwrite', name, step)
    },
  },
  locks: { request: (name, options, callback) => navigator.locks.request(name, options, callback) },
  channel(name, listener) {
    const channel = new BroadcastChannel(name)
    channel.onmessage = ({ data }) => listener(data)
    // In Node an open channel would keep the process alive.
    ;(channel as { unref?: () => void }).unref?.()
    return { post: (hint) => channel.postMessage(hint), close: () => channel.close() }
  },
  watchStorage: (listener) => listenTo(['storage'], listener),
}
