import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'

const DIST = './node_modules/latchkey/dist'
/** No import map: a strict policy forbids it, and a worker knows none. None of these files imports a package. */
const ADDRESSES: Readonly<Record<string, string>> = {
  latchkey: `${DIST}/latchkey.min.js`,
  'latchkey/core': `${DIST}/latchkey.min.js`,
  'latchkey/worker': `${DIST}/worker.js`,
}

/** Copies the app into a folder of its own, with the package installed. */
export function createProject(baseUrl: string): string {
  const workshop = inject('workshop')
  const folder = mkdtempSync(join(workshop, 'app-'))
  cpSync(join(import.meta.dirname, 'app'), folder, { recursive: true })
  cpSync(join(workshop, 'node_modules'), join(folder, 'node_modules'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "app", "type": "module", "private": true }\n')
  writeFileSync(join(folder, 'config.js'), `export const baseUrl = '${baseUrl}'\n`)
  return folder
}

/** Makes plain modules of the app, which need no bundler: they name the files of the package by their addresses. */
export function nameAddresses(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      text.replace(/ from '(latchkey.*)'/g, (_match, entry) => ` from '${ADDRESSES[entry]}'`),
    )
  }
}
