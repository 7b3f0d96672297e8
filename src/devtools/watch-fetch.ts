import { newRecord, withRequest } from './record.js'
import { createRequestNotes } from './requests.js'
import { joinTabs } from './tabs.js'

const KEPT = 100

/**
 * A `fetch` for the worker of `refresh.worker`, whose calls then have a lane of their own on the timeline of each tab:
 *
 * @example
 * hostRefresh(backend, { fetch: watchFetch('latchkey') })
 *
 * @param storageKey the same as the client's
 * @param fetch what sends the requests; the global one, unless it is given
 */
export function watchFetch(storageKey: string, fetch?: typeof globalThis.fetch): typeof globalThis.fetch {
  const { now } = Date
  let own = newRecord(crypto.randomUUID(), 'worker', now())
  const tabs = joinTabs({
    environment: {
      clock: { now, monotonic: now },
      timers: {
        set: (callback, delay) => setTimeout(callback, delay),
        clear: (timer) => clearTimeout(timer as number),
      },
      locks: navigator.locks,
      channel(name, listener) {
        const channel = new BroadcastChannel(name)
        channel.onmessage = ({ data }) => listener(data)
        return { post: (hint) => channel.postMessage(hint), close: () => channel.close() }
      },
    },
    name: `${storageKey}.devtools`,
    own: () => own,
    renumber: () => undefined,
    onChange: () => undefined,
  })
  const notes = createRequestNotes({
    now,
    known: () => own.requests,
    generationOf: () => undefined,
    tokenCall: () => 'refresh',
    base: () => location.href,
    origin: () => undefined,
    note(request) {
      own = { ...own, requests: withRequest(own.requests, request, KEPT) }
      tabs.tell()
    },
  })
  tabs.join()
  return (input, init) => notes(input, init, (...call) => (fetch ?? globalThis.fetch)(...call))
}
