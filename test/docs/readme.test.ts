import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile as compileSvelte } from 'svelte/compiler'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, '.blocks')
const documents = [
  '',
  'examples',
  'examples/passkeys',
  'examples/react',
  'examples/server',
  'examples/testing',
].flatMap((place) =>
  readdirSync(join(root, place))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(place, name)),
)
const blocks = documents.flatMap((document) => blocksOf(document))

/** The code blocks of a document, each with so many empty lines before it that TypeScript counts lines as the document does. */
function blocksOf(document: string): { file: string; code: string }[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [...text.matchAll(/^ *```(ts|tsx|js|jsx)\b[^\n]*\n(.*?)^ *```/gms)].map(
    ({ index, 1: language, 2: code = '' }) => {
      const line = text.slice(0, index).split('\n').length
      return { file: `${document.replaceAll(/[\\/]/g, '-')}-${line}.${language}`, code: '\n'.repeat(line) + code }
    },
  )
}

/** What TypeScript has to say, by file: `README.md-12.ts(14,7): error …` is line 14 of README.md. */
function compile(): string[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code)
  const compilerOptions = {
    allowJs: true,
    checkJs: true,
    jsx: 'react-jsx',
    noUnusedLocals: false,
    noUnusedParameters: false,
  }
  const files = ['../prelude.d.ts', ...blocks.map(({ file }) => file)]
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, files, include: [] }),
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const said = stdout.split(/\n(?=\S)/).filter(Boolean)
  if (status !== 0 && !said.length) throw new Error('tsc failed without a word.')
  return said
}

describe('code blocks of the documents', () => {
  const said = compile()

  it.each(blocks)('$file compiles', ({ file }) => {
    expect(said.filter((message) => message.startsWith(`${file}(`))).toEqual([])
  })

  it('have no other trouble', () => {
    expect(said.filter((message) => !blocks.some(({ file }) => message.startsWith(`${file}(`)))).toEqual([])
  })
})

describe('README.md', () => {
  it.each(['client', 'server'] as const)('has Svelte that compiles for the %s, without a warning', (generate) => {
    const text = readFileSync(join(root, 'README.md'), 'utf8')
    const [, code = ''] = /^```svelte\n(.*?)^```/ms.exec(text) ?? []
    expect(code).toContain('$state.status')
    expect(compileSvelte(code, { generate }).warnings).toEqual([])
  })

  const lines = readFileSync(join(root, 'README.md'), 'utf8').trimEnd().split('\n')
  const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1 || Number.POSITIVE_INFINITY

  it('is short', () => {
    expect(lines.length).toBeLessThanOrEqual(330)
  })

  it('shows code within 20 lines and the two commands within 30', () => {
    expect(lineOf('```ts')).toBeLessThanOrEqual(20)
    expect(lineOf('npm ci && npm start')).toBeLessThanOrEqual(30)
    expect(lineOf('npm ci && npm test')).toBeLessThanOrEqual(30)
  })
})
