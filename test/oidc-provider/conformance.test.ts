import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const document = readFileSync(join(import.meta.dirname, 'conformance.md'), 'utf8')
const named = [...document.matchAll(/`(test\/[\w/-]+\.test\.ts)`: \*([^*]+)\*/g)].map(([, file = '', title = '']) => ({
  file,
  title,
}))

it('names tests that exist, and no test of the suite without a word on it', () => {
  const root = join(import.meta.dirname, '../..')
  const missing = named.filter(({ file, title }) => !readFileSync(join(root, file), 'utf8').includes(title))
  expect(missing).toEqual([])
  expect(named.length).toBeGreaterThan(20)
  const rows = document.split('\n').filter((line) => line.startsWith('| `oidcc-'))
  expect(rows.filter((row) => !/\| [^|]{8,} \|$/.test(row))).toEqual([])
  expect(rows).toHaveLength(28)
})
