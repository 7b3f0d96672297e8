/** Whether the heap grows with requests: replays, renewals, aborted ones and those of ky among them. Wants `--expose-gc`. */
import { load } from '../package/bundle.ts'
import { hold } from './budget.ts'
import { heapAfter } from './heap.ts'

const { AuthClient } = await load<typeof import('latchkey')>(`export { AuthClient } from 'latchkey'`)

const TODOS = 'https://api.example.com/todos'

let generation = 1
let [refreshes, replays, aborts] = [0, 0, 0]
const auth = new AuthClient({
  baseUrl: 'https://api.example.com',
  fetch: async (input, init) => {
    if (String(input).endsWith('/refresh')) {
      refreshes += 1
      return Response.json({ access_token: `token-${generation}`, expires_in: 3600 })
    }
    await undefined
    init?.signal?.throwIfAborted()
    // Every so often a token is refused, so that renewals and replays are counted too.
    const isRefused = new Headers(init?.headers).get('authorization') !== `Bearer token-${generation}`
    if (isRefused) replays += 1
    return new Response('{}', { status: isRefused ? 401 : 200 })
  },
})
await auth.setTokens({ accessToken: 'token-1', refreshToken: 'refresh', lifetime: 3_600_000 })

/** Lives as long as the page, as the signal of a component may. */
const page = new AbortController()

async function send(index: number): Promise<unknown> {
  if (index % 1000 === 0) generation += 1 // the server forgets its tokens
  if (index % 50 === 1) return auth.http.post('todos', { json: {} }).json()
  if (index % 50 === 2) return auth.fetch(new Request(TODOS, { method: 'POST', body: '{}' }))
  if (index % 10 === 3) return auth.fetch(TODOS, { signal: page.signal })
  if (index % 50 !== 4) return auth.fetch(TODOS, { method: 'POST', body: '{}', headers: { Accept: 'text/plain' } })
  const controller = new AbortController()
  const answer = auth.fetch(TODOS, { signal: controller.signal })
  controller.abort()
  return answer.catch(() => {
    aborts += 1
  })
}

let sent = 0
const rows = await heapAfter([100_000, 250_000, 500_000, 1_000_000], 'requests', async (look) => {
  for (; sent < look; sent += 1) await send(sent)
})
auth.dispose()
hold(
  `The heap after requests; ${refreshes} refreshes, ${replays} replays and ${aborts} aborted ones among them`,
  rows,
  {
    'tokens were renewed, and requests sent again': refreshes > 900 && replays > 900,
    'requests were aborted': aborts > 15_000,
  },
)
