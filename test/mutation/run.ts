/**
 * Mutation tests: Stryker changes the sources, one place at a time, and the tests must notice. Its packages are
 * installed here on the first run, since they are too many for everybody's `npm ci`; vitest is the project's.
 *
 *     npm run test:mutation
 *     npm run test:mutation -- src/tabs/ledger.ts src/refresh/plan.ts:10-20 --concurrency 1
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { installPackages } from '../support/install.ts'

const here = import.meta.dirname
const root = join(here, '../..')

installPackages(here)
const args = process.argv.slice(2)
const files = args.filter((arg) => arg.startsWith('src/'))
const flags = args.filter((arg) => !arg.startsWith('src/'))
if (files.length > 0) flags.push('--mutate', files.join(','))

const stryker = join(here, 'node_modules/@stryker-mutator/core/bin/stryker.js')
// A mutant's run starts a process for each test file; most of that time went into compiling happy-dom and msw.
const env = { ...process.env, NODE_COMPILE_CACHE: join(here, 'node_modules/.cache/compiled') }
const command = [stryker, 'run', 'test/mutation/stryker.config.ts', ...flags]
const { status, error } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit', env })
if (error) throw error
process.exitCode = status ?? 1
