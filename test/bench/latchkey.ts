import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const source = join(import.meta.dirname, '../../src/index.ts')

/** The library as it is in `src`, bundled as an app would. */
export async function loadLatchkey(): Promise<typeof import('latchkey')> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  try {
    const outfile = join(folder, 'latchkey.mjs')
    await build({ entryPoints: [source], outfile, bundle: true, minify: true, format: 'esm', target: 'es2022' })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Prints `rows` as a table, and ends the process with an error if one of `claims` is wrong. */
export function report(
  title: string,
  rows: readonly (readonly string[])[],
  claims: Record<string, boolean> = {},
): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  console.log(`\n${title}`)
  for (const row of rows) {
    console.log(`  ${row.map((cell, column) => cell[column ? 'padStart' : 'padEnd'](widths[column] ?? 0)).join('   ')}`)
  }
  for (const [claim, isTrue] of Object.entries(claims)) {
    if (isTrue) continue
    console.error(`  wrong: ${claim}`)
    process.exitCode = 1
  }
}
