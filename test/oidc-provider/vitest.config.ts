import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Apart from the other tests: three browsers at a real OpenID provider want the processor for themselves. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    name: 'oidc-provider',
    include: ['test/oidc-provider/**/*.test.ts'],
    globalSetup: './test/oidc-provider/setup.ts',
    maxWorkers: 2, // browsers and servers wait for each other most of the time
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
