import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const root = import.meta.dirname
const inBrowser = 'test/browser/**/*.test.ts'
const inNode = ['test/examples/server/**/*.test.ts', 'test/node/**/*.test.ts', 'test/docs/**/*.test.ts']
const inFramework = ['test/examples/{react,vue,recipes}/**/*.test.{ts,tsx}']
// `npm run test:package`, `test:browsers`, `test:mutation`, `test:servers`, `test:oidc`
const apart = [
  'test/package/**',
  'test/storm/**',
  'test/worker-apps/**',
  'test/mutation/**',
  'test/servers/**',
  'test/oidc-provider/**',
]

export default defineConfig({
  resolve: {
    alias: {
      'latchkey/core': `${root}/src/core.ts`,
      'latchkey/backends': `${root}/src/backends/index.ts`,
      'latchkey/oidc': `${root}/src/oidc/index.ts`,
      'latchkey/worker': `${root}/src/worker/index.ts`,
      'latchkey/testing': `${root}/src/testing/index.ts`,
      'latchkey/devtools': `${root}/src/devtools/index.ts`,
      latchkey: `${root}/src/index.ts`,
    },
  },
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'core',
          environment: './test/happy-dom.ts',
          environmentOptions: { happyDOM: { url: 'http://localhost:3000/' } },
          include: ['test/**/*.test.ts'],
          exclude: [inBrowser, ...inNode, ...inFramework, ...apart],
        },
      },
      { extends: true, test: { name: 'node', include: inNode } },
      {
        extends: true,
        plugins: [vue()],
        test: {
          name: 'frameworks',
          environment: './test/happy-dom.ts',
          environmentOptions: { happyDOM: { url: 'http://localhost:3000/' } },
          include: inFramework,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: [inBrowser],
          globalSetup: './test/browser/ensure-browser.ts',
          fileParallelism: false,
          sequence: { groupOrder: 1 }, // after the others: a browser wants the processor for itself
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      reporter: ['text', 'html'],
      thresholds: { statements: 95, branches: 95 },
    },
  },
})
