import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { EngineName } from './engines/index.ts'

interface Row {
  readonly storm: string
  readonly engine: EngineName
  readonly figures: string
}

/** Writes down what a storm has come to in an engine. */
export function addToReport(file: string, row: Row): void {
  appendFileSync(file, `${JSON.stringify(row)}\n`)
}

/** All that was written down, as one Markdown table. */
export function formatReport(file: string): string {
  if (!existsSync(file)) return 'No storm has run.'
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const rows = lines.map((line): Row => JSON.parse(line))
  const names: EngineName[] = ['chromium', 'firefox', 'webkit']
  const figuresOf = (storm: string, engine: EngineName): string =>
    rows.findLast((row) => row.storm === storm && row.engine === engine)?.figures ?? 'not run'
  const table = [...new Set(rows.map(({ storm }) => storm))].map((storm) =>
    [storm, ...names.map((engine) => figuresOf(storm, engine))].join(' | '),
  )
  const [head, rule] = [['storm', ...names].join(' | '), '--- | --- | --- | ---']
  return ['', ...[head, rule, ...table].map((row) => `| ${row} |`), ''].join('\n')
}
