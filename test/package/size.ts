/** What Latchkey weighs: minified by esbuild, gzip level 9, kB = 1000 bytes. Exits with 1 when a budget is exceeded. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = `${import.meta.dirname}/../..`

/** Bundles `code`; what it imports later, if `later` names it, is left out. */
async function bundle(code: string, later?: RegExp) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    metafile: true,
    outfile: 'bundle.js',
    write: false,
    plugins: [
      {
        name: 'later',
        setup({ onResolve }) {
          onResolve({ filter: later ?? /^$/ }, ({ kind, path }) =>
            kind === 'dynamic-import' ? { path, external: true } : null,
          )
        },
      },
    ],
  })
  const contents = outputFiles[0]?.contents ?? new Uint8Array()
  const modules = Object.entries(metafile.outputs['bundle.js']?.inputs ?? {})
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length, modules }
}

/** The values that the files of a folder, but for one, import from a package. */
function importsOf(folder: string, name: string, except = ''): string {
  const names = readdirSync(join(root, folder)).filter((file) => file !== except)
  const files = names.map((file) => readFileSync(join(root, folder, file), 'utf8'))
  const lists = files.flatMap(
    (text) => text.match(new RegExp(`import \\{([^}]+)\\} from '${name}'`))?.[1]?.split(',') ?? [],
  )
  const values = lists
    .map((each) => each.trim().replace(/ as .*/, ''))
    .filter((each) => each && !each.startsWith('type '))
  return [...new Set(values)].join(', ')
}

const peers = await bundle(`export * from 'ky'; export { default } from 'ky'; export { jwtDecode } from 'jwt-decode'`)
const whole = await bundle(`export * from './src/index.ts'`)
const core = await bundle(`export * from './src/core.ts'`)
const hosted = await bundle(`export * from './src/core.ts'; export * from './src/worker/index.ts'`)
const workerFile = await bundle(
  `import { jsonBackend } from './src/core.ts'; import { hostRefresh } from './src/worker/index.ts'
  hostRefresh(jsonBackend({ baseUrl: 'https://api.example.com' }))`,
)
const devtools = await bundle(`export * from './src/core.ts'; export * from './src/devtools/index.ts'`)
const doctor = await bundle(`export * from './src/core.ts'; export { audit } from './src/devtools/index.ts'`)
const shell = await bundle(
  `export * from './src/core.ts'; export { defineDevtools } from './src/devtools/index.ts'`,
  /panel/,
)
const typical = await bundle(`export { AuthClient } from './src/index.ts'`)
const oidc = await bundle(`export * from './src/index.ts'; export { oidcBackend } from './src/oidc/index.ts'`)
const bound = await bundle(`export * from './src/index.ts'; export { oidcBackend, dpop } from './src/oidc/index.ts'`)
const exported = readFileSync(`${root}/src/backends/index.ts`, 'utf8').matchAll(/(?:, | )(\w+) \} from/g)
const presets = await Promise.all(
  [...exported].map(async ([, name]) => {
    const preset = await bundle(
      `export { ${name} } from './src/backends/index.ts'; export { jsonBackend } from './src/core.ts'`,
    )
    return { name, preset }
  }),
)
const webapi = await bundle(`export { ${importsOf('src/oidc', 'oauth4webapi')} } from 'oauth4webapi'`)
const unbound = await bundle(`export { ${importsOf('src/oidc', 'oauth4webapi', 'dpop.ts')} } from 'oauth4webapi'`)
const bare = await bundle(`export { jsonBackend } from './src/core.ts'`)
const without = (all: typeof whole, rest: typeof whole) => ({
  minified: all.minified - rest.minified,
  gzip: all.gzip - rest.gzip,
})

const kB = (bytes: number) => (bytes / 1000).toFixed(2)
const row = (name: string, { minified, gzip }: { minified: number; gzip: number }, budget?: number, aim?: number) => ({
  name,
  'minified kB': kB(minified),
  'gzip kB': kB(gzip),
  budget: budget ? `${kB(budget)}${aim ? `, aim ${kB(aim)}` : ''}` : '',
  verdict: !budget ? '' : gzip > budget ? 'TOO BIG' : aim && gzip > aim ? 'over the aim' : 'ok',
})
// The budgets keep what is there from growing; the aims are where it should be.
const rows = [
  row('ky + jwt-decode', peers),
  row('latchkey, whole', whole),
  row('latchkey adds to ky + jwt-decode', without(whole, peers), 18_200, 6000),
  row('latchkey/core with jwt-decode', core, 19_000, 7600),
  row('latchkey/worker adds to latchkey/core', without(hosted, core), 1500),
  row('a worker file of three lines', workerFile),
  row('latchkey/oidc with oauth4webapi adds to latchkey', without(oidc, whole), 10_600, 9500),
  row('the same with dpop()', without(bound, whole), 12_600, 11_500),
  row('oauth4webapi, as far as latchkey/oidc needs it', unbound),
  row('oauth4webapi, as far as it needs it with dpop()', webapi),
  row('a whole OIDC client, ky included', oidc, 38_100, 26_400),
  row('latchkey/devtools adds to latchkey/core, panel and all', without(devtools, core), 24_500, 14_000),
  row('defineDevtools() adds to it before an element is there', without(shell, core), 4100),
  row('audit() adds to it', without(doctor, core), 6000),
  ...presets.map(({ name, preset }) => row(`preset ${name} adds to jsonBackend`, without(preset, bare), 300)),
  row('import { AuthClient } alone', typical),
]
const strangers = core.modules.filter(([path]) => /node_modules\/(?!jwt-decode\/)/.test(path)).map(([path]) => path)
const modules = whole.modules
  .filter(([path]) => path.startsWith('src/'))
  .map(([path, { bytesInOutput }]) => ({ module: path, 'minified bytes': bytesInOutput }))
  .filter((module) => module['minified bytes'] > 0)
  .sort((a, b) => b['minified bytes'] - a['minified bytes'])

console.table(rows)
console.table(modules)
if (rows.some(({ verdict }) => verdict === 'TOO BIG')) {
  console.error('Over budget.')
  process.exitCode = 1
}
const aids = whole.modules.filter(([path]) => /src\/(devtools|testing)\//.test(path)).map(([path]) => path)
if (aids.length) {
  console.error('latchkey pulls in', aids.join(', '))
  process.exitCode = 1
}
if (strangers.length) {
  console.error('latchkey/core pulls in', strangers.join(', '))
  process.exitCode = 1
}
