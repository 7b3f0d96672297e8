/** Holds figures against their budgets. */

/** A figure that must not grow. */
export interface Budget {
  readonly what: string
  readonly reached: number
  /** What fails when exceeded; it keeps what is there from growing. Without one, the figure is only printed. */
  readonly budget?: number | undefined
  /** What is wanted in the end, where the budget is still above it. */
  readonly bar?: number | undefined
  readonly unit?: string
}

/**
 * Prints the figures as a table, and ends the process with an error if one is over its budget, or if one of `claims`,
 * which say that the right thing was counted, is wrong.
 */
export function hold(title: string, budgets: readonly Budget[], claims: Record<string, boolean> = {}): void {
  const rows = budgets.map((each) => {
    const { what, reached, budget, bar, unit = '' } = each
    return [what, ...[reached, budget, bar].map((number) => format(number, unit)), verdictOf(each)]
  })
  const table = [['', 'reached', 'budget', 'bar', ''], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  console.log(`\n${title}`)
  for (const row of table) {
    const cells = row.map((cell, column) =>
      column % 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[0] ?? 0),
    )
    console.log(`  ${cells.slice(0, 4).join('   ')}   ${row[4]}`.trimEnd())
  }
  const wrong = [
    ...budgets.flatMap(({ what, reached, budget = Number.POSITIVE_INFINITY }) => (reached <= budget ? [] : [what])),
    ...Object.keys(claims).filter((claim) => !claims[claim]),
  ]
  for (const each of wrong) console.error(`  wrong: ${each}`)
  if (wrong.length) process.exitCode = 1
}

function format(number: number | undefined, unit: string): string {
  if (number === undefined) return ''
  return `${Number.isInteger(number) ? number.toLocaleString('en') : number.toFixed(2)}${unit && ` ${unit}`}`
}

function verdictOf({ reached, budget, bar }: Budget): string {
  if (budget === undefined) return ''
  // A figure that is no number is none that is kept.
  if (!(reached <= budget)) return 'TOO MUCH'
  if (bar !== undefined && reached > bar) return `over the bar by ${format(reached - bar, '')}`
  return 'ok'
}
