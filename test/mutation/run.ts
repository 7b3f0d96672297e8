/**
 * Mutation tests: Stryker changes the sources, one place at a time, and the tests must notice. Its packages are
 * installed here on the first run, since they are too many for everybody's `npm ci`; vitest is the project's.
 *
 *     npm run test:mutation
 *     npm run test:mutation -- src/tabs/ledger.ts src/refresh/plan.ts:10-20 --concurrency 1
 */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const root = join(here, '../..')

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  const shell = command === 'npm' && process.platform === 'win32'
  const { status, error } = spawnSync(command, args, { cwd, shell, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const changed = (file: string) => statSync(join(here, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
if (changed('node_modules/.package-lock.json') < changed('package-lock.json')) run('npm', ['ci'], here)

const args = process.argv.slice(2)
const files = args.filter((arg) => arg.startsWith('src/'))
const flags = args.filter((arg) => !arg.startsWith('src/'))
if (files.length > 0) flags.push('--mutate', files.join(','))

const stryker = join(here, 'node_modules/@stryker-mutator/core/bin/stryker.js')
// A mutant's run starts a process for each test file; most of that time went into compiling happy-dom and msw.
const env = { NODE_COMPILE_CACHE: join(here, 'node_modules/.cache/compiled') }
run(process.execPath, [stryker, 'run', 'test/mutation/stryker.config.ts', ...flags], root, env)
