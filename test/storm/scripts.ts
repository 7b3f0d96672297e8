import { join } from 'node:path'
import { bundlePages } from '../support/bundle-pages.ts'

const pages = ['latchkey', 'naive', 'conductor', 'worker'].map((name) => join(import.meta.dirname, `pages/${name}.ts`))

/** Bundles what the pages of the storms run, by name; `further` are files of more of them. */
export const buildScripts = (further: readonly string[] = []): Promise<Record<string, string>> =>
  bundlePages(...pages, ...further)
