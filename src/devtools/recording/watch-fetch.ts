import { browserEnvironment as environment } from '../../browser.js'
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
  const { now } = environment.clock
  let own = newRecord(environment.createId(), 'worker', now())
  const tabs = joinTabs({
    environment,
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
    base: environment.location,
    origin: () => undefined,
    note(request) {
      own = { ...own, requests: withRequest(own.requests, request, KEPT) }
      tabs.tell()
    },
  })
  tabs.join()
  return (input, init) => notes(input, init, (...call) => (fetch ?? globalThis.fetch)(...call))
}
