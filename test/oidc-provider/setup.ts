import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { TestProject } from 'vitest/node'
import { ensureEngines } from '../browser/ensure-browser.ts'
import { formatReport } from '../storm/report.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** What the pages of the app run. */
    readonly oidcScript: string
    /** The file that gathers what came of each scenario. */
    readonly oidcReport: string
  }
}

const root = join(import.meta.dirname, '../..')
let folder: string | undefined

/** Vitest's global setup: the engines are there, or the run fails here; the page is bundled from source, once. */
export async function setup(project: TestProject): Promise<void> {
  ensureEngines()
  folder = mkdtempSync(join(tmpdir(), 'oidc-report-'))
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'pages/app.ts')],
    write: false,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    alias: { 'latchkey/oidc': join(root, 'src/oidc/index.ts'), latchkey: join(root, 'src/index.ts') },
  })
  project.provide('oidcScript', outputFiles[0]?.text ?? '')
  project.provide('oidcReport', join(folder, 'figures'))
}

/** Prints what all scenarios have come to. */
export function teardown(): void {
  if (!folder) return
  console.log(formatReport(join(folder, 'figures')).replace('| storm |', '| scene |'))
  rmSync(folder, { recursive: true, force: true })
}
