/** What a call costs while the token is fresh. */
import type { Plan } from '../plan.ts'
import { CALLS, type Call } from '../realm/realm.ts'
import type { Stage, Stand } from '../stages/stage.ts'
import { createShuffle, median } from '../statistics.ts'
import type { Subject } from '../subjects/subject.ts'

/** Microseconds of CPU for one call, one figure a round; the rounds of all subjects are the same. */
export interface Times {
  of(subject: string, call: Call): readonly number[] | undefined
  /** The same by the clock on the wall: with `of`, it tells a busy machine. */
  wall(subject: string, call: Call): readonly number[] | undefined
}

export async function measureTimes(stage: Stage, subjects: readonly Subject[], plan: Plan): Promise<Times> {
  const shuffle = createShuffle(plan.seed)
  const cpus = new Map<string, number[]>()
  const walls = new Map<string, number[]>()
  const add = (samples: Map<string, number[]>, key: string, value: number): void => {
    samples.set(key, [...(samples.get(key) ?? []), value])
  }
  for (let set = 0; set < plan.sets; set += 1) {
    const stands: { stand: Stand; calls: Call[] }[] = []
    for (const subject of shuffle(subjects)) {
      const stand = await stage.open(subject)
      const { result } = await stand.call('open', subject.name, false)
      const calls = CALLS.filter((call) => result.includes(call))
      stands.push({ stand, calls })
      for (const call of calls) await stand.call('repeat', call, plan.warmUp)
    }
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const call of CALLS) {
        for (const { stand } of shuffle(stands.filter(({ calls }) => calls.includes(call)))) {
          const { result, cpu } = await stand.call('repeat', call, plan.slice)
          const key = `${stand.subject.name} ${call}`
          add(cpus, key, (cpu / result.calls) * 1000)
          add(walls, key, (result.milliseconds / result.calls) * 1000)
        }
      }
    }
    for (const { stand } of stands) await stand.close()
  }
  return {
    of: (subject, call) => cpus.get(`${subject} ${call}`),
    wall: (subject, call) => walls.get(`${subject} ${call}`),
  }
}

/** How often a call can be made in a second of CPU. */
export function perSecond(samples: readonly number[]): number {
  return 1_000_000 / median(samples)
}
