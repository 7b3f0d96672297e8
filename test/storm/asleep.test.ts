import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { hasProcesses } from './engines/index.ts'
import { growing, type Stage, until } from './stage.ts'
import { inEachEngine } from './storm.ts'

/** The first token lives 2 s, all others live long. */
const shortFirst = (generation: number): number => (generation === 1 ? 2000 : 600_000)
const firstRequest = (stage: Stage): Promise<{ status?: number; code?: string }> | undefined =>
  stage.actors[0]?.act('request')

/** While the first tab sleeps, its token expires and the other one renews; then it wakes, and sends a request. */
async function sleepThrough(stage: Stage, setAsleep: (isAsleep: boolean) => Promise<void>): Promise<number> {
  const [, other] = stage.actors
  if (!other) throw new Error('There is no other tab.')
  await setAsleep(true)
  await sleep(2500)
  await stage.tokens({}, [other])
  expect(stage.world.family.calls).toBe(1)
  await sleep(1000)
  await setAsleep(false)
  const answer = await firstRequest(stage)
  expect(answer).toEqual({ status: 200 })
  expect(stage.world.family.calls).toBe(1)
  expect((await stage.looks()).map(({ state }) => state.status)).toEqual(['authenticated', 'authenticated'])
  return stage.world.family.calls
}

const stopped = 'stopped for longer than its token lives, a tab sends its first request with the token of the others'
const frozen = 'frozen for longer than its token lives, a tab sends its first request with the token of the others'
const holder = 'stopped in mid-refresh, a tab holds nobody up, and its late answer undoes nothing (grace)'
const hidden = 'hidden for longer than three token lives, with its timers throttled, a tab stays signed in'

inEachEngine({}, ({ stage, storm, notRun }) => {
  if (!hasProcesses) {
    notRun(stopped, 'processes are found on Linux only')
    notRun(holder, 'processes are found on Linux only')
    return
  }

  storm(stopped, async (figures) => {
    const set = await stage({ tabs: 2, world: { lifetime: shortFirst } })
    const content = await set.actors[0]?.process()
    figures.calls = await sleepThrough(set, async (isAsleep) => (isAsleep ? content?.stop() : content?.resume()))
  })

  storm(holder, async (figures) => {
    const world = { lifetime: growing, latency: { refresh: 600 }, grace: 30_000 }
    const set = await stage({ tabs: 3, world, page: { timeout: 2000 } })
    const [first, ...others] = set.actors
    if (!first) throw new Error('There is no tab.')
    const content = await first.process()
    const { family } = set.world
    const collect = await set.begin('token', { minValidity: growing(1) - 10 }, [first])
    await until('the server renews', () => family.generation === 2)
    content.stop()
    const since = Date.now()
    const served = await set.tokens({ minValidity: growing(1) - 10 }, others, 30_000)
    figures['others served after'] = `${Date.now() - since} ms`
    await set.tokens({ minValidity: growing(2) - 10 }, others)
    const { generation, calls } = family
    content.resume()
    await collect()
    const tokens = await set.tokens()
    Object.assign(figures, { calls: family.calls, generations: generation - 1, reuses: family.reuses })
    expect(served.filter(({ token }) => token)).toHaveLength(2)
    expect(family.calls).toBe(calls)
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1)
    expect((await set.looks()).map(({ state }) => state.status)).toEqual(Array(3).fill('authenticated'))
    expect(await firstRequest(set)).toEqual({ status: 200 })
  })
})

inEachEngine({ realTabs: true }, ({ engine, house, stage, storm, notRun }) => {
  if (engine === 'chromium') {
    storm(frozen, async (figures) => {
      const set = await stage({ tabs: 2, world: { lifetime: shortFirst } })
      const [first, other] = set.actors
      await other?.tab.front()
      await sleep(300)
      figures.calls = await sleepThrough(set, async (isAsleep) => first?.tab.setFrozen?.(isAsleep))
    })
  } else {
    notRun(frozen, 'there is no page lifecycle API')
  }

  storm(hidden, async (figures) => {
    const lifetime = 5000
    const set = await stage({ tabs: 1, world: { lifetime: () => lifetime }, page: { when: 'always' } })
    const [only] = set.actors
    const { family } = set.world
    const cover = await (await house().engine()).newTab(`${house().server.origin}/elsewhere`)
    await cover.front()
    await until('the tab is hidden', async () => (await only?.look())?.visibility === 'hidden')
    const { calls: before } = family
    await sleep(3 * lifetime + 5000)
    const renewals = family.calls - before
    // WebKit's driver switches to a tab without showing it: there the first request is what wakes it.
    await only?.tab.front()
    const answer = await firstRequest(set)
    await cover.close()
    const look = await only?.look()
    Object.assign(figures, { 'renewals while hidden': renewals, calls: family.calls, reuses: family.reuses })
    figures.visibility = look?.visibility ?? ''
    expect(answer).toEqual({ status: 200 })
    expect(look?.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(look?.events.filter(({ name }) => name === 'logout')).toEqual([])
    expect({ calls: family.calls, concurrent: family.concurrent }).toEqual({
      calls: family.generation - 1,
      concurrent: 1,
    })
  })
})
