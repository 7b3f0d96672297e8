/** Bundles what pages in browsers run. */
import { basename } from 'node:path'
import { build } from 'esbuild'
import { aliases } from './aliases.ts'

/** Bundles each of these files, with Latchkey as it is in `src`: the scripts by their names, such as `app.js`. */
export async function bundlePages(...files: string[]): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    entryPoints: files,
    outdir: 'scripts',
    write: false,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    alias: { ...aliases },
  })
  return Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]))
}
