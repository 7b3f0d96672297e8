/** Bundles code as an app would: what a bundler makes of the imports that are there, and what stands in it. */
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import { aliases } from '../support/aliases.ts'

/** What code becomes when it is shipped. */
export interface Bundle {
  readonly text: string
  /** In bytes. */
  readonly minified: number
  /** In bytes, by level 9. */
  readonly gzip: number
  /** The bytes of each module that has any in it, by its path below the project. */
  readonly modules: ReadonlyMap<string, number>
}

/** Bundles `code`, which imports `latchkey` and its entries by name; what it imports later, if `later` names it, stays out. */
export async function bundle(code: string, later?: RegExp): Promise<Bundle> {
  const root = `${import.meta.dirname}/../..`
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: code, resolveDir: root },
    alias: { ...aliases },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    metafile: true,
    outfile: 'bundle.js',
    write: false,
    plugins: later ? [leaveOut(later)] : [],
  })
  const [file] = outputFiles
  if (!file) throw new Error('esbuild made nothing.')
  const inputs = Object.entries(metafile.outputs['bundle.js']?.inputs ?? {})
  return {
    text: file.text,
    minified: file.contents.length,
    gzip: gzipSync(file.contents, { level: 9 }).length,
    modules: new Map(
      inputs.flatMap(([path, { bytesInOutput }]) =>
        bytesInOutput && path !== '<stdin>' ? [[path, bytesInOutput]] : [],
      ),
    ),
  }
}

/** Bundles `code` and runs it: what it exports. */
export async function load<T>(code: string): Promise<T> {
  const { text } = await bundle(code)
  return import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)
}

function leaveOut(later: RegExp): Plugin {
  return {
    name: 'later',
    setup({ onResolve }) {
      onResolve({ filter: later }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      )
    },
  }
}
