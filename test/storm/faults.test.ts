import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { growing, type Stage } from './stage.ts'
import { inEachEngine, times } from './storm.ts'
import type { Fault } from './world.ts'

/** All tabs want a new token while one call meets `fault`; hands back how many calls were made until all have one. */
async function renewThrough(stage: Stage, fault: Fault, pause: number): Promise<number> {
  const { world } = stage
  const { refreshCalls } = world
  world.behaviour.faults.refresh = [fault]
  const need = await stage.need()
  // The old token is good still: whoever meets the fault goes on with it.
  await stage.tokens(need, undefined, 40_000)
  await sleep(pause)
  await stage.tokens(need, undefined, 40_000)
  return world.refreshCalls - refreshCalls
}

inEachEngine({}, ({ stage, storm }) => {
  const faults = [
    { fault: '503', pause: 0, name: 'a 503' },
    { fault: '429', pause: 1200, name: 'a 429 with `Retry-After`' },
    { fault: 'drop', pause: 0, name: 'a dropped connection (grace)' },
  ] as const
  for (const { fault, pause, name } of faults) {
    storm(
      `ten tabs that want a token at once answer ${name} by one further call, and stay signed in`,
      async (figures) => {
        const set = await stage({ world: { lifetime: growing, latency: { refresh: 20 }, grace: 10_000 } })
        const { world } = set
        const rounds = times(5, 2)
        let most = 0
        for (let round = 0; round < rounds; round += 1) {
          most = Math.max(most, await renewThrough(set, fault, pause))
        }
        const { family } = world
        const tokens = await set.tokens()
        Object.assign(figures, { faults: rounds, calls: world.refreshCalls, reuses: family.reuses })
        expect(most).toBe(2)
        expect({ ended: family.ended, generation: family.generation }).toEqual({
          ended: undefined,
          generation: 1 + rounds,
        })
        expect(new Set(tokens.map(({ token }) => token)).size).toBe(1)
        expect((await set.looks()).flatMap(({ events }) => events.filter((each) => each.name === 'logout'))).toEqual([])
      },
    )
  }
})
