/**
 * What the models are worth: plants known bugs in copies of `src/`, one at a time, and sees that each is caught within
 * `PLANTED_RUNS` runs (20,000). Ends with an error if one is not. `npm run test:planted -- a m` plants only these two.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { type Planted, planted } from './planted-list.ts'

interface Outcome {
  readonly numRuns: number
  readonly violation?: string
}

const here = import.meta.dirname
const root = join(here, '../..')
const src = join(root, 'src')
const builds = join(root, 'node_modules/.cache/latchkey-planted')
const runs = process.env.PLANTED_RUNS ?? '20000'
const seed = process.env.MODEL_SEED ?? '1'

/** Hands the build a text of `src/` with the bug in it; the files themselves stay as they are. */
function plant({ letter, edits }: Pick<Planted, 'letter' | 'edits'>): Plugin {
  const open = new Set(edits)
  return {
    name: 'plant',
    setup({ onLoad, onEnd }) {
      onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        let contents = await readFile(path, 'utf8')
        for (const edit of edits) {
          if (relative(src, path) !== edit.file) continue
          const count = contents.split(edit.text).length - 1
          if (count !== 1) throw new Error(`Bug ${letter}: ${count} times in src/${edit.file}, not once: ${edit.text}`)
          contents = contents.replace(edit.text, () => edit.becomes)
          open.delete(edit)
        }
        return { contents, loader: 'ts' }
      })
      onEnd(() => {
        const [missing] = open
        if (missing) return { errors: [{ text: `Bug ${letter} has not been planted in src/${missing.file}.` }] }
        return {}
      })
    },
  }
}

async function buildModels(bug: Pick<Planted, 'letter' | 'edits'>): Promise<string> {
  const outfile = join(builds, `${bug.letter}.mjs`)
  await build({
    entryPoints: [join(here, 'models.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['fast-check', 'ky', 'jwt-decode'],
    alias: { latchkey: join(src, 'index.ts') },
    plugins: [plant(bug)],
    logLevel: 'silent',
  })
  return outfile
}

async function look(bug: Planted, build: string, sound: string): Promise<Outcome> {
  const args = [join(here, 'planted-run.ts'), build, sound, bug.model, runs, seed, bug.shows ?? '']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

const wanted = process.argv.slice(2)
const list = planted.filter(({ letter }) => wanted.length === 0 || wanted.includes(letter))
const sound = await buildModels({ letter: 'none', edits: [] })
const queue: [Planted, string][] = []
for (const bug of list) queue.push([bug, await buildModels(bug)])
const outcomes = new Map<Planted, Outcome>()
await Promise.all(
  cpus()
    .slice(0, 4)
    .map(async () => {
      for (let next = queue.shift(); next; next = queue.shift()) outcomes.set(next[0], await look(...next, sound))
    }),
)

console.log('| bug | model | caught after | broken promise |\n| --- | --- | --- | --- |')
for (const bug of list) {
  const { numRuns = 0, violation } = outcomes.get(bug) ?? {}
  const caught = violation === undefined ? `NOT in ${numRuns} runs` : `${numRuns} runs`
  console.log(`| ${bug.letter}: ${bug.what} | ${bug.model} | ${caught} | ${violation ?? ''} |`)
  if (violation === undefined) process.exitCode = 1
}
