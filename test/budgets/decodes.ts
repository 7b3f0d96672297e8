/** How often each JWT is decoded: once in a page, whatever is done with it. */
import { jwt } from '../support/jwt.ts'
import { type Budget, hold } from './budget.ts'
import { openTabs } from './tabs-of.ts'

/** Every JWT passes here on its way to becoming claims. */
const decoded = new Map<string, number>()
const { atob } = globalThis
globalThis.atob = (text) => {
  const { sub } = JSON.parse(atob(text)) as { sub: string }
  decoded.set(sub, (decoded.get(sub) ?? 0) + 1)
  return atob(text)
}
let parses = 0
const { parse } = JSON
JSON.parse = (...call) => {
  parses += 1
  return parse(...call)
}

const tokens = (generation: number): object => ({
  access_token: jwt({ sub: `access token ${generation}` }),
  refresh_token: jwt({ sub: `refresh token ${generation}` }),
  ...(generation === 1 && { id_token: jwt({ sub: 'ID token' }) }),
})

for (const count of [1, 2]) {
  const house = await openTabs({ tabs: count, lifetime: 3600, tokens })
  const { client } = house.first
  const used = house.tabs.map((tab) => tab.client)
  const useThem = async (): Promise<void> => {
    for (const each of used) {
      await house.until(Promise.all(Array.from({ length: 100 }, () => each.http.get('todos').text())))
      await house.until(each.getAccessToken())
      for (let look = 0; look < 100; look += 1) void each.state
      each.explain()
    }
  }
  await useThem()
  parses = 0
  await useThem()
  const parsesOfRequests = parses
  await house.until(client.getAccessToken({ forceRefresh: true }))
  await useThem()
  await house.nextGeneration()
  await useThem()
  client.setUser({ name: 'John' })
  await useThem()
  const rows = [...decoded].map(([what, times]): Budget => ({ what, reached: times / count, budget: 1, bar: 1 }))
  hold(
    `How often each JWT was decoded in ${count === 1 ? 'one tab' : `each of ${count} tabs`}, over 3 generations and ${500 * count} requests`,
    [...rows, { what: 'JSON.parse because of requests', reached: parsesOfRequests, budget: 0 }],
    { 'access token and ID token were decoded': decoded.size === 4 },
  )
  house.close()
  decoded.clear()
}
