import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Apart from the other tests: each storm wants the processor for itself, and takes its time. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    name: 'storm',
    include: ['test/storm/**/*.test.ts'],
    globalSetup: './test/storm/setup.ts',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
})
