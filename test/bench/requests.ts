/** What a request costs beyond the network, and what a thousand of them do with an expired token. */
import { setTimeout } from 'node:timers/promises'
import ky from 'ky'
import { loadLatchkey, report } from './latchkey.ts'

const { AuthClient } = await loadLatchkey()

const ROUNDS = 31
const REQUESTS = 400
const BASE = 'https://api.example.com'
const URL_OF_TODOS = `${BASE}/todos`

const network: typeof globalThis.fetch = async () => new Response('{"id":1}')
const auth = new AuthClient({ baseUrl: BASE, fetch: network })
await auth.setTokens({ accessToken: 'token', refreshToken: 'refresh', lifetime: 3_600_000 })
const api = ky.create({ prefix: BASE, fetch: network, timeout: 30_000, headers: { Authorization: 'Bearer token' } })

const ways: Record<string, () => Promise<unknown>> = {
  'bare fetch': async () => (await network(URL_OF_TODOS, { headers: { Authorization: 'Bearer token' } })).json(),
  'auth.fetch': async () => (await auth.fetch(URL_OF_TODOS)).json(),
  ky: () => api.get('todos').json(),
  'auth.http': () => auth.http.get('todos').json(),
}

const times: Record<string, number[]> = {}
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, call] of Object.entries(ways)) {
    const start = performance.now()
    for (let index = 0; index < REQUESTS; index += 1) await call()
    const each = ((performance.now() - start) / REQUESTS) * 1000
    if (round > 0) times[name] = [...(times[name] ?? []), each] // the first round warms up
  }
}
const median = (name: string): number => (times[name] ?? []).toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
const ratio = (name: string, to: string): string => `${(median(name) / median(to)).toFixed(2)} × ${to}`
report('A request over a network that answers at once (medians)', [
  ['way', 'µs', 'ratio'],
  ['bare fetch', median('bare fetch').toFixed(1), ''],
  ['auth.fetch', median('auth.fetch').toFixed(1), ratio('auth.fetch', 'bare fetch')],
  ['ky', median('ky').toFixed(1), ratio('ky', 'bare fetch')],
  ['auth.http', median('auth.http').toFixed(1), ratio('auth.http', 'ky')],
])
auth.dispose()

/** A thousand requests at once with a token that is no good any more. */
async function stampede(
  lifetime: number,
  spread: number,
): Promise<{ refreshes: number; failures: number; sends: number }> {
  let [refreshes, sends] = [0, 0]
  const client = new AuthClient({
    baseUrl: BASE,
    refresh: { when: 'on-demand' },
    fetch: async (input, init) => {
      if (String(input).endsWith('/refresh')) {
        refreshes += 1
        await setTimeout(20)
        return Response.json({ access_token: 'new', expires_in: 3600 })
      }
      sends += 1
      const isNew = new Headers(init?.headers).get('authorization') === 'Bearer new'
      await setTimeout(Math.random() * spread)
      return new Response(null, { status: isNew ? 200 : 401 })
    },
  })
  await client.setTokens({ accessToken: 'old', refreshToken: 'refresh', lifetime })
  await setTimeout(Math.min(lifetime, 1500)) // a short-lived token has expired
  const answers = await Promise.allSettled(Array.from({ length: 1000 }, () => client.fetch(URL_OF_TODOS)))
  client.dispose()
  const failures = answers.filter((answer) => answer.status === 'rejected' || !answer.value.ok).length
  return { refreshes, failures, sends }
}

const expired = await stampede(1490, 0)
const refused = await stampede(3_600_000, 100)
const row = (name: string, { refreshes, failures, sends }: typeof expired): string[] => [
  name,
  ...[refreshes, failures, sends].map(String),
]
report(
  '1,000 requests at once',
  [
    ['with a token that', 'refreshes', 'failed', 'sent'],
    row('has expired', expired),
    row('is refused, over 100 ms', refused),
  ],
  {
    'an expired token is renewed once': expired.refreshes === 1 && expired.failures === 0 && expired.sends === 1000,
    'a refused token is renewed once': refused.refreshes === 1 && refused.failures === 0 && refused.sends === 2000,
  },
)
