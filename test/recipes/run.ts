/**
 * `npm run test:recipes`: the recipes of `examples/testing` that need more than this repository has, as a user's project
 * that has installed the package: their types, Jest as CommonJS and as modules, Playwright, Storybook. Their packages are
 * installed in this folder on the first run.
 *
 *     npm run test:recipes
 *     npm run test:recipes -- jest storybook
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ensureBrowser, { launchOptions } from '../browser/ensure-browser.ts'
import { installPackages } from '../support/install.ts'
import { freePort } from '../support/listen.ts'
import { createProject } from './project.ts'
import { openStories } from './stories.ts'

const root = join(import.meta.dirname, '../..')
installPackages(import.meta.dirname)
ensureBrowser()
const { folder, remove } = createProject()
const env = { ...process.env, CI: '1', STORYBOOK_DISABLE_TELEMETRY: '1' }

function run(program: string, args: readonly string[] = [], options: readonly string[] = []): void {
  const command = [...options, resolve(folder, 'node_modules', program), ...args]
  const { status, stdout, stderr, error } = spawnSync(process.execPath, command, { cwd: folder, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
}

/** The recipe's `playwright.config.ts`, on a port that is free, with the browser that is here. */
async function configurePlaywright(): Promise<string> {
  const recipe = join(folder, 'playwright.config.ts')
  writeFileSync(recipe, readFileSync(recipe, 'utf8').replaceAll('5173', await freePort()))
  writeFileSync(
    join(folder, 'here.config.ts'),
    `import config from './playwright.config.ts'
export default { ...config, use: { ...config.use, launchOptions: ${JSON.stringify(launchOptions())} } }\n`,
  )
  return 'here.config.ts'
}

/** The same configuration for modules: nothing but the app's own files is transformed. */
function configureModules(): string {
  writeFileSync(
    join(folder, 'modules.config.js'),
    `import config from './jest.config.js'
const { transformIgnorePatterns, ...rest } = config
export default { ...rest, extensionsToTreatAsEsm: ['.ts', '.tsx'] }\n`,
  )
  return 'modules.config.js'
}

const RECIPES: Readonly<Record<string, () => void | Promise<void>>> = {
  types: () => run(join(root, 'node_modules/typescript/bin/tsc')),
  'jest, CommonJS': () => run('jest/bin/jest.js'),
  'jest, modules': () => run('jest/bin/jest.js', ['-c', configureModules()], ['--experimental-vm-modules']),
  playwright: async () => run('@playwright/test/cli.js', ['test', '-c', await configurePlaywright()]),
  async storybook() {
    run('storybook/dist/bin/dispatcher.js', ['build', '--quiet', '--disable-telemetry'])
    await openStories(folder)
  },
}

mkdirSync(join(folder, 'public')) // as `npx msw init public` does
cpSync(join(folder, 'node_modules/msw/lib/mockServiceWorker.js'), join(folder, 'public/mockServiceWorker.js'))

const words = process.argv.slice(2)
for (const [name, recipe] of Object.entries(RECIPES)) {
  if (words.length && !words.some((word) => name.includes(word))) continue
  const since = performance.now()
  try {
    await recipe()
    console.log(`ok      ${name} (${((performance.now() - since) / 1000).toFixed(1)} s)`)
  } catch (error) {
    process.exitCode = 1
    console.log(`FAILED  ${name}\n${error instanceof Error ? error.message : error}`)
  }
}
remove()
