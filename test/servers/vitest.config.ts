import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = join(import.meta.dirname, '../..')

/** Apart from the other tests: these need packages of their own, which `run.ts` brings. */
export default defineConfig({
  root,
  resolve: {
    alias: {
      'latchkey/backends': `${root}/src/backends/index.ts`,
      latchkey: `${root}/src/index.ts`,
    },
  },
  test: {
    globalSetup: './test/servers/setup.ts',
    include: ['test/servers/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 12, // most of their time is waiting for tokens to expire
  },
})
