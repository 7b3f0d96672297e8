/** What Latchkey weighs: minified by esbuild, gzip level 9, kB = 1000 bytes. Exits with 1 when a budget is exceeded. */
import { readdirSync, readFileSync } from 'node:fs'
import { type Bundle, bundle } from './bundle.ts'

interface Weight {
  readonly what: string
  readonly code: string
  /** What is there anyhow, and not counted. */
  readonly beside?: string
  /** What is imported later, and not counted. */
  readonly later?: RegExp
  /** What fails when exceeded: it keeps what is there from growing. In bytes. */
  readonly budget?: number
  /** What must not be exceeded in the end, and where it should be. In bytes. */
  readonly bar?: number
  readonly aim?: number
}

const source = `${import.meta.dirname}/../../src`
const latchkey = `export * from 'latchkey'`
const core = `export * from 'latchkey/core'`
const worker = `${core}; export * from 'latchkey/worker'`
const oidc = `${latchkey}; export { oidcBackend } from 'latchkey/oidc'`
const bound = `${latchkey}; export { oidcBackend, dpop } from 'latchkey/oidc'`
const devtools = `${core}; export * from 'latchkey/devtools'`
const dock = `${core}; export { defineDevtools } from 'latchkey/devtools'`
const doctor = `${core}; export { audit } from 'latchkey/devtools'`
const peers = `export * from 'ky'; export { default } from 'ky'; export { jwtDecode } from 'jwt-decode'`
const app = `
  import { AuthClient } from 'latchkey'
  const auth = new AuthClient({ baseUrl: 'https://api.example.com' })
  auth.on('logout', ({ reason }) => console.log(reason))
  export const token = await auth.getAccessToken()`
const workerFile = `
  import { jsonBackend } from 'latchkey/core'
  import { hostRefresh } from 'latchkey/worker'
  hostRefresh(jsonBackend({ baseUrl: 'https://api.example.com' }))`

const weights: readonly Weight[] = [
  { what: 'create a client, get a token, subscribe to logout', code: app, budget: 26_600, bar: 16_400, aim: 15_400 },
  { what: 'latchkey/core, all of it', code: core, budget: 18_500, bar: 7600, aim: 6600 },
  { what: 'latchkey, all of it', code: latchkey, budget: 27_200 },
  { what: 'latchkey adds to ky + jwt-decode', code: latchkey, beside: peers, budget: 17_800, aim: 6000 },
  { what: 'ky + jwt-decode', code: peers },
  { what: 'the client of the first row by latchkey/core', code: app.replace(`'latchkey'`, `'latchkey/core'`) },
  { what: 'latchkey/worker adds to latchkey/core', code: worker, beside: core, budget: 1500 },
  { what: 'a worker file of three lines', code: workerFile },
  { what: 'latchkey/oidc adds to latchkey', code: oidc, beside: latchkey, budget: 10_600, aim: 9500 },
  { what: 'the same with dpop()', code: bound, beside: latchkey, budget: 12_600, aim: 11_500 },
  { what: 'oauth4webapi, as far as latchkey/oidc needs it', code: oauth4webapi('dpop.ts') },
  { what: 'the same with dpop()', code: oauth4webapi() },
  { what: 'a whole OIDC client, ky included', code: oidc, budget: 37_700, aim: 26_600 },
  { what: 'latchkey/devtools adds to latchkey/core', code: devtools, beside: core, budget: 24_500, aim: 14_000 },
  { what: 'defineDevtools() before an element is there', code: dock, beside: core, later: /panel/, budget: 4100 },
  { what: 'audit() adds to latchkey/core', code: doctor, beside: core, budget: 6000 },
  ...presets(),
]

/** Each preset, beside the backend that it is data for. */
function presets(): Weight[] {
  const beside = `export { jsonBackend } from 'latchkey/core'`
  const index = readFileSync(`${source}/backends/index.ts`, 'utf8')
  return [...index.matchAll(/(\w+) \} from/g)].map(([, name]) => ({
    what: `preset ${name} adds to jsonBackend`,
    code: `${beside}; export { ${name} } from 'latchkey/backends'`,
    beside,
    budget: 300,
  }))
}

/** What the files of `latchkey/oidc`, but for one, import from oauth4webapi. */
function oauth4webapi(except = ''): string {
  const files = readdirSync(`${source}/oidc`).filter((file) => file !== except)
  const texts = files.map((file) => readFileSync(`${source}/oidc/${file}`, 'utf8'))
  const names = texts
    .flatMap((text) => text.match(/import \{([^}]+)\} from 'oauth4webapi'/)?.[1]?.split(',') ?? [])
    .map((each) => each.trim().replace(/ as .*/, ''))
    .filter((each) => each && !each.startsWith('type '))
  return `export { ${[...new Set(names)].join(', ')} } from 'oauth4webapi'`
}

const kB = (bytes?: number): string => (bytes === undefined ? '' : (bytes / 1000).toFixed(2))

function verdictOf(gzip: number, { budget = Infinity, bar = Infinity, aim = Infinity }: Weight): string {
  if (gzip > budget) return 'TOO BIG'
  if (gzip > bar) return `over the bar by ${kB(gzip - bar)}`
  if (gzip > aim) return `over the aim by ${kB(gzip - aim)}`
  return budget < Infinity ? 'ok' : ''
}

async function weigh(weight: Weight) {
  const { what, code, beside, later, budget, bar, aim } = weight
  const whole = await bundle(code, later)
  const rest: Pick<Bundle, 'minified' | 'gzip'> = beside ? await bundle(beside) : { minified: 0, gzip: 0 }
  const gzip = whole.gzip - rest.gzip
  const columns = { 'minified kB': kB(whole.minified - rest.minified), 'gzip kB': kB(gzip) }
  return { what, ...columns, budget: kB(budget), bar: kB(bar), aim: kB(aim), verdict: verdictOf(gzip, weight) }
}

const rows = await Promise.all(weights.map(weigh))
const modules = [...(await bundle(latchkey)).modules].filter(([path]) => path.startsWith('src/'))

console.table(rows)
console.table(modules.sort(([, a], [, b]) => b - a).map(([module, bytes]) => ({ module, 'minified bytes': bytes })))
if (rows.some(({ verdict }) => verdict === 'TOO BIG')) {
  console.error('Over budget.')
  process.exitCode = 1
}
