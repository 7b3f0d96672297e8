import { setTimeout as sleep } from 'node:timers/promises'
import type { TokenOutcome } from '../pages/protocol.ts'
import { type Actor, growing, type House, type Stage, until } from '../stage.ts'
import type { WorldOptions } from '../world.ts'
import type { Client } from './clients.ts'
import { type Clock, unwrap } from './dialect.ts'

/** What a storm has come to. */
export interface Toll {
  /** Generations that were due. */
  rounds: number
  /** Refresh calls, whatever they met. */
  calls: number
  /** Sessions that are over: by the server after a reuse, or because a tab has signed itself out. */
  lost: number
  /** Of these, those that the server would have gone on with. */
  dropped: number
  /** Callers in need of a token. */
  callers: number
  /** Those who got none, or one that the server would refuse once the storm was over. */
  without: number
  /** While the server said 429: callers that were told no, where there was such a time. */
  early?: number
  /** What they got instead, in their client's own words. */
  readonly codes: Set<string>
}

export interface Storm {
  readonly name: string
  run(scene: Scene): Promise<Toll>
}

export interface Scene {
  readonly client: Client
  readonly house: House
  readonly clock: Clock
}

const HOUR = 3_600_000
const PATIENCE = 60_000
const GRACE = 10_000
const scale = Number(process.env.STORM_SCALE ?? 1)
const times = (full: number, least: number): number => Math.max(least, Math.round(full * scale))

export const storms: readonly Storm[] = [
  wakes('all wake at once, strict', times(20, 3), { latency: { refresh: 10 } }),
  wakes('all wake at once, grace', times(20, 3), { latency: { refresh: 10 }, grace: GRACE }),
  wakes('a refresh takes 7 s, strict', 1, { latency: { refresh: 7000 } }),
  wakes('a refresh takes 7 s, grace', 1, { latency: { refresh: 7000 }, grace: GRACE }),
  leaves('a tab closed in mid-refresh, strict', times(6, 2), { latency: { refresh: 300 } }),
  leaves('a tab closed in mid-refresh, grace', times(3, 2), { latency: { refresh: 300 }, grace: GRACE }),
  { name: '429 with `Retry-After: 1` while expired, grace', run: (scene) => limit(scene, times(2, 1)) },
]

/** All tabs want a token at the same moment, round after round. */
function wakes(name: string, rounds: number, world: WorldOptions): Storm {
  return {
    name,
    async run(scene) {
      const set = await open(scene, world)
      const toll = noToll()
      for (let round = 0; round < rounds; round += 1) {
        const { generation } = set.world.family
        const answers = await set.ask('token', await expire(scene, set), undefined, PATIENCE)
        await close(set, toll, generation, answers)
      }
      return toll
    },
  }
}

/** One tab wants a token, and is closed when the server has renewed and not answered; then the others want one. */
function leaves(name: string, rounds: number, world: WorldOptions): Storm {
  return {
    name,
    async run(scene) {
      const set = await open(scene, world)
      const toll = noToll()
      for (let round = 0; round < rounds; round += 1) {
        const { family } = set.world
        const { generation } = family
        const leaver = set.actors[(round * 3) % set.actors.length] as Actor
        const need = await expire(scene, set)
        await set.begin('token', need, [leaver])
        await until('the server renews', () => family.generation > generation)
        set.dismiss(leaver)
        await leaver.tab.close()
        const answers = await set.ask('token', need, undefined, PATIENCE)
        await close(set, toll, generation, answers)
        await set.open()
      }
      return toll
    },
  }
}

/**
 * For a second the server answers each refresh by a 429 that asks for a second. All tabs want a token meanwhile, and again
 * some time later, as apps do: those count who have none then.
 */
async function limit(scene: Scene, rounds: number): Promise<Toll> {
  const set = await open(scene, { latency: { refresh: 10 }, grace: GRACE })
  const { world } = set
  const toll = noToll()
  for (let round = 0; round < rounds; round += 1) {
    if (!scene.client.isPeer) world.behaviour.lifetime = () => 2000
    await signIn(set)
    const { generation } = world.family
    const need = await (scene.client.isPeer ? expire(scene, set) : sleep(2100))
    if (!scene.client.isPeer) world.behaviour.lifetime = growing
    const { refreshCalls } = world
    world.behaviour.faults.refresh = Array(10_000).fill('429')
    const collect = await set.begin('token', need ?? {})
    await until('somebody renews', () => world.refreshCalls > refreshCalls)
    await sleep(1000)
    world.behaviour.faults.refresh = []
    const first = await collect(PATIENCE)
    for (const code of codesOf(first)) toll.codes.add(code)
    const served = ([...first.values()] as TokenOutcome[]).filter(({ token }) => token)
    toll.early = (toll.early ?? 0) + set.actors.length - served.length
    await sleep(2000)
    const answers = await set.ask('token', need ?? {}, undefined, PATIENCE)
    await close(set, toll, generation, answers)
  }
  toll.calls = world.refreshCalls
  return toll
}

const noToll = (): Toll => ({ rounds: 0, calls: 0, lost: 0, dropped: 0, callers: 0, without: 0, codes: new Set() })

/** Ten tabs of the client, signed in. */
async function open({ client, house }: Scene, world: WorldOptions): Promise<Stage> {
  const lifetime = client.isPeer ? () => HOUR : growing
  const set = await house.stage({
    client: client.page,
    ...(client.options && { page: client.options }),
    world: { lifetime, ...world },
    signIn: false,
  })
  // What earlier storms have left.
  await set.actors[0]?.tab.run(() => localStorage.clear(), undefined)
  await signIn(set)
  return set
}

/** Signs in by the first tab, and waits until all tabs see what it has stored. */
async function signIn(set: Stage): Promise<void> {
  await set.actors[0]?.act('login', 'ann')
  const { id } = set.world.family
  const seen = async (act: string, argument?: string): Promise<boolean> => {
    const answers = await set.ask(act, argument)
    return set.actors.every(({ name }) => answers.get(name) === true)
  }
  await until('all tabs have the session', async () => (await seen('stores', `r.${id}.1.`)) && seen('isSignedIn'))
}

/** Makes all tabs need a new token: by the clock, or by a need that only the next one meets. */
async function expire({ client, clock }: Scene, set: Stage): Promise<object> {
  if (!client.isPeer) return set.need()
  clock.ahead += HOUR
  await set.ask('setClock', clock.ahead)
  return {}
}

/** Ends a round: counts, and signs in again if the session is over. */
async function close(set: Stage, toll: Toll, before: number, answers: ReadonlyMap<string, unknown>): Promise<void> {
  const { family } = set.world
  const isGood = (token: string | undefined): boolean => {
    const [, id, generation] = unwrap(token)?.split('.') ?? []
    return !family.ended && id === family.id && Number(generation) > before
  }
  const outcomes = set.actors.map(({ name }) => answers.get(name) as TokenOutcome | undefined)
  toll.rounds += 1
  toll.callers += outcomes.length
  toll.without += outcomes.filter((outcome) => !isGood(outcome?.token)).length
  for (const code of codesOf(answers)) toll.codes.add(code)
  const signedIn = await set.ask('isSignedIn')
  const isDropped = !family.ended && [...signedIn.values()].includes(false)
  if (isDropped) toll.dropped += 1
  if (isDropped || family.ended) {
    toll.lost += 1
    await signIn(set)
  }
  toll.calls = set.world.families.reduce((sum, { calls }) => sum + calls, 0)
}

function codesOf(answers: ReadonlyMap<string, unknown>): string[] {
  const outcomes = [...answers.values()] as TokenOutcome[]
  return outcomes.flatMap(({ code, cause }) => (code ? [[code, cause].filter(Boolean).join(' < ')] : []))
}
