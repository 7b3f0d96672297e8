/** Runs all budgets: counts, heap, lists, never times. Ends with an error if one is exceeded. */
import { spawnSync } from 'node:child_process'

/** In scripts of their own, since each has the engine for itself; `large` has a young generation that is never full. */
const scripts = [
  'pulls',
  'record',
  'fresh-token',
  'decodes',
  'wake-ups',
  'tabs',
  'tabs-in-chromium',
  'allocations large',
  'clients',
  'clients-in-chromium',
  'heap-of-refreshes',
  'heap-of-requests',
]

const failed = scripts.filter((script) => {
  const [name, isLarge] = script.split(' ')
  const large = isLarge ? ['--min-semi-space-size=256', '--max-semi-space-size=256'] : []
  // Code that is thrown away, and compiled again, would hide what a heap has grown by.
  const flags = ['--expose-gc', '--no-flush-bytecode', ...large]
  const { status } = spawnSync(process.execPath, [...flags, `${import.meta.dirname}/${name}.ts`], {
    stdio: 'inherit',
    timeout: 600_000,
  })
  return status !== 0
})
console.log(failed.length ? `\nExceeded: ${failed.join(', ')}` : `\nAll ${scripts.length} are kept.`)
if (failed.length) process.exitCode = 1
