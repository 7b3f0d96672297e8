/**
 * `npm run bench`: Latchkey, what people would use instead, and the floor, side by side in Node and in Chromium. The peers are
 * installed here on the first run. Wrong counts make it fail, times never do.
 *
 *     npm run bench -- --quick            half a minute, for whoever works on it
 *     npm run bench -- --write [README]   puts the short table between `<!-- bench -->` and `<!-- /bench -->`
 */
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { installPackages } from '../support/install.ts'
import { measureColdStarts } from './measures/cold-starts.ts'
import { measureSizes } from './measures/sizes.ts'
import { casesOf, measureStampedes, wrongCounts } from './measures/stampedes.ts'
import { measureTimes } from './measures/times.ts'
import { readPlan } from './plan.ts'
import { barTable, type EngineFigures, reasonList, shortTable, wholeTable } from './report.ts'
import { openChromium } from './stages/chromium.ts'
import { openNode } from './stages/node.ts'
import { median, ratioOf } from './statistics.ts'
import { FLOOR, KY, subjects } from './subjects/index.ts'
import { figure, quote, splitPage } from './tables.ts'

const here = import.meta.dirname
const root = join(here, '../..')
const plan = readPlan(root)
const since = performance.now()
const say = (text: string): void => console.log(`${text} (${Math.round((performance.now() - since) / 1000)} s)`)
const versionIn = (folder: string): string => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
const versionOf = (name: string): string => versionIn(join(name === 'ky' ? root : here, 'node_modules', name))

if (plan.write) splitPage(plan.write) // before minutes are spent
installPackages(here)
const sizes = await measureSizes()
say('sizes')
const engines: EngineFigures[] = []
const counts: string[] = []
for (const open of [openChromium, openNode]) {
  const stage = await open()
  try {
    const able = subjects.filter(({ needsWindow }) => stage.hasWindow || !needsWindow)
    const times = await measureTimes(stage, able, plan)
    say(`${stage.name}: times`)
    const stampedes = await measureStampedes(stage, able, plan)
    say(`${stage.name}: stampedes`)
    engines.push({ name: stage.name, hasWindow: stage.hasWindow, times, stampedes })
    counts.push(`${stage.name}: CPU time ${stage.counts}`)
  } finally {
    await stage.close()
  }
}
const coldStarts = await measureColdStarts(plan)
say('cold starts')

const figures = { subjects, sizes, engines, cases: casesOf(plan), coldStarts }
const packages = [...new Set(subjects.flatMap(({ packages }) => packages))]
const versions = [`latchkey ${versionIn(root)}`, ...packages.map((name) => `${name} ${versionOf(name)}`)].join(', ')
const wrong = engines.flatMap(({ name, stampedes }) => wrongCounts(name, stampedes))

/** Above 1, others were using the machine. */
const busy = engines.map(({ name, times }) => {
  const { median } = ratioOf(times.wall(KY, 'get') ?? [], times.of(KY, 'get') ?? [])
  return `${median.toFixed(2)} in ${name}`
})

console.log(`
${cpus().length} cores; ${counts.join('; ')}. Wall clock ÷ CPU of a ky GET: ${busy.join(', ')}.
${plan.sets} sets of processes, ${plan.rounds} rounds of ${plan.slice} ms each; seed ${plan.seed}.
${versions}

${barTable(figures)}

Medians of ratios that were taken round by round; "itself" is ky ÷ ky.
Cold start, median ms: ${[...coldStarts].map(([name, starts]) => `${name} ${figure(median(starts))}`).join(', ')}.

${wholeTable(figures)}

A pair is ${engines.map(({ name }) => name).join(' / ')}. CPU time. The network is a stub, and an answer is read as JSON.
Requests at once: refreshes · failures; CPU ÷ that of ky with the shared promise. Expired: by the clock, too. Refused: no clock
knows, and answers come up to 50 ms after their request. The server is strict: a refresh token works once. Those who have
no HTTP of their own ask for a token, then \`fetch\`; "nothing" is what they do about a 401.

${subjects.map(({ name, how }) => `- ${name}: ${how}`).join('\n')}

What those were told who failed:

${reasonList(figures)}`)

if (plan.write) {
  const floor = (name: string): string =>
    engines.map((engine) => figure(median(engine.times.of(name, 'get') ?? []))).join(' / ')
  quote(
    plan.write,
    `\`npm run bench\`, ${cpus().length} cores, ${engines.map(({ name }) => name).join(' / ')}: CPU time, the network is a stub. For comparison: a GET is
${floor(FLOOR)} µs by bare fetch, ${floor(KY)} µs by ky alone. The requests at once are on an expired token; a refresh token works once.

${shortTable(figures, versionOf)}`,
  )
}
for (const each of wrong) console.error(`wrong: ${each}`)
if (wrong.length) process.exitCode = 1
