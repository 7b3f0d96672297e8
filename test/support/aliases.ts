import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Readonly<Record<string, string | { readonly types: string }>>
}

/** Where each entry of the package has its source, for Vite and vitest; the longest names first, as they want it. */
export const aliases: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(exports)
    .flatMap(([entry, files]) => (typeof files === 'string' ? [] : [[entry.replace('.', 'latchkey'), files.types]]))
    .map(([name = '', types = '']) => [name, join(root, types.replace('dist/', 'src/').replace('.d.ts', '.ts'))])
    .sort(([a = ''], [b = '']) => b.length - a.length),
)
