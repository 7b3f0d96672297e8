import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../../../examples/testing')
const readme = readFileSync(join(folder, 'README.md'), 'utf8')
const linesOf = (text: string): string[] => text.trimEnd().split('\n')

/** Each code block, with the file that is named before it in parentheses. */
const quotes = [...readme.matchAll(/\(\[[^\]]*\]\(([\w./-]+)\)\):\n\n```\w+\n(.*?)```/gs)].map(
  ([, file = '', code = '']) => ({ file, code }),
)

describe('the recipes', () => {
  it('quotes a file in every code block', () => {
    expect(quotes).toHaveLength(linesOf(readme).filter((line) => /^```\w/.test(line)).length)
  })

  it.each(quotes)('quotes $file as it is, but for the words to the linter', ({ file, code }) => {
    const text = readFileSync(join(folder, file), 'utf8')
    expect(linesOf(code)).toEqual(linesOf(text).filter((line) => !line.includes('biome-ignore')))
  })

  it('takes 12 lines of code to test a life from login to logout', () => {
    const code = readFileSync(join(folder, 'session.test.ts'), 'utf8')
    expect(linesOf(code).filter(Boolean).length).toBeLessThanOrEqual(12)
  })

  it('is told in 200 lines', () => {
    expect(linesOf(readme).length).toBeLessThanOrEqual(200)
  })
})
