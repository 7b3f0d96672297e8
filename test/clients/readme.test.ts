import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
const files = ['openapi-fetch.ts', 'axios.ts', 'axios-xhr.ts', 'apollo.ts', 'trpc.ts', 'tanstack-query.ts']
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code)

/** What a user writes: no comments, no empty lines, and `auth` is there already. */
function linesOf(file: string): string[] {
  const lines = readFileSync(join(import.meta.dirname, file), 'utf8').split('\n')
  return lines.filter((line) => line && !/^\/[*/]/.test(line) && line !== "import { auth } from './auth.ts'")
}

describe.each(files)('%s', (file) => {
  it('is five lines and an import at most', () => {
    expect(linesOf(file).filter((line) => !line.startsWith('import ')).length).toBeLessThanOrEqual(5)
    expect(linesOf(file).length).toBeLessThanOrEqual(6)
  })

  it('stands in the README as it is tested here', () => {
    expect(blocks).toContain(`${linesOf(file).join('\n')}\n`)
  })
})
