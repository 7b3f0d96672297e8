/** Whole clients, as apps create them, who do at the same moments what those of a simulated fleet did. */
import { AuthClient, type Ledger, type LedgerRow } from 'latchkey'
import { createPage, VirtualTime } from '../model/virtual.ts'
import { seeded } from '../support/random.ts'
import type { Deed, FleetSettings } from './fleet.ts'
import { seedOf } from './streams.ts'
import type { TokenEndpoint } from './token-endpoint.ts'

export interface Record {
  readonly deed: Deed
  readonly client: number
  readonly at: number
}

const BASE = 'https://api.test'

/** Has the clients sign in, ask and reload as in `records`; resolves with the moments at which each called `endpoint`. */
export async function replay(
  { clients, seed, lifetime, end }: FleetSettings,
  records: readonly Record[],
  endpoint: TokenEndpoint,
): Promise<{ calls: number[][]; signedOut: number }> {
  const time = new VirtualTime()
  const begin = time.mono
  const calls: number[][] = Array.from({ length: clients }, () => [])
  let signedOut = 0

  const answer = (name: number): Response | Promise<never> => {
    const at = time.mono - begin
    calls[name]?.push(at)
    const fate = endpoint.take(at)
    if (fate === 'silence') return new Promise(() => undefined)
    if (fate === 'tokens') return tokens(lifetime)
    const { status, retryAfter } = fate
    return new Response(null, { status, headers: retryAfter ? { 'Retry-After': retryAfter } : {} })
  }

  const pages = calls.map((_, name) => {
    const items = new Map<string, string>()
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
      removeItem: (key: string) => items.delete(key),
    }
    const environment = {
      ...createPage(time, seeded(seedOf(name, seed))).environment,
      createId: () => `session-${name}`,
      ledger: createLedger(),
      locks: undefined,
      channel: undefined,
      watchStorage: () => () => undefined,
    }
    const fetch: typeof globalThis.fetch = async (input) =>
      String(input).endsWith('/login') ? tokens(lifetime) : answer(name)
    const open = (): AuthClient => {
      const client = new AuthClient({ baseUrl: BASE, storage, environment, fetch })
      client.on('logout', () => {
        signedOut += 1
      })
      return client
    }
    return { open, client: open() }
  })

  const act = async ({ deed, client: name }: Record): Promise<unknown> => {
    const page = pages[name]
    if (deed === 'sign in') return page?.client.login({})
    if (deed === 'ask') return page?.client.getAccessToken()
    if (!page) return undefined
    page.client.dispose()
    page.client = page.open()
    return page.client.start()
  }
  const inTurn = records.filter(({ deed }) => deed !== 'call').sort((one, other) => one.at - other.at)
  for (const record of inTurn) {
    await time.advance(begin + record.at - time.mono)
    void act(record).catch(() => undefined)
  }
  await time.advance(begin + end - time.mono)
  for (const { client } of pages) client.dispose()
  return { calls, signedOut }
}

function tokens(lifetime: number): Response {
  return Response.json({ access_token: 'access', refresh_token: 'refresh', expires_in: lifetime / 1000 })
}

function createLedger(): Ledger {
  const rows = new Map<string, LedgerRow>()
  return {
    read: async (name) => rows.get(name),
    async update(name, step) {
      const row = step(rows.get(name))
      if (row) rows.set(name, row)
    },
  }
}
