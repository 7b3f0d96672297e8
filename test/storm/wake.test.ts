import { expect } from 'vitest'
import type { TokenOutcome } from './pages/protocol.ts'
import { growing, type Stage } from './stage.ts'
import { type Figures, inEachEngine, times } from './storm.ts'

interface Tally {
  readonly generations: number
  readonly without: number
  readonly codes: string
}

/** All tabs wake at once, generation after generation. */
async function wake(stage: Stage, generations: number): Promise<Tally> {
  const { world, actors } = stage
  const outcomes: TokenOutcome[] = []
  for (let done = 0; done < generations; done += 1) {
    const next = world.family.generation + 1
    const heard = await stage.tokens(await stage.need(), undefined, 40_000)
    const served = heard.filter(({ token }) => token?.startsWith(`a.${world.family.id}.${next}.`))
    const missing = Array.from({ length: actors.length - heard.length }, () => ({ code: 'silence' }))
    const stale = heard.filter((each) => each.token && !served.includes(each)).map(() => ({ code: 'old token' }))
    outcomes.push(...served, ...stale, ...heard.filter(({ token }) => !token), ...missing)
    if (world.family.ended) break
  }
  const failed = outcomes.filter(({ token }) => !token)
  const codes = [...new Set(failed.map(({ code, cause }) => [code, cause].filter(Boolean).join(' < ')))].join(' ')
  return { generations: world.family.generation - 1, without: failed.length, codes }
}

async function expectOneCallEach(stage: Stage, generations: number, figures: Figures): Promise<void> {
  const tally = await wake(stage, generations)
  const { family } = stage.world
  Object.assign(figures, { generations: tally.generations, calls: family.calls, reuses: family.reuses })
  figures['without a token'] = `${tally.without}${tally.codes && ` (${tally.codes})`}`
  expect({ calls: family.calls, reuses: family.reuses, concurrent: family.concurrent, ...tally }).toEqual({
    calls: generations,
    reuses: 0,
    concurrent: 1,
    generations,
    without: 0,
    codes: '',
  })
}

inEachEngine({}, ({ engine, stage, storm }) => {
  const paths = [
    { path: 'the lock', worker: false },
    { path: 'the worker', worker: true },
  ]
  for (const { path, worker } of paths) {
    const byMany = `ten tabs that wake at once renew by ${path} with one call a generation, and all get its token`
    const bySlow = `a renewal by ${path} that takes 7 s is one call, and every tab waits for its token`
    storm(byMany, async (figures) => {
      const set = await stage({ world: { lifetime: growing, latency: { refresh: 10 } }, page: { worker } })
      await expectOneCallEach(set, times(100), figures)
      expect(set.world.family.byWorker).toBe(worker ? set.world.family.calls : 0)
    })
    storm(bySlow, async (figures) => {
      const set = await stage({ world: { lifetime: growing, latency: { refresh: 7000 } }, page: { worker } })
      await expectOneCallEach(set, times(3, 1), figures)
    })
  }

  storm('the recipe of lock and re-read is no match for it: it loses sessions in the same storm', async (figures) => {
    const set = await stage({ client: 'naive', world: { lifetime: growing, latency: { refresh: 10 } } })
    const [first] = set.actors
    let lost = 0
    for (let done = 0; done < times(100); done += 1) {
      await set.tokens(await set.need())
      if (!set.world.family.ended) continue
      lost += 1
      await first?.act('login', 'ann')
    }
    Object.assign(figures, { generations: times(100), 'sessions lost': lost })
    if (engine === 'chromium') expect(lost).toBeGreaterThan(0)
  })
})
