import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { seeded } from '../support/random.ts'
import { type EngineName, engines, type LaunchOptions } from './engines/index.ts'
import { addToReport } from './report.ts'
import { type House, openHouse, type Stage, type StageOptions } from './stage.ts'

/** What a storm has come to. */
export type Figures = Record<string, string | number>

/** What the storms of a file are made of, in one engine. */
export interface Storms {
  readonly engine: EngineName
  readonly house: () => House
  readonly stage: (options?: StageOptions) => Promise<Stage>
  /** A storm, whose title is its promise; what it puts into `figures` stands in the table at the end. */
  readonly storm: (
    promise: string,
    run: (figures: Figures, random: () => number) => Promise<void>,
    limit?: number,
  ) => void
  /** Says in the table why a storm cannot be had in this engine. */
  readonly notRun: (promise: string, why: string) => void
}

const scale = Number(process.env.STORM_SCALE ?? 1)

/** How often something is done: `full` times, unless `STORM_SCALE` says less; `least` times in any case. */
export function times(full: number, least = Math.min(full, 3)): number {
  return Math.max(least, Math.round(full * scale))
}

/** Runs the same storms in each engine. */
export function inEachEngine(options: LaunchOptions, define: (storms: Storms) => void): void {
  describe.each(engines)('in %s', (engine) => {
    let house: House
    beforeAll(async () => {
      house = await openHouse(engine, options)
    })
    afterEach(async () => {
      await house.tidy()
      const violations = house.server.violations.splice(0)
      expect(violations, 'T21: what a strict Content-Security-Policy has forbidden').toEqual([])
    })
    afterAll(() => house?.close())
    const write = (storm: string, figures: string): void =>
      addToReport(inject('stormReport'), { storm, engine, figures })

    define({
      engine,
      house: () => house,
      stage: (stageOptions) => house.stage(stageOptions),
      storm(promise, run, limit = 300_000) {
        it(promise, { timeout: limit }, async () => {
          const figures: Figures = {}
          const text = (): string =>
            Object.entries(figures)
              .map(([name, value]) => `${name} ${value}`)
              .join(', ')
          const since = performance.now()
          try {
            await run(figures, seeded(seedOf(`${inject('stormSeed')} ${engine} ${promise}`)))
            write(promise, `${text()} (${Math.round((performance.now() - since) / 1000)} s)`)
          } catch (error) {
            write(promise, `**failed** ${text()}`)
            throw error
          }
        })
      },
      notRun(promise, why) {
        it(`not run: ${promise} (${why})`, () => write(promise, `not run: ${why}`))
      },
    })
  })
}

/** The seed that a text comes to. */
const seedOf = (text: string): number =>
  [...text].reduce((sum, character) => Math.imul(sum ^ character.charCodeAt(0), 16_777_619), 2_166_136_261)

/** One of `list`, by chance. */
export function pick<T>(list: readonly T[], random: () => number): T {
  const chosen = list[Math.floor(random() * list.length)]
  if (chosen === undefined) throw new Error('There is nothing to choose from.')
  return chosen
}
