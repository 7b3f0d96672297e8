/** Bundles what is measured as an app would: Latchkey as it is in `src`, and the peers that are installed here. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

const here = join(import.meta.dirname, '..')
const root = join(here, '../..')

/** The names under which the subjects import the peers, which are installed in `test/bench` only. */
export const PEERS: Readonly<Record<string, string>> = {
  'peer/axios': 'axios',
  'peer/axios-auth-refresh': 'axios-auth-refresh',
  'peer/axios-jwt': 'axios-jwt',
  'peer/badgateway': '@badgateway/oauth2-client',
  'peer/supabase': '@supabase/auth-js',
  'peer/oidc-client-ts': 'oidc-client-ts',
  'peer/auth0-spa-js': '@auth0/auth0-spa-js',
  'peer/keycloak-js': 'keycloak-js',
  'peer/msal-browser': '@azure/msal-browser',
}

/** Resolves Latchkey to `src`, and the peers to the packages of this folder. */
export const subjectsPlugin: Plugin = {
  name: 'subjects',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^latchkey(\/core)?$/ }, ({ path }) => ({
      path: join(root, 'src', path === 'latchkey' ? 'index.ts' : 'core.ts'),
      sideEffects: false,
    }))
    onResolve({ filter: /^peer\// }, ({ path, kind }) => resolve(PEERS[path] ?? path, { kind, resolveDir: here }))
  },
}

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
    plugins: [subjectsPlugin],
    logLevel: 'error',
  })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const REQUIRE = `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);`
