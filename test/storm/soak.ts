import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * `npm run soak -- 30`: repeats the storms for 30 minutes, each round with another seed. Ends with the first failure, whose
 * seed it prints last, or with the round in which the time is over. Further arguments go to Vitest: `npm run soak -- 30 killed`.
 */
const [minutes = '10', ...further] = process.argv.slice(2)
const end = Date.now() + Number(minutes) * 60_000
if (!Number.isFinite(end)) throw new Error(`How many minutes is ${minutes}?`)

const root = join(import.meta.dirname, '../..')
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const config = join(import.meta.dirname, 'vitest.config.ts')
const firstSeed = Number(process.env.STORM_SEED ?? Math.floor(Math.random() * 1e9))
const scale = process.env.STORM_SCALE ?? '0.2'

let rounds = 0
let failed: number | undefined
while (Date.now() < end && failed === undefined) {
  const seed = firstSeed + rounds
  const env = { ...process.env, STORM_SEED: String(seed), STORM_SCALE: scale }
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, '--project', 'storm', ...further], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) failed = seed
  else rounds += 1
}
if (failed === undefined)
  console.log(`Soaked for ${minutes} minutes: ${rounds} rounds from STORM_SEED=${firstSeed} on.`)
else
  console.log(`Failed in round ${rounds + 1}. Again: STORM_SEED=${failed} STORM_SCALE=${scale} npm run test:browsers`)
process.exitCode = failed === undefined ? 0 : 1
