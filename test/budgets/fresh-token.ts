/** What requests with a fresh token ask of the browser: nothing but the network. */
import { hold } from './budget.ts'
import { openTabs } from './tabs-of.ts'

const CALLS = 1000
const AT_ONCE = 100
const URL_OF_TODOS = 'https://api.example.com/todos'

const house = await openTabs({ tabs: 1, lifetime: 3600 })
const { client, counts } = house.first

const calls: Record<string, () => Promise<unknown>> = {
  'getAccessToken()': () => client.getAccessToken(),
  'getAccessToken({ minValidity })': () => client.getAccessToken({ minValidity: 60_000 }),
  state: async () => client.state,
  'auth.fetch(url)': () => client.fetch(URL_OF_TODOS),
  'auth.fetch(url, init)': () => client.fetch(URL_OF_TODOS, { method: 'POST', body: '{}' }),
  'auth.fetch(request)': () => client.fetch(new Request(URL_OF_TODOS, { method: 'POST', body: '{}' })),
  'auth.http': () => client.http.post('todos', { json: {} }).json(),
}
const rows = []
const asked = []
for (const [what, call] of Object.entries(calls)) {
  house.forget()
  for (let done = 0; done < CALLS; done += AT_ONCE) {
    await house.until(Promise.all(Array.from({ length: AT_ONCE }, call)))
  }
  const requests = counts.get('requests') ?? 0
  const edges = [...counts.values()].reduce((sum, count) => sum + count, 0) - requests
  rows.push({ what, reached: edges, budget: 0 })
  asked.push(requests === (/fetch|http/.test(what) ? CALLS : 0))
}
house.close()
hold(
  `${CALLS.toLocaleString('en')} calls with a fresh token: storage, timers, ledger, locks, hints that were asked for`,
  rows,
  { 'a request goes to the network once, and nothing else does': asked.every((isRight) => isRight) },
)
