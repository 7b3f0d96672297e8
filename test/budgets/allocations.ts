/**
 * What a request makes beyond what fetch, or ky, makes for it anyhow: bytes, objects, promises. Each `await` counts as a
 * promise, since an engine that is watched makes one for it. Bytes differ by 2 % from run to run, those of ky by 500.
 */
import { createHook } from 'node:async_hooks'
import { median } from '../bench/statistics.ts'
import { load } from '../package/bundle.ts'
import { type Budget, hold } from './budget.ts'
import { type Made, type Way, watchGlobals } from './made.ts'

type Library = typeof import('latchkey') & { ky: typeof import('ky').default }
const { AuthClient, ky } = await load<Library>(`export * from 'latchkey'; export { default as ky } from 'ky'`)
const { gc } = globalThis
if (!gc) throw new Error('Run it with `node --expose-gc --min-semi-space-size=256 --max-semi-space-size=256`.')

const BASE = 'https://api.example.com'
const TODOS = `${BASE}/todos`
const WARM_UP = 1500
const SAMPLES = 9
const REQUESTS = 200

const Authorization = 'Bearer token'
const network: typeof globalThis.fetch = async () => new Response('{}')
const auth = new AuthClient({ baseUrl: BASE, fetch: network })
await auth.setTokens({ accessToken: 'token', refreshToken: 'refresh', lifetime: 3_600_000 })
const api = ky.create({ prefix: BASE, fetch: network, timeout: 30_000, headers: { Authorization } })

const { signal } = new AbortController()
const json = { 'Content-Type': 'application/json' }
const post = { method: 'POST', body: '{}' }

/** A way to make a request, beside the one it is measured against; what it may make beyond that, on average. */
interface Pair {
  readonly ours: Way
  readonly bare: Way
  /** What is not named must not be made at all. */
  readonly budget: Made
}

const pairs: Record<string, Pair> = {
  'auth.fetch(url)': {
    ours: () => auth.fetch(TODOS),
    bare: () => network(TODOS, { headers: { Authorization } }),
    budget: { bytes: 2000, promises: 2, Headers: 1 },
  },
  'auth.fetch(url, init)': {
    ours: () => auth.fetch(TODOS, { ...post, headers: json }),
    bare: () => network(TODOS, { ...post, headers: { ...json, Authorization } }),
    budget: { bytes: 3000, promises: 2, Headers: 1 },
  },
  'auth.fetch(url, { signal })': {
    ours: () => auth.fetch(TODOS, { signal }),
    bare: () => network(TODOS, { signal, headers: { Authorization } }),
    budget: { bytes: 3600, promises: 2, Headers: 1, 'AbortSignal.any': 1 },
  },
  'auth.fetch(request)': {
    ours: () => auth.fetch(new Request(TODOS, post)),
    bare: () => network(new Request(TODOS, { ...post, headers: { Authorization } })),
    budget: {
      bytes: 12_200,
      promises: 5,
      Headers: 1,
      'AbortSignal.any': 1,
      clones: 1,
      AbortController: 1,
      listeners: 1,
    },
  },
  'auth.http.get()': {
    ours: () => auth.http.get('todos'),
    bare: () => api.get('todos'),
    budget: { bytes: 1500, promises: 2, 'AbortSignal.any': 1 },
  },
  'auth.http.post()': {
    ours: () => auth.http.post('todos', { json: {} }),
    bare: () => api.post('todos', { json: {} }),
    budget: { bytes: 9200, promises: 2, 'AbortSignal.any': 1, clones: 1, AbortController: 1, listeners: 1 },
  },
  'getAccessToken()': {
    ours: () => auth.getAccessToken(),
    bare: async () => 'token',
    budget: { bytes: 250 },
  },
}

async function repeat(times: number, way: Way): Promise<void> {
  for (let index = 0; index < times; index += 1) await way()
}

/** The bytes that a way allocates; the young generation is so large that nothing is collected meanwhile. */
async function bytesOf(way: Way): Promise<number> {
  gc?.()
  const before = process.memoryUsage().heapUsed
  await repeat(REQUESTS, way)
  return (process.memoryUsage().heapUsed - before) / REQUESTS
}

/** The bytes that a pair allocates: samples of the one and the other, in turn. */
async function measure({ ours, bare }: Pair): Promise<{ more: number; bare: number }> {
  await repeat(WARM_UP, ours)
  await repeat(WARM_UP, bare)
  const [more, less]: [number[], number[]] = [[], []]
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    less.push(await bytesOf(bare))
    more.push(await bytesOf(ours))
  }
  return { more: Math.round(median(more) - median(less)), bare: Math.round(median(less)) }
}

const bytes = new Map<Pair, { more: number; bare: number }>()
for (const pair of Object.values(pairs)) bytes.set(pair, await measure(pair))

// From here on the globals count.
const made = watchGlobals()
const promises = createHook({ init: (_, type) => type === 'PROMISE' && made.count('promises') })

/** What is made on average over some requests. */
async function madeBy(way: Way): Promise<Made> {
  const times = 20
  await way()
  made.forget()
  promises.enable()
  await repeat(times, way)
  promises.disable()
  return Object.fromEntries([...made.counts].map(([what, count]) => [what, Math.round(count / times)]))
}

const rows: Budget[] = []
for (const [name, pair] of Object.entries(pairs)) {
  const ours = await madeBy(pair.ours)
  const bare = await madeBy(pair.bare)
  const { more = 0, bare: anyhow = 0 } = bytes.get(pair) ?? {}
  const { bytes: budget, ...budgets } = pair.budget
  rows.push({ what: `${name}: bytes, beyond ${anyhow.toLocaleString('en')}`, reached: more, budget })
  for (const what of Object.keys({ ...budgets, ...ours })) {
    const reached = Math.round((ours[what] ?? 0) - (bare[what] ?? 0))
    if (reached || budgets[what]) rows.push({ what: `${name}: ${what}`, reached, budget: budgets[what] ?? 0 })
  }
}
auth.dispose()
hold('What a request makes beyond fetch or ky alone (Node)', rows)
