/** Packs the package, installs it into an empty folder, and looks at it from there, as its users will. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as esbuild from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import * as vite from 'vite'
import { undocumented } from './doc-comments.ts'

const root = join(import.meta.dirname, '../..')
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'latchkey-package-')))
const installed = join(folder, 'node_modules/latchkey')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const entries = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'latchkey'))
const declarations = entries.map((entry) => join(installed, manifest.exports[entry.replace('latchkey', '.')].types))

function run(command: string, args: string[], cwd: string): string {
  const options = { cwd, encoding: 'utf8', shell: process.platform === 'win32' } as const
  const { status, stdout, stderr, error } = spawnSync(command, args, options)
  if (status !== 0) throw new Error([command, ...args, stdout, stderr].join('\n'), { cause: error })
  return stdout
}

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(path.length + 1))
    .sort()
}

function build(): Record<string, string> {
  run('npm', ['run', 'build'], root)
  const dist = join(root, 'dist')
  const hash = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(dist, file)))
      .digest('hex')
  return Object.fromEntries(filesOf(dist).map((file) => [file, hash(file)]))
}

after(() => rmSync(folder, { recursive: true, force: true }))
const builds = [build(), build()]
const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root)
const tarball = join(folder, JSON.parse(packed)[0].filename)
write('package.json', '{ "name": "consumer", "type": "module", "private": true }')
// msw is an optional peer: only who imports `latchkey/testing` has it.
run('npm', ['install', '--silent', '--prefer-offline', tarball, `msw@${manifest.devDependencies.msw}`], folder)

test('T20: two builds are equal byte for byte', () => {
  assert.deepEqual(builds[1], builds[0])
})

test('T20: the tarball holds dist and the papers, nothing else', () => {
  const files = filesOf(installed)
  const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
  assert.deepEqual(
    files.filter((file) => !file.startsWith('dist/') && !papers.includes(file)),
    [],
  )
  for (const file of ['LICENSE', 'README.md', 'dist/latchkey.min.js'])
    assert.ok(files.includes(file), `${file} is missing`)
  assert.deepEqual(
    files.filter((file) => file.startsWith('dist/') && !/\.(js|js\.map|d\.ts)$/.test(file)),
    [],
  )
})

test('source maps carry their sources and no path of this machine', () => {
  for (const file of filesOf(installed).filter((name) => name.endsWith('.map'))) {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(installed, file), 'utf8'))
    assert.deepEqual(
      sources.filter((source: string) => !/^(\.\.\/)+(src|node_modules)\//.test(source)),
      [],
      file,
    )
    assert.equal(sourcesContent.filter(Boolean).length, sources.length, file)
  }
})

test('T20: run-time dependencies are at most four, none with dependencies of its own', () => {
  const names = Object.keys(manifest.dependencies)
  assert.ok(names.length <= 4)
  for (const name of names) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'))
    assert.deepEqual(dependencies, {}, name)
  }
})

test('every entry can be imported in Node, and all share one core', () => {
  const script = write(
    'import.js',
    `const entries = await Promise.all(${JSON.stringify(entries)}.map((entry) => import(entry)))
    const [latchkey, core] = entries
    const standalone = await import('./node_modules/latchkey/dist/latchkey.min.js')
    const { audit } = await import('latchkey/devtools')
    const { signedIn } = await import('latchkey/testing')
    const auth = new latchkey.AuthClient({ baseUrl: 'http://api.example.com' })
    await signedIn(auth)
    console.log(JSON.stringify({
      exported: entries.map((entry) => Object.keys(entry).length),
      oneCore: latchkey.AuthError === core.AuthError && latchkey.AuthClient.prototype instanceof core.AuthClient,
      oneInspection: auth.state.status === 'authenticated' && audit(auth).some(({ code }) => code === 'plain-http'),
      standalone: Object.keys(standalone).join() === Object.keys(latchkey).join(),
    }))
    auth.dispose()`,
  )
  const { exported, ...same } = JSON.parse(run(process.execPath, [script], folder))
  for (const count of exported) assert.ok(count > 0)
  assert.deepEqual(same, { oneCore: true, oneInspection: true, standalone: true })
})

test('every entry can be bundled by esbuild, and pulls in what it should', async (t) => {
  for (const entry of entries) {
    const { metafile } = await esbuild.build({
      absWorkingDir: folder,
      stdin: { contents: `export * from '${entry}'`, resolveDir: folder },
      bundle: true,
      format: 'esm',
      target: 'es2022',
      metafile: true,
      write: false,
    })
    const modules = Object.keys(metafile.inputs).map((path) => path.replace(/^node_modules\//, ''))
    const packages = new Set(modules.map((path) => path.split('/', 1).join()).filter((name) => name !== '<stdin>'))
    t.diagnostic(
      `${entry}: ${[...packages].sort().join(', ')} (${modules.filter((path) => path.startsWith('latchkey/')).join(', ')})`,
    )
    if (entry === 'latchkey/core') assert.deepEqual([...packages].sort(), ['jwt-decode', 'latchkey'])
    if (entry === 'latchkey') assert.deepEqual([...packages].sort(), ['jwt-decode', 'ky', 'latchkey'])
    if (entry === 'latchkey/worker' || entry === 'latchkey/backends') assert.deepEqual([...packages], ['latchkey'])
    if (entry === 'latchkey/oidc') assert.deepEqual([...packages].sort(), ['jwt-decode', 'latchkey', 'oauth4webapi'])
    if (entry === 'latchkey/devtools') assert.deepEqual([...packages].sort(), ['jwt-decode', 'latchkey'])
    if (entry === 'latchkey/testing') assert.ok(packages.has('msw'))
    const aids = modules.filter((path) => /testing|devtools|panel/.test(path) && path.startsWith('latchkey/'))
    if (!/testing|devtools/.test(entry)) assert.deepEqual(aids, [], `${entry} is no place for the developer's aids`)
  }
})

test('an app can be built with Vite', async () => {
  write('index.html', '<script type="module" src="/app.js"></script>')
  write(
    'app.js',
    `import * as latchkey from 'latchkey'
import * as core from 'latchkey/core'
import * as backends from 'latchkey/backends'
import * as oidc from 'latchkey/oidc'
import * as worker from 'latchkey/worker'
import * as devtools from 'latchkey/devtools'
console.log(latchkey, core, backends, oidc, worker, devtools)`,
  )
  const result = await vite.build({ root: folder, logLevel: 'silent', build: { write: false } })
  const output = (Array.isArray(result) ? result : [result]).flatMap((part) => ('output' in part ? part.output : []))
  const chunks = output.filter((file) => file.type === 'chunk')
  assert.ok(chunks.length > 0)
  const own = chunks.map((chunk) => chunk.fileName)
  assert.deepEqual(
    chunks.flatMap((chunk) => chunk.imports).filter((file) => !own.includes(file)),
    [],
  )
})

test('a strict TypeScript app compiles, library checks included, whatever its module resolution', () => {
  write('app.ts', entries.map((entry, i) => `import * as entry${i} from '${entry}'\nexport { entry${i} }`).join('\n'))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const options = {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      target: 'es2022',
    }
    const compilerOptions = {
      ...options,
      lib: ['es2023', 'dom', 'esnext.disposable'],
      types: [],
      module,
      moduleResolution: resolution,
    }
    const tsconfig = write(`tsconfig.${resolution}.json`, JSON.stringify({ compilerOptions, files: ['app.ts'] }))
    run(process.execPath, [tsc, '-p', tsconfig], folder)
  }
})

test('publint has nothing to say', async () => {
  const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true })
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  )
})

test('attw finds the types right', () => {
  run('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only', '--no-emoji'], root)
})

test('every exported name, member and option has a doc comment', () => {
  const tsconfig = write(
    'tsconfig.json',
    JSON.stringify({ compilerOptions: { module: 'nodenext', types: [] }, files: declarations }),
  )
  assert.deepEqual(undocumented(tsconfig, declarations, installed), [])
})
