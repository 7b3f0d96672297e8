import { expect } from 'vitest'
import { hasProcesses } from './engines/index.ts'
import { type Actor, growing, type Stage, until } from './stage.ts'
import { type Figures, inEachEngine, pick, times } from './storm.ts'

interface Toll {
  /** Tabs that were killed while the server's answer was on its way. */
  kills: number
  /** Sessions that ended. */
  lost: number
  /** Of these, those whose refresh call died with the process that was killed: the tab's own, or the worker's in it. */
  bereaved: number
  /** Kills that did not meet the worker. */
  elsewhere: number
  /** Survivors that were told of the loss as they should be, exactly once. */
  told: number
  survivors: number
  calls: number
  generations: number
  reuses: number
  /** Survivors without a token although the session goes on. */
  unserved: number
  codes: string[]
}

/**
 * Lets one tab ask, and kills its process when the server has renewed but not answered; hands back whether the call died
 * with it.
 */
async function killInMidRefresh(stage: Stage, actor: Actor): Promise<boolean> {
  const content = await actor.process()
  const worker = stage.hasWorker ? await stage.workerProcess() : undefined
  const { world } = stage
  const { generation } = world.family
  await stage.begin('token', await stage.need(), [actor])
  await until('the server renews', () => world.family.generation > generation)
  content.kill()
  stage.dismiss(actor)
  return !worker || worker.pid === content.pid
}

/** `rounds` generations, `kills` of them with a kill. After a loss a survivor signs in again. */
async function reap(stage: Stage, rounds: number, kills: number, random: () => number): Promise<Toll> {
  const { world } = stage
  const toll: Toll = {
    kills: 0,
    lost: 0,
    bereaved: 0,
    elsewhere: 0,
    told: 0,
    survivors: 0,
    calls: 0,
    generations: 0,
    reuses: 0,
    unserved: 0,
    codes: [],
  }
  for (let round = 0; round < rounds; round += 1) {
    const { family } = world
    const need = await stage.need()
    const isDeadly = random() < (kills - toll.kills) / (rounds - round)
    let isBereaved = false
    if (isDeadly) {
      isBereaved = await killInMidRefresh(stage, pick(stage.actors, random))
      toll.kills += 1
      toll.elsewhere += isBereaved ? 0 : 1
    }
    const answers = await stage.tokens(need, undefined, 30_000)
    toll.unserved += stage.actors.length - answers.filter(({ token }) => token).length
    if (family.ended) {
      toll.lost += 1
      if (isBereaved) toll.bereaved += 1
      await tellLoss(stage, toll)
    } else {
      toll.codes.push(...answers.map(({ code }) => code).filter((code) => code !== undefined))
    }
    if (isDeadly) await stage.open()
  }
  for (const { calls, generation, reuses } of world.families) {
    toll.calls += calls
    toll.generations += generation - 1
    toll.reuses += reuses
  }
  return toll
}

/** Counts who knows of a loss, and how; then somebody signs in again. */
async function tellLoss(stage: Stage, toll: Toll): Promise<void> {
  const looks = await stage.looks()
  toll.survivors += looks.length
  toll.unserved -= looks.length
  for (const { events } of looks) {
    const since = events.findLastIndex(({ name }) => name === 'login')
    const logouts = events.slice(since + 1).filter(({ name }) => name === 'logout')
    const [logout] = logouts
    if (logouts.length === 1 && logout?.reason === 'revoked' && logout.code === 'refresh_lost') toll.told += 1
    else toll.codes.push(...logouts.map(({ reason, code }) => `${reason}/${code}`))
  }
  await stage.actors[0]?.act('login', 'ann')
  await until('all know', async () => (await stage.looks()).every(({ state }) => state.status === 'authenticated'))
}

function fill(figures: Figures, toll: Toll): void {
  const { kills, lost, calls, generations, reuses, unserved } = toll
  Object.assign(figures, { kills, lost, calls, generations, reuses, unserved })
}

inEachEngine({}, ({ engine, stage, storm, notRun }) => {
  const byWorker =
    'killed in mid-refresh, a tab loses no session that the worker renews elsewhere; else it is `refresh_lost`'
  const withGrace =
    'by the lock, with a grace of 10 s, tabs killed in mid-refresh lose nothing, at 1.2 calls a generation'
  const strict = 'by the lock, without grace, only a killed holder loses a session, and all are told `refresh_lost`'
  const inCookie = 'in cookie mode tabs killed in mid-refresh lose nothing, and there is one call a generation'

  if (!hasProcesses || engine === 'webkit') {
    const why = hasProcesses ? "a killed tab ends the driver's session" : 'processes are found on Linux only'
    for (const promise of [byWorker, withGrace, strict, inCookie]) notRun(promise, why)
    return
  }

  storm(byWorker, async (figures, random) => {
    const page = { worker: true, timeout: 3000 }
    const set = await stage({ tabs: 3, world: { lifetime: growing, latency: { refresh: 400 } }, page })
    // A worker begins with the first renewal.
    await set.tokens({ forceRefresh: true }, set.actors.slice(0, 1))
    const toll = await reap(set, times(20), times(20), random)
    fill(figures, toll)
    figures['worker elsewhere'] = toll.elsewhere
    figures.told = `${toll.told}/${toll.survivors}`
    expect({ codes: toll.codes, unserved: toll.unserved }).toEqual({ codes: [], unserved: 0 })
    expect(toll.lost).toBe(toll.bereaved)
    expect(toll.told).toBe(toll.survivors)
  })

  storm(withGrace, async (figures, random) => {
    const world = { lifetime: growing, latency: { refresh: 250 }, grace: 10_000 }
    const set = await stage({ tabs: 4, world, page: { timeout: 3000 } })
    const rounds = times(100, 10)
    const toll = await reap(set, rounds, rounds / 5, random)
    fill(figures, toll)
    expect({ lost: toll.lost, codes: toll.codes, unserved: toll.unserved }).toEqual({ lost: 0, codes: [], unserved: 0 })
    expect(toll.generations).toBe(rounds)
    expect(toll.calls / toll.generations).toBeLessThanOrEqual(1.2)
  })

  storm(strict, async (figures, random) => {
    const world = { lifetime: growing, latency: { refresh: 250 } }
    const set = await stage({ tabs: 4, world, page: { timeout: 3000 } })
    const rounds = times(30, 6)
    const toll = await reap(set, rounds, times(20), random)
    fill(figures, toll)
    figures.told = `${toll.told}/${toll.survivors}`
    expect({ codes: toll.codes, unserved: toll.unserved }).toEqual({ codes: [], unserved: 0 })
    expect(toll.lost).toBe(toll.bereaved)
    expect(toll.told).toBe(toll.survivors)
  })

  storm(
    inCookie,
    async (figures, random) => {
      const world = { lifetime: growing, latency: { refresh: 250 }, via: 'cookie' as const }
      const set = await stage({ tabs: 10, world, page: { timeout: 1500 } })
      const rounds = times(100, 8)
      const toll = await reap(set, rounds, times(40), random)
      fill(figures, toll)
      expect({ lost: toll.lost, codes: toll.codes, unserved: toll.unserved }).toEqual({
        lost: 0,
        codes: [],
        unserved: 0,
      })
      expect({ calls: toll.calls, reuses: toll.reuses }).toEqual({ calls: toll.generations, reuses: 0 })
    },
    600_000,
  )
})
