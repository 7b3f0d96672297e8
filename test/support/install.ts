import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'

/** Installs the packages of a folder that has a lock file of its own, unless they are there. */
export function installPackages(folder: string): void {
  const changed = (file: string): number => statSync(join(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (changed('node_modules/.package-lock.json') >= changed('package-lock.json')) return
  const shell = process.platform === 'win32'
  const { status, error } = spawnSync('npm', ['ci'], { cwd: folder, shell, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
