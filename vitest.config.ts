import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { aliases } from './test/support/aliases.ts'

const inBrowser = ['test/browser/**/*.test.ts', 'test/clients/browser.test.ts']
const inNode = ['test/examples/server/**/*.test.ts', 'test/node/**/*.test.ts', 'test/docs/**/*.test.ts']
const inVue = ['test/examples/vue/**/*.test.ts']
const inFramework = ['test/examples/{react,recipes}/**/*.test.{ts,tsx}']
// `npm run test:package`, `test:browsers`, `test:mutation`, `test:servers`, `test:oidc`, `test:migrating`, `test:recipes`
const apart = [
  'test/package/**',
  'test/storm/**',
  'test/worker-apps/**',
  'test/mutation/**',
  'test/servers/**',
  'test/oidc-provider/**',
  'test/migrating/**',
  'test/recipes/**',
  'test/bench/node_modules/**',
]

export default defineConfig({
  resolve: { alias: aliases },
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
          exclude: [...inBrowser, ...inNode, ...inVue, ...inFramework, ...apart],
        },
      },
      { extends: true, test: { name: 'node', include: inNode } },
      {
        extends: true,
        test: {
          name: 'frameworks',
          environment: './test/happy-dom.ts',
          environmentOptions: { happyDOM: { url: 'http://localhost:3000/' } },
          include: inFramework,
        },
      },
      {
        extends: true,
        plugins: [vue()],
        test: {
          name: 'vue',
          environment: './test/examples/vue/happy-dom.ts', // where components are compiled for a browser
          environmentOptions: { happyDOM: { url: 'http://localhost:3000/' } },
          include: inVue,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: inBrowser,
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
