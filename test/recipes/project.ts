import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const modules = join(import.meta.dirname, 'node_modules')

/** What a user's own project has. */
const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ESNext', 'DOM', 'DOM.Iterable'],
    types: ['node', 'vite/client'],
    module: 'ESNext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    allowJs: true,
    checkJs: true,
  },
  include: ['main.tsx', 'mocks.ts', 'app.spec.ts', 'app.stories.tsx', '*.config.*', '.storybook', 'jest'],
}

/** An app that has installed the package, with the recipes in it; built from a copy, so that nobody's `dist` changes. */
export function createProject(): { readonly folder: string; remove(): void } {
  const workshop = realpathSync(mkdtempSync(join(tmpdir(), 'latchkey-recipes-')))
  const copy = join(workshop, 'package')
  mkdirSync(copy)
  for (const name of ['src', 'package.json', 'rollup.config.mjs', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  const shell = process.platform === 'win32'
  execFileSync('npm', ['run', 'build'], { cwd: copy, stdio: 'pipe', shell })
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts'], { cwd: copy, stdio: 'pipe', shell, encoding: 'utf8' }),
  )

  const folder = join(workshop, 'app')
  cpSync(join(root, 'examples/testing'), folder, { recursive: true })
  rmSync(join(folder, 'modules.d.ts'))
  for (const name of modulesIn(modules)) {
    mkdirSync(join(folder, 'node_modules', name, '..'), { recursive: true })
    symlinkSync(join(modules, name), join(folder, 'node_modules', name), 'junction')
  }
  const installed = join(folder, 'node_modules/latchkey')
  mkdirSync(installed)
  execFileSync('tar', ['-xzf', join(copy, packed.filename), '-C', installed, '--strip-components', '1'])
  writeFileSync(join(folder, 'package.json'), '{ "name": "app", "type": "module", "private": true }\n')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  return { folder, remove: () => rmSync(workshop, { recursive: true, force: true }) }
}

function modulesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('@')) return readdirSync(join(folder, name)).map((part) => `${name}/${part}`)
    return name.startsWith('.') ? [] : [name]
  })
}
