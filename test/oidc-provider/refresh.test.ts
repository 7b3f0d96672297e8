import { expect } from 'vitest'
import { until } from '../storm/stage.ts'
import type { AppTab } from './app-tab.ts'
import { inEachEngine, type Stage } from './scenes.ts'
import type { World } from './world.ts'

async function tabs(stage: Stage, world: World, count: number): Promise<AppTab[]> {
  const first = await stage.open(world)
  await first.signIn()
  const others: AppTab[] = []
  while (others.length < count - 1) others.push(await stage.open(world))
  return [first, ...others]
}

/** What the provider was asked to renew: each refresh token once, and all went well. */
function renewals({ provider }: World): number {
  const calls = provider.grants('refresh_token')
  expect(calls.filter(({ status }) => status !== 200)).toEqual([])
  expect(new Set(calls.map(({ params }) => params.refresh_token)).size).toBe(calls.length)
  expect(provider.reuses()).toBe(0)
  return calls.length
}

inEachEngine(({ scene }) => {
  scene('renews by itself before the token expires, with rotation, and keeps who is signed in', async (stage) => {
    const world = await stage.world({ lifetime: 2 })
    const app = await stage.open(world)
    await app.signIn()
    const told = await app.see('three renewals are told', ({ events }) => events.length >= 4, 15_000)
    expect(told.events.slice(0, 4).map(({ name, generation }) => [name, generation])).toEqual([
      ['login', 1],
      ['refresh', 2],
      ['refresh', 3],
      ['refresh', 4],
    ])
    expect(told.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
    expect(await app.ask()).toBe(200)
    return `${renewals(world)} renewals`
  })

  scene('five requests that meet a 401 cost one refresh, and all get their answer', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    world.api.refused.add(await app.token())
    expect(await Promise.all(Array.from({ length: 5 }, () => app.ask()))).toEqual(Array(5).fill(200))
    expect(renewals(world)).toBe(1)
    return undefined
  })

  scene('five tabs renew once a generation; the provider never sees a refresh token twice', async (stage) => {
    // Tokens of generation n live n × 600 s: each round asks for more than the current one has left.
    const world = await stage.world()
    const all = await tabs(stage, world, 5)
    const rounds = 10
    for (let round = 1; round <= rounds; round += 1) {
      world.provider.behaviour.lifetime = (round + 1) * 600
      const at = Date.now() + 300
      for (const app of all) await app.tokenAt(at, { minValidity: round * 600_000 - 10 })
      const looks = await Promise.all(
        all.map((app) => app.see('there is a token', ({ outcomes }) => outcomes.token !== undefined)),
      )
      const tokens = new Set(looks.map(({ outcomes }) => outcomes.token?.value))
      expect([...tokens]).toEqual([expect.any(String)])
      expect(renewals(world)).toBe(round)
    }

    // From now on by themselves: each of the five has a timer.
    world.provider.behaviour.lifetime = 2
    await all[0]?.token({ forceRefresh: true })
    await until('three more generations are there', () => renewals(world) >= rounds + 4, 20_000)
    for (const app of all) {
      const { state, events } = await app.look()
      expect(state.status).toBe('authenticated')
      expect(events.filter(({ name }) => name === 'logout')).toEqual([])
      expect(await app.ask()).toBe(200)
    }
    const generations = await Promise.all(all.map(async (app) => (await app.look()).events.at(-1)?.generation ?? 0))
    const calls = renewals(world)
    expect(Math.max(...generations)).toBeLessThanOrEqual(calls + 1)
    return `${calls} generations, ${calls} calls`
  })

  scene('a thief who uses an old refresh token ends the session in all tabs, once', async (stage) => {
    const world = await stage.world()
    const all = await tabs(stage, world, 2)
    await all[0]?.token({ forceRefresh: true })
    await all[1]?.see('the other tab has the new tokens', ({ events }) => events.at(-1)?.generation === 2)
    const stolen = world.provider.grants('refresh_token')[0]?.params.refresh_token
    const body = new URLSearchParams({
      client_id: 'page',
      grant_type: 'refresh_token',
      refresh_token: String(stolen),
    })
    expect((await fetch(`${world.provider.issuer}/token`, { method: 'POST', body })).status).toBe(400)
    expect(world.provider.reuses()).toBe(1)

    await all[1]?.tokenAt(Date.now(), { forceRefresh: true })
    await all[1]?.see('it is told', ({ outcomes }) => outcomes.token?.code === 'login_required')
    for (const [index, app] of all.entries()) {
      const { state, events } = await app.see('it is signed out', (look) => look.state.status === 'unauthenticated')
      expect(state.reason).toBe('revoked')
      expect(events.filter(({ name }) => name === 'logout')).toEqual([
        expect.objectContaining({ reason: 'revoked', origin: index === 1 ? 'this-tab' : 'other-tab' }),
      ])
    }
    return undefined
  })
})
