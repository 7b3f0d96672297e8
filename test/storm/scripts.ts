import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')
const workerEntry = join(root, 'src/worker/index.ts')

/** Whether the refresh can run in a SharedWorker. */
export const hasWorker = existsSync(workerEntry)

/** Bundles what the pages of the storms run, by name; `further` are files of more of them, by name. */
export async function buildScripts(further: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const pages = ['latchkey', 'naive', 'conductor', ...(hasWorker ? ['worker'] : [])]
  const ours = Object.fromEntries(pages.map((name) => [name, join(import.meta.dirname, `pages/${name}.ts`)]))
  const { outputFiles } = await build({
    entryPoints: { ...ours, ...further },
    outdir: 'scripts',
    write: false,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    alias: { 'latchkey/worker': workerEntry, latchkey: join(root, 'src/index.ts') },
  })
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path.split(/[\\/]/).at(-1), text]))
}
