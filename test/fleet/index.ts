/**
 * `npm run simulate`: a million clients in virtual time, with the schedule and the backoff of `src`; prints what the token
 * endpoint is asked, draws it into `plots/`, and ends with an error if a bar is missed. `-- --clients 50000`: fewer of
 * them, and no pictures; `--seed 2`: another morning.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { judge, MORNING_HEAD, TROUBLE_HEAD } from './bars.ts'
import type { Course } from './course.ts'
import { drawCourse } from './plots.ts'
import type { FleetSize } from './timeline.ts'

const LIFETIMES = [3_600_000, 900_000]
const MILLION = 1_000_000

const { values } = parseArgs({ options: { clients: { type: 'string' }, seed: { type: 'string' } } })
const clients = Number(values.clients ?? MILLION)
const seed = Number(values.seed ?? 1)
if (!Number.isInteger(clients) || clients < 1) throw new Error(`How many clients are ${values.clients}?`)
if (!Number.isInteger(seed)) throw new Error(`\`--seed\` is a whole number, not ${values.seed}.`)

/** In a thread of its own: two courses at a time. */
function run(file: string, size: FleetSize): Promise<Course> {
  return new Promise((resolve, reject) => {
    new Worker(file, { workerData: size }).once('message', resolve).once('error', reject)
  })
}

function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [head, head.map(() => '---'), ...rows]
  console.log(`\n${all.map((row) => `| ${row.join(' | ')} |`).join('\n')}`)
}

const folder = mkdtempSync(join(tmpdir(), 'latchkey-fleet-'))
try {
  const outfile = join(folder, 'course.mjs')
  const entry = join(import.meta.dirname, 'course.ts')
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' })
  const begin = performance.now()
  const courses = await Promise.all(LIFETIMES.map((lifetime) => run(outfile, { clients, lifetime, seed })))
  const verdicts = courses.map(judge)
  console.log(`${clients.toLocaleString('en')} clients, calls of the token endpoint a second:`)
  print(
    MORNING_HEAD,
    verdicts.flatMap(({ morning }) => morning),
  )
  print(
    TROUBLE_HEAD,
    verdicts.flatMap(({ trouble }) => trouble),
  )
  if (clients === MILLION && seed === 1) {
    for (const [name, svg] of Object.entries(Object.assign({}, ...courses.map(drawCourse)) as Record<string, string>))
      writeFileSync(join(import.meta.dirname, 'plots', name), svg)
  }
  const { maxRSS } = process.resourceUsage()
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  console.log(`\n${seconds} s, ${Math.round(maxRSS / 1024)} MiB`)
  for (const text of verdicts.flatMap(({ missed }) => missed)) {
    console.error(`missed: ${text}`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
