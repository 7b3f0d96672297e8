/** What is left in a page of a real Chromium of a thousand clients that were created, signed in, used and disposed of. */
import type { AuthClient } from 'latchkey'
import { type Budget, hold } from './budget.ts'
import { MIB, NOISE } from './heap.ts'
import { openSite } from './site.ts'

const CLIENTS = 1000
const WARM_UP = 200
const AT_ONCE = 10

interface Seen {
  readonly timers: Set<unknown>
  channels: number
  readonly clients: Set<WeakRef<AuthClient>>
}

/** Runs in the page: counts what is open at the browser's own edges. */
async function setUp(): Promise<void> {
  const seen: Seen = { timers: new Set(), channels: 0, clients: new Set() }
  Object.assign(window, { seen })
  const { setTimeout: set, clearTimeout: clear } = window
  Reflect.set(window, 'setTimeout', (callback: () => void, delay: number) => {
    const timer = set(() => {
      seen.timers.delete(timer)
      callback()
    }, delay)
    seen.timers.add(timer)
    return timer
  })
  Reflect.set(window, 'clearTimeout', (timer: number) => {
    seen.timers.delete(timer)
    clear(timer)
  })
  const { BroadcastChannel: Original } = window
  window.BroadcastChannel = class extends Original {
    constructor(name: string) {
      super(name)
      seen.channels += 1
    }
    override close(): void {
      seen.channels -= 1
      super.close()
    }
  }
  const path = '/page.js'
  Object.assign(window, { library: await import(path) })
}

/** Runs in the page: so many clients come and go, and leave a request and a refresh on the wire. */
async function comeAndGo({ count, atOnce }: { count: number; atOnce: number }): Promise<void> {
  const { AuthClient, useClient, webStorage }: typeof import('./page.ts') = Reflect.get(window, 'library')
  const { clients } = Reflect.get(window, 'seen') as Seen
  for (let index = 0; index < count; index += atOnce) {
    const batch = Array.from({ length: atOnce }, (_, name) => {
      const options = { baseUrl: location.origin, storage: webStorage('local'), storageKey: `latchkey-${name}` }
      return new AuthClient(options)
    })
    await Promise.all(batch.map((client) => useClient(client, '/')))
    for (const client of batch) {
      clients.add(new WeakRef(client))
      client.dispose()
    }
  }
  // A refresh on the wire is let finish.
  for (let left = 500; left && (await navigator.locks.query()).held?.length; left -= 1)
    await new Promise((resolve) => setTimeout(resolve, 10))
  await new Promise((resolve) => setTimeout(resolve, 500))
}

const site = await openSite()
const page = await site.browser.newPage()
await page.goto(site.origin)
const devtools = await page.context().newCDPSession(page)
await devtools.send('Performance.enable')

async function heap(): Promise<Record<string, number>> {
  for (let round = 0; round < 3; round += 1) await devtools.send('HeapProfiler.collectGarbage')
  const { metrics } = await devtools.send('Performance.getMetrics')
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
}

await page.evaluate(setUp)
const start = await heap()
await page.evaluate(comeAndGo, { count: WARM_UP, atOnce: AT_ONCE })
const warm = await heap()
await page.evaluate(comeAndGo, { count: CLIENTS, atOnce: AT_ONCE })
const end = await heap()
const left = await page.evaluate(async () => {
  const { timers, channels, clients } = Reflect.get(window, 'seen') as Seen
  const { held = [], pending = [] } = await navigator.locks.query()
  const alive = [...clients].filter((client) => client.deref())
  return {
    created: clients.size,
    alive: alive.length,
    timers: timers.size,
    channels,
    locks: held.length + pending.length,
  }
})
await site.close()

const grown = (name: string, from: Record<string, number>): number =>
  (end[name] ?? Number.NaN) - (from[name] ?? Number.NaN)
const rows: Budget[] = [
  { what: 'clients left', reached: left.alive, budget: 0 },
  { what: 'timers left', reached: left.timers, budget: 0 },
  { what: 'channels left', reached: left.channels, budget: 0 },
  { what: 'locks held or asked for', reached: left.locks, budget: 0 },
  { what: 'event listeners more than before the first', reached: grown('JSEventListeners', start), budget: 0 },
  {
    what: `growth of the heap by the last ${CLIENTS.toLocaleString('en')}`,
    reached: grown('JSHeapUsedSize', warm) / MIB,
    budget: NOISE,
    unit: 'MiB',
  },
]
hold(
  `${left.created.toLocaleString('en')} clients in a page of Chromium, disposed of with a refresh on the wire`,
  rows,
  {
    'all clients were used': left.created === WARM_UP + CLIENTS,
  },
)
