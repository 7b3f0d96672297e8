import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { growing } from './stage.ts'
import { inEachEngine, times } from './storm.ts'

const byPath = (path: string): string =>
  `signed out in one tab while nine send requests and one renews by ${path}, no tab sends its token, and nothing comes back`

inEachEngine({}, ({ stage, storm }) => {
  for (const [path, worker] of [
    ['the lock', false],
    ['the worker', true],
  ] as const) {
    storm(byPath(path), async (figures, random) => {
      const world = { lifetime: growing, latency: { refresh: 400, me: 30 } }
      const set = await stage({ world, page: { worker } })
      const [leaver, renewer, ...others] = set.actors
      if (!leaver || !renewer) throw new Error('There are no tabs.')
      const rounds = times(10)
      Object.assign(figures, { logouts: rounds, requests: 0, 'with a token afterwards': 0, zombies: 0 })
      for (let round = 0; round < rounds; round += 1) {
        const { family } = set.world
        const requests = set.world.requests.length
        const barrage = await set.begin('barrage', 1500, [leaver, ...others])
        await sleep(300)
        await set.begin('token', { forceRefresh: true }, [renewer])
        await sleep(random() * 500)
        const logout = await set.begin('logout', undefined, [leaver])
        await logout()
        await barrage()
        await sleep(600)
        const looks = await set.looks()
        const late = looks.flatMap(({ sent }) =>
          sent.filter(({ hasToken, status }) => hasToken && status !== 'authenticated'),
        )
        const zombies = looks.filter(({ state }) => state.status !== 'unauthenticated')
        const logouts = looks.map(({ events }) => events.filter(({ name }) => name === 'logout').length)
        const stored = await leaver.tab.run((key) => localStorage.getItem(key), set.world.name)
        figures.requests = Number(figures.requests) + set.world.requests.length - requests
        figures['with a token afterwards'] = Number(figures['with a token afterwards']) + late.length
        figures.zombies = Number(figures.zombies) + zombies.length + (stored ? 1 : 0)
        expect(looks).toHaveLength(10)
        expect(late).toEqual([])
        expect(zombies.map(({ state, trace }) => ({ state, trace }))).toEqual([])
        expect(stored).toBeNull()
        expect(family.ended).toBeDefined()
        expect(logouts).toEqual(Array(10).fill(round + 1))
        await leaver.act('login', 'ann')
        await sleep(300)
      }
    })
  }
})
