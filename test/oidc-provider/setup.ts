import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ensureEngines } from '../browser/ensure-browser.ts'
import { formatReport } from '../storm/report.ts'
import { bundlePages } from '../support/bundle-pages.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** What the pages of the app run. */
    readonly oidcScript: string
    /** The file that gathers what came of each scenario. */
    readonly oidcReport: string
  }
}

let folder: string | undefined

/** Vitest's global setup: the engines are there, or the run fails here; the page is bundled from source, once. */
export async function setup(project: TestProject): Promise<void> {
  ensureEngines()
  folder = mkdtempSync(join(tmpdir(), 'oidc-report-'))
  const scripts = await bundlePages(join(import.meta.dirname, 'pages/app.ts'))
  project.provide('oidcScript', scripts['app.js'] ?? '')
  project.provide('oidcReport', join(folder, 'figures'))
}

/** Prints what all scenarios have come to. */
export function teardown(): void {
  if (!folder) return
  console.log(formatReport(join(folder, 'figures')).replace('| storm |', '| scene |'))
  rmSync(folder, { recursive: true, force: true })
}
