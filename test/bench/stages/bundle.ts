/** Bundles what is measured as an app would: Latchkey as it is in `src`, and the peers that are installed here. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { aliases } from '../../support/aliases.ts'

const here = join(import.meta.dirname, '..')

/** Bundles `entry` as an app would, with a chunk for each subject; `remove` takes the files away. */
export async function bundle(entry: string, platform: 'node' | 'browser'): Promise<{ folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  await build({
    entryPoints: { main: join(here, entry) },
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    target: 'es2022',
    platform,
    define: { 'process.env.NODE_ENV': '"production"' },
    // Some peers are CommonJS, and call for modules of Node.
    banner: platform === 'node' ? { js: REQUIRE } : {},
    alias: { ...aliases },
    logLevel: 'error',
  })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const REQUIRE = `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);`
