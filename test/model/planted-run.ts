/**
 * Looks for a walk that breaks a promise with one build of the models, and not with another:
 * `node planted-run.ts <build with the bug> <build without> <model> <runs> <seed> <what to find>`. Prints the outcome as JSON.
 */
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import type { Model } from './models.ts'

const [bad = '', good = '', name = '', runs, seed, shows = ''] = process.argv.slice(2)

async function load(file: string): Promise<Model<unknown>> {
  const { models } = (await import(pathToFileURL(file).href)) as { models: Record<string, Model<unknown>> }
  return models[name] as Model<unknown>
}

const [planted, sound] = [await load(bad), await load(good)]
const { failed, numRuns, errorInstance } = await fc.check(
  fc.asyncProperty(planted.walk, async (walk) => {
    try {
      await planted.run(walk)
    } catch (error) {
      if (!String(error).includes(shows)) return
      const isNews = await sound.run(walk).then(
        () => true,
        () => false,
      )
      if (isNews) throw error
    }
  }),
  { numRuns: Number(runs), seed: Number(seed), endOnFailure: true },
)
const violation = failed ? String((errorInstance as Error | null)?.message).split('\n', 1)[0] : undefined
process.stdout.write(JSON.stringify({ numRuns, violation }))
