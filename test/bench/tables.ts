/** Figures as people read them, and tables as Markdown has them. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Ratio } from './statistics.ts'

export type Row = readonly string[]

const line = (cells: Row): string => `| ${cells.join(' | ')} |`

export function table(head: Row, rows: readonly Row[]): string {
  return [head, head.map((_, column) => (column ? '---:' : '---')), ...rows].map(line).join('\n')
}

/** Three digits at least, and none that says nothing. */
export const figure = (value: number): string => {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return value >= 100 ? value.toFixed(0) : value.toFixed(value < 10 ? 2 : 1)
}

export const kilobytes = (bytes: number | undefined): string => (bytes === undefined ? '–' : (bytes / 1000).toFixed(1))

/** Two digits: figures of this kind are not better. */
export function rough(value: number): string {
  if (!value) return '0'
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(1)} M`
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1)
  return (Math.round(value / unit) * unit).toLocaleString('en')
}

export const times = ({ median, low, high }: Ratio): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`

/** Whether `ratio` keeps the bar. `noise` is what a thing divided by itself comes to: so much is nobody's fault. */
export function verdict(ratio: Ratio, bar: number, noise?: Ratio): string {
  if (ratio.median <= bar) return 'kept'
  const allowance = noise ? Math.max(noise.median, 1 / noise.median) : 1
  return ratio.median <= bar * allowance ? 'kept, within the noise' : 'missed'
}

const [START, END] = ['<!-- bench -->', '<!-- /bench -->']

/** Where a Markdown file quotes the table: what stands before, and after. */
export function splitPage(path: string): readonly [before: string, after: string] {
  const page = readFileSync(path, 'utf8')
  const [start, end] = [page.indexOf(START), page.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`${path} has no ${START} … ${END}.`)
  return [page.slice(0, start + START.length), page.slice(end)]
}

/** Puts `text` there. */
export function quote(path: string, text: string): void {
  writeFileSync(path, splitPage(path).join(`\n${text}\n`))
}
