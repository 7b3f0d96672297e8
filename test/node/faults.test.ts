import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const rows = [...readFileSync(join(root, 'faults.md'), 'utf8').matchAll(/^\| ([FT]\d+) \|.*\| (.+) \| (.+) \|$/gm)]

/** The ids at the heads of the titles in a file: one or several, with commas between and a colon behind. */
function idsOf(file: string): Set<string> {
  const heads = [...readFileSync(file, 'utf8').matchAll(/['"`]((?:[A-Z]\d+, )*[A-Z]\d+): /g)]
  return new Set(heads.flatMap(([, head = '']) => head.split(', ')))
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
  .map((file): [string, Set<string>] => [file.replaceAll('\\', '/').replace('.test.ts', ''), idsOf(join(root, file))])
const ids = new Map(files)

describe('faults.md', () => {
  it('lists each id once', () => {
    const listed = rows.map(([, id]) => id)
    expect(listed.length).toBeGreaterThan(50)
    expect(new Set(listed).size).toBe(listed.length)
  })

  it.each(rows.map(([, id = '', promise = '', where = '']) => [id, promise, where]))(
    '%s: %s: has a test in %s',
    (id, _, where) => {
      expect([...ids.values()].some((carried) => carried.has(id))).toBe(true)
      for (const file of where.split(', ')) expect([...(ids.get(file) ?? [])], file).toContain(id)
    },
  )
})
