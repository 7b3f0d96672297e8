/** Whether requests leave anything behind. Run with `--expose-gc`. */
import { setImmediate } from 'node:timers/promises'
import { loadLatchkey, report } from './latchkey.ts'

const { AuthClient } = await loadLatchkey()
const { gc } = globalThis
if (!gc) throw new Error('Run it with `node --expose-gc`.')

const MIB = 2 ** 20
/** What a heap differs by from one look to the next; a leak of ten bytes a request is more. */
const NOISE = 1.5 * MIB

let generation = 1
const auth = new AuthClient({
  baseUrl: 'https://api.example.com',
  fetch: async (input, init) => {
    if (String(input).endsWith('/refresh')) {
      generation += 1
      return Response.json({ access_token: `token-${generation}`, expires_in: 3600 })
    }
    // Every so often a token is refused, so that renewals and replays are counted too.
    const isRefused = new Headers(init?.headers).get('authorization') !== `Bearer token-${generation}`
    return new Response('{}', { status: isRefused ? 401 : 200 })
  },
})
await auth.setTokens({ accessToken: 'token-1', refreshToken: 'refresh', lifetime: 3_600_000 })

async function heapAfter(count: number): Promise<number> {
  for (let index = 0; index < count; index += 1) {
    if (index % 1000 === 0) {
      generation += 1 // the server forgets its tokens
    }
    const { signal } = new AbortController()
    const init = index % 2 ? { signal } : { method: 'POST', body: '{}' }
    const answer = await (index % 10 ? auth.fetch('https://api.example.com/todos', init) : auth.http('todos', init))
    await answer.text()
  }
  for (let round = 0; round < 5; round += 1) {
    gc?.()
    await setImmediate()
  }
  return process.memoryUsage().heapUsed
}

const early = await heapAfter(20_000)
const late = await heapAfter(180_000)
const format = (bytes: number): string => `${(bytes / MIB).toFixed(2)} MiB`
report(
  'Heap after gc',
  [
    ['requests', 'heap'],
    ['20,000', format(early)],
    ['200,000', format(late)],
    ['growth', format(late - early)],
  ],
  { 'the heap does not grow with the requests': late - early < NOISE },
)
auth.dispose()
