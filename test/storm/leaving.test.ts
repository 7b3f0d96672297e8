import { expect } from 'vitest'
import { type Actor, growing, type Stage, until } from './stage.ts'
import { inEachEngine, pick, times } from './storm.ts'

/** Asks by one tab, and goes on once the server has processed that; the answer is still on its way. */
async function askBy(stage: Stage, actor: Actor, slack?: number): Promise<{ minValidity: number }> {
  const { world } = stage
  const { generation } = world.family
  const need = await stage.need(slack)
  await stage.begin('token', need, [actor])
  await until('the server renews', () => world.family.generation > generation)
  return need
}

/** Closes it, or navigates it away. */
async function leave(stage: Stage, actor: Actor, isClosed: boolean): Promise<void> {
  stage.dismiss(actor)
  await (isClosed ? actor.tab.close() : actor.tab.goto(actor.url.replace(/latchkey\?.*/, 'elsewhere')))
}

inEachEngine({}, ({ engine, stage, storm, notRun }) => {
  const withOthers = 'tabs that leave in mid-refresh lose no session while another one lives, with the worker'
  const alone = 'the only tab that leaves in mid-refresh finds its session when it comes back, with the worker'
  const moved = 'a tab that leaves in mid-refresh loses a session only with the worker, and all are told `refresh_lost`'

  const threeTabs = (): Promise<Stage> =>
    stage({ tabs: 3, world: { lifetime: growing, latency: { refresh: 300 } }, page: { worker: true } })

  if (engine === 'webkit') {
    // It ends the process of a worker whose first tab has gone, with the call in it, and starts the worker elsewhere.
    notRun(withOthers, 'the engine moves the worker when the tab that started it has gone')
    storm(moved, async (figures, random) => {
      const set = await threeTabs()
      const rounds = times(50)
      const toll = { left: rounds, 'ended with the worker': 0, 'lost otherwise': 0, told: 0, survivors: 0 }
      for (let round = 0; round < rounds; round += 1) {
        const { family } = set.world
        const { abandoned } = family
        const leaver = pick(set.actors, random)
        const need = await askBy(set, leaver)
        await leave(set, leaver, random() < 0.5)
        await set.tokens(need)
        if (family.ended) {
          toll[family.abandoned > abandoned ? 'ended with the worker' : 'lost otherwise'] += 1
          const looks = await set.looks()
          toll.survivors += looks.length
          toll.told += looks.filter(({ events }) => events.at(-1)?.code === 'refresh_lost').length
          await set.actors[0]?.act('login', 'ann')
        }
        await set.open()
      }
      Object.assign(figures, toll)
      expect(toll['lost otherwise']).toBe(0)
      expect(toll.told).toBe(toll.survivors)
    })
  } else {
    storm(withOthers, async (figures, random) => {
      const set = await stage({
        tabs: 3,
        world: { lifetime: growing, latency: { refresh: 300 } },
        page: { worker: true },
      })
      const { family } = set.world
      let unserved = 0
      const rounds = times(50)
      for (let round = 0; round < rounds && !family.ended; round += 1) {
        const leaver = pick(set.actors, random)
        const next = family.generation + 1
        const need = await askBy(set, leaver)
        await leave(set, leaver, random() < 0.5)
        const served = await set.tokens(need)
        unserved += served.filter(({ token }) => !token?.startsWith(`a.${family.id}.${next}.`)).length
        await set.open()
      }
      Object.assign(figures, { left: rounds, lost: family.ended ? 1 : 0, calls: family.calls, reuses: family.reuses })
      figures['without a token'] = unserved
      expect({ ended: family.ended, calls: family.calls, reuses: family.reuses, unserved }).toEqual({
        ended: undefined,
        calls: rounds,
        reuses: 0,
        unserved: 0,
      })
      expect(family.byWorker).toBe(rounds)
    })
  }

  if (engine !== 'chromium') {
    notRun(alone, 'a worker ends with its last tab here')
    return
  }
  storm(alone, async (figures, random) => {
    const set = await stage({
      tabs: 1,
      world: { lifetime: growing, latency: { refresh: 300 } },
      page: { worker: true },
    })
    const { family } = set.world
    const rounds = times(20)
    let [only] = set.actors
    let signedOut = 0
    for (let round = 0; round < rounds && only && !family.ended; round += 1) {
      const next = family.generation + 1
      const need = await askBy(set, only, 2000) // the worker keeps the answer until the tab is back
      await leave(set, only, random() < 0.5)
      only = await set.open()
      const [served] = await set.tokens(need)
      if (!served?.token?.startsWith(`a.${family.id}.${next}.`)) signedOut += 1
    }
    Object.assign(figures, { left: rounds, lost: signedOut, calls: family.calls, reuses: family.reuses })
    expect({ ended: family.ended, signedOut, calls: family.calls }).toEqual({
      ended: undefined,
      signedOut: 0,
      calls: rounds,
    })
  })
})
