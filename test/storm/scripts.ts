import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { aliases } from '../support/aliases.ts'
import { bundlePages } from '../support/bundle-pages.ts'

/** Whether the refresh can run in a SharedWorker. */
export const hasWorker = existsSync(aliases['latchkey/worker'] ?? '')

/** Bundles what the pages of the storms run, by name; `further` are files of more of them. */
export function buildScripts(further: readonly string[] = []): Promise<Record<string, string>> {
  const pages = ['latchkey', 'naive', 'conductor', ...(hasWorker ? ['worker'] : [])]
  return bundlePages(...pages.map((name) => join(import.meta.dirname, `pages/${name}.ts`)), ...further)
}
