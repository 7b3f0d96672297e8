import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What is needed here of Babel's NodePath. */
interface Path {
  node: { type: string }
  listKey?: string
  key: number | string | null
  parent: { type: string; callee?: { name?: string } } | null
}

/** What an error says is for people, and free to change; its code, the first argument, is promised and tested. */
const errorMessages = {
  shouldIgnore({ node, listKey, key, parent }: Path): string | undefined {
    const isText = node.type === 'StringLiteral' || node.type === 'TemplateLiteral'
    const isSecondArgument = parent?.type === 'NewExpression' && listKey === 'arguments' && key === 1
    return isText && isSecondArgument && parent?.callee?.name === 'AuthError' ? 'the message of an error' : undefined
  },
}
export const strykerPlugins = [{ kind: 'Ignore', name: 'error-messages', value: errorMessages }]

export default {
  plugins: ['@stryker-mutator/vitest-runner', import.meta.filename],
  ignorers: ['error-messages'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', pool: 'forks' },
  mutate: ['src/{session,refresh,tabs,http}/**/*.ts'],
  coverageAnalysis: 'perTest',
  // A mutant that outlasts these counts as detected, so they leave room for a busy machine.
  timeoutFactor: 3,
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 85, break: 85 },
  tempDirName: join(tmpdir(), 'latchkey-mutation'), // not in `coverage`: `npm test` empties that
  cleanTempDir: 'always',
  ignorePatterns: ['coverage', 'dist', 'examples'],
  disableTypeChecks: false, // vitest checks none
  tsconfigFile: 'none', // to rewrite it, Stryker needs the compiler API that TypeScript 7 lacks
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  clearTextReporter: { reportTests: false },
  htmlReporter: { fileName: 'coverage/mutation/index.html' },
  jsonReporter: { fileName: 'coverage/mutation/report.json' },
}
