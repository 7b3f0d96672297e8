/**
 * `npm run test:migrating`: people sign in with the libraries that MIGRATING.md is about, in the versions of
 * `package.json`, and the code of the document takes their sessions over. The packages are installed here on the first run.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { installPackages } from '../support/install.ts'

const root = join(import.meta.dirname, '../..')

installPackages(import.meta.dirname)
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...['--config', join(import.meta.dirname, 'vitest.config.ts')],
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = status ?? 1
