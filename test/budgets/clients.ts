/** What is left of a thousand clients that were created, signed in, used and disposed of. Wants `--expose-gc`. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuthClient, AuthClientOptions, Environment } from 'latchkey'
import { load } from '../package/bundle.ts'
import { hold } from './budget.ts'
import { heap, NOISE } from './heap.ts'
import { openTabs } from './tabs-of.ts'
import { useClient } from './use-client.ts'

const CLIENTS = 1000
const WARM_UP = 200
const TABS = 10
const URL_OF_API = 'https://api.example.com'

/** Clients in tabs of virtual browsers; hands back what their pages still hold when they are disposed of. */
async function inVirtualTabs(clients: Set<WeakRef<AuthClient>>, wanted: number): Promise<number> {
  let left = 0
  for (let count = 0; count < wanted; count += TABS) {
    const { tabs, until, time, close, left: leftOf } = await openTabs({ tabs: TABS, lifetime: 300 })
    for (const { client } of tabs) {
      clients.add(new WeakRef(client))
      await until(useClient(client, URL_OF_API))
    }
    close()
    await time.advance(60_000)
    left += leftOf()
  }
  return left
}

/** Clients on Node's own timers, channels and locks; hands back what is still open when they are disposed of. */
async function onTheRealEdges(clients: Set<WeakRef<AuthClient>>, wanted: number): Promise<number> {
  const { AuthClient } = await load<typeof import('latchkey')>(`export { AuthClient } from 'latchkey'`)
  const open = (): number => process.getActiveResourcesInfo().filter((each) => /Timeout|MessagePort/.test(each)).length
  const before = open()
  let channels = 0
  class CountedChannel extends BroadcastChannel {
    constructor(name: string) {
      super(name)
      channels += 1
    }
    override close(): void {
      channels -= 1
      super.close()
    }
  }
  const { BroadcastChannel: original } = globalThis
  globalThis.BroadcastChannel = CountedChannel
  const items = new Map<string, string>()
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key),
  }
  const rows = new Map()
  const ledger: Environment['ledger'] = {
    read: async (name) => rows.get(name),
    update: async (name, step) => {
      const row = step(rows.get(name))
      if (row) rows.set(name, row)
    },
  }
  const options: AuthClientOptions = {
    baseUrl: URL_OF_API,
    storage,
    environment: { ledger, marks: storage },
    fetch: async () => Response.json({ access_token: 'token', refresh_token: 'refresh', expires_in: 3600 }),
  }
  for (let count = 0; count < wanted; count += 1) {
    const client = new AuthClient(options)
    clients.add(new WeakRef(client))
    await useClient(client, URL_OF_API)
    client.dispose()
  }
  await sleep(100)
  globalThis.BroadcastChannel = original
  const locks = await navigator.locks?.query()
  return open() - before + channels + (locks?.held?.length ?? 0) + (locks?.pending?.length ?? 0)
}

/** What clients leave: open edges, themselves, and what a thousand add to the heap that some before have left. */
async function round(way: typeof inVirtualTabs) {
  const clients = new Set<WeakRef<AuthClient>>()
  await way(clients, WARM_UP)
  const before = await heap()
  const open = await way(clients, CLIENTS)
  const growth = (await heap()) - before
  const alive = [...clients].filter((each) => each.deref()).length
  return { created: clients.size, open, alive, growth }
}

for (const [where, way] of [
  ['in tabs of virtual browsers', inVirtualTabs],
  ['on Node’s own timers, channels and locks', onTheRealEdges],
] as const) {
  const { created, open, alive, growth } = await round(way)
  hold(
    `${created.toLocaleString('en')} clients ${where}, disposed of with a refresh on the wire`,
    [
      { what: 'clients left', reached: alive, budget: 0 },
      { what: 'timers, listeners, channels, locks left', reached: open, budget: 0 },
      {
        what: `growth of the heap by the last ${CLIENTS.toLocaleString('en')}`,
        reached: growth,
        budget: NOISE,
        unit: 'MiB',
      },
    ],
    { 'all clients were used': created === WARM_UP + CLIENTS },
  )
}
