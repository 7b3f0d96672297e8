/** Runs all benchmarks; ends with an error if counts are wrong or the heap grows, never because of times. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

for (const name of ['timers', 'requests', 'heap']) {
  const { status } = spawnSync(process.execPath, ['--expose-gc', join(import.meta.dirname, `${name}.ts`)], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = 1
}
