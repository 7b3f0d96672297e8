import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of this run, with a `node_modules` like that of an app that has installed the package. */
    workshop: string
  }
}

const root = join(import.meta.dirname, '../..')

/** Vitest's global setup: builds the package from a copy, so that nobody's `dist` changes, and installs it once. */
export function setup({ provide }: TestProject): () => void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'latchkey-apps-')))
  const copy = join(folder, 'package')
  mkdirSync(copy)
  for (const name of ['src', 'package.json', 'rollup.config.mjs', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  execFileSync('npm', ['run', 'build'], { cwd: copy, stdio: 'pipe', shell: process.platform === 'win32' })

  const modules = join(folder, 'node_modules')
  for (const name of ['package.json', 'dist'])
    cpSync(join(copy, name), join(modules, 'latchkey', name), { recursive: true })
  for (const name of ['ky', 'jwt-decode'])
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true })

  provide('workshop', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
