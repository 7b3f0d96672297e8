/** What the bench makes of its figures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CASES, OURS, wrongCounts } from './measures/stampedes.ts'
import { createShuffle, quantile, ratioOf } from './statistics.ts'
import { AUTH_HTTP, SHARED } from './subjects/index.ts'
import { quote, rough, verdict } from './tables.ts'

function page(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'README.md')
  writeFileSync(path, text)
  return path
}

it('writes between the two comments of a page, and nowhere else', () => {
  const path = page('before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n')

  quote(path, 'new')
  quote(path, 'newer')

  expect(readFileSync(path, 'utf8')).toBe('before\n<!-- bench -->\nnewer\n<!-- /bench -->\nafter\n')
})

it('leaves a page alone that has no such comments', () => {
  const path = page('nothing here')

  expect(() => quote(path, 'new')).toThrow('README.md has no <!-- bench -->')
  expect(readFileSync(path, 'utf8')).toBe('nothing here')
})

it('compares round by round, so that a slow round of both changes nothing', () => {
  expect(ratioOf([2, 2, 20], [1, 1, 10])).toEqual({ median: 2, low: 2, high: 2 })
})

it('takes quantiles between the values where they fall between them', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
})

it('shuffles by the seed', () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8]

  expect(createShuffle(7)(items)).toEqual(createShuffle(7)(items))
  expect(createShuffle(7)(items)).not.toEqual(createShuffle(8)(items))
  expect(createShuffle(7)(items).toSorted()).toEqual(items)
})

it('says that a bar is missed where the noise does not explain it', () => {
  const noise = { median: 0.97, low: 0.9, high: 1.3 }

  expect(verdict({ median: 1.1, low: 1, high: 1.2 }, 1.1, noise)).toBe('kept')
  expect(verdict({ median: 1.13, low: 1, high: 1.2 }, 1.1, noise)).toBe('kept, within the noise')
  expect(verdict({ median: 1.14, low: 1, high: 1.2 }, 1.1, noise)).toBe('missed')
  expect(verdict({ median: 1.11, low: 1, high: 1.2 }, 1.1)).toBe('missed')
})

it('gives counts a second with two digits', () => {
  expect([3_456_789, 123_456, 987].map(rough)).toEqual(['3.5 M', '120,000', '990'])
})

it('takes a second refresh of Latchkey for wrong, and one of others for what it is', () => {
  const outcome = (refreshes: number) => ({ toll: { refreshes, failures: 0, sends: 1000, milliseconds: 1 }, cpu: [1] })
  const all = (refreshes: number) => new Map([[CASES[0], outcome(refreshes)]])
  const ours = [...OURS, SHARED]
  const stampedes = new Map(ours.map((name) => [name, all(name === AUTH_HTTP || name === SHARED ? 2 : 1)]))

  expect(wrongCounts('Node', stampedes)).toEqual([
    'Node, Latchkey auth.http, 1000 expired: 2 refreshes and 0 failures, not 1 and 0',
  ])
  expect(wrongCounts('Node', new Map(OURS.map((name) => [name, all(1)])))).toEqual([])
  expect(wrongCounts('Node', new Map())).toEqual(OURS.map((name) => `Node, ${name}: not measured`))
})
