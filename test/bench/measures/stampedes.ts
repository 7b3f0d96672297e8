/** What becomes of many requests at once when the token is no good any more. */
import type { Plan } from '../plan.ts'
import type { Toll } from '../realm/realm.ts'
import type { Stage, Stand } from '../stages/stage.ts'
import { createShuffle } from '../statistics.ts'
import { AUTH_FETCH, AUTH_HTTP, CORE, SHARED } from '../subjects/index.ts'
import type { Subject } from '../subjects/subject.ts'

/** A token that has expired, by the clock too; or one that is refused, with answers up to so much later. */
export const CASES = [
  { name: 'expired', late: null, count: 1000 },
  { name: 'refused', late: 50, count: 1000 },
  { name: 'expired', late: null, count: 10_000 },
] as const

export const OURS: readonly string[] = [AUTH_FETCH, AUTH_HTTP, CORE]

export type Case = (typeof CASES)[number]

/** Those of `CASES` that are measured. */
export const casesOf = ({ stampedes: [few, many] }: Plan): readonly Case[] =>
  CASES.filter(({ count }) => (count === 1000 ? few : many) > 0)

export interface Outcome {
  /** The worst of all rounds. */
  readonly toll: Toll
  /** Milliseconds of CPU, one figure a round. */
  readonly cpu: readonly number[]
}

/** By subject, then by case; those who do nothing about a case are not there. */
export type Stampedes = ReadonlyMap<string, ReadonlyMap<Case, Outcome>>

export async function measureStampedes(stage: Stage, subjects: readonly Subject[], plan: Plan): Promise<Stampedes> {
  const shuffle = createShuffle(plan.seed)
  const stands: { stand: Stand; outcomes: Map<Case, Outcome>; heals401: boolean }[] = []
  for (const subject of subjects) {
    const stand = await stage.open(subject)
    const { result } = await stand.call('open', subject.name, true)
    const heals401 = result.includes('heals401')
    if (heals401 || result.includes('token')) stands.push({ stand, outcomes: new Map(), heals401 })
    else await stand.close()
  }
  for (const each of casesOf(plan)) {
    const { late, count } = each
    const rounds = plan.stampedes[count === 1000 ? 0 : 1]
    // The first of a case warms up, where there are more.
    for (let round = rounds > 1 && count === 1000 ? -1 : 0; round < rounds; round += 1) {
      for (const { stand, outcomes, heals401 } of shuffle(stands)) {
        if (late !== null && !heals401) continue
        if (count > 1000 && round > 0 && ![SHARED, ...OURS].includes(stand.subject.name)) continue
        await stand.call('prepare', late)
        const { result, cpu } = await stand.call('stampede', count)
        if (round < 0) continue
        const before = outcomes.get(each)
        const toll = before && isWorse(before.toll, result) ? before.toll : result
        outcomes.set(each, { toll, cpu: [...(before?.cpu ?? []), cpu] })
      }
    }
  }
  for (const { stand } of stands) await stand.close()
  return new Map(stands.map(({ stand, outcomes }) => [stand.subject.name, outcomes]))
}

function isWorse(a: Toll, b: Toll): boolean {
  return a.failures > b.failures || (a.failures === b.failures && a.refreshes > b.refreshes)
}

/** What Latchkey promises and has not kept: one refresh, and no failure. */
export function wrongCounts(engine: string, stampedes: Stampedes): string[] {
  return OURS.flatMap((name) => {
    const outcomes = [...(stampedes.get(name) ?? [])]
    if (!outcomes.length) return [`${engine}, ${name}: not measured`]
    return outcomes
      .filter(([, { toll }]) => toll.refreshes !== 1 || toll.failures !== 0)
      .map(
        ([
          { count, name: what },
          {
            toll: { refreshes, failures },
          },
        ]) => `${engine}, ${name}, ${count} ${what}: ${refreshes} refreshes and ${failures} failures, not 1 and 0`,
      )
  })
}
