import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Apart from the other tests: each of these wants the processor for itself, and takes its time. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    fileParallelism: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'worker-apps',
          include: ['test/worker-apps/**/*.test.ts'],
          globalSetup: ['./test/browser/ensure-browser.ts', './test/worker-apps/build-package.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'storm',
          include: ['test/storm/**/*.test.ts'],
          globalSetup: './test/storm/setup.ts',
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
