/**
 * `npm run test:servers`: one contract against real servers, each started on a free port of this machine. Their packages
 * are installed on the first run: those of npm in this folder, those of Debian on Debian, if root runs this. A server
 * that cannot be had is reported as not run; with `--all`, that fails.
 *
 *     npm run test:servers
 *     npm run test:servers -- feathers simple
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackages } from '../support/install.ts'
import { installFromDebian, lackOf, versionOf } from './packages.ts'
import { type Server, servers } from './servers.ts'

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { ancestorTitles: string[]; title: string; status: string }[]
  }[]
}

const root = join(import.meta.dirname, '../..')
const words = process.argv.slice(2)
const names = words.filter((word) => word !== '--all').map((word) => word.toLowerCase())
const isWanted = ({ name }: Server): boolean => !names.length || names.some((each) => name.toLowerCase().includes(each))

const chosen: readonly Server[] = servers.filter(isWanted)
installPackages(import.meta.dirname)
installFromDebian([...new Set(chosen.flatMap(({ debian = [] }) => debian))])
const runnable = chosen.filter((server) => !lackOf(server))

const idle = chosen.filter((server) => lackOf(server))
const notRun = idle.map((server) => `NOT RUN: ${server.name}: ${lackOf(server)}`).join('\n')
if (!runnable.length) {
  console.log(notRun || `No server is called ${names.join(' or ')}.`)
  process.exit(words.includes('--all') || !idle.length ? 1 : 0)
}

const since = performance.now()
const folder = mkdtempSync(join(tmpdir(), 'latchkey-servers-'))
const results = join(folder, 'results.json')
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...['--config', join(import.meta.dirname, 'vitest.config.ts')],
    ...['--reporter', 'default', '--reporter', 'json', '--outputFile.json', results],
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SERVERS: runnable.map(({ name }) => name).join('|') } },
)
const seconds = Math.round((performance.now() - since) / 1000)
if (!existsSync(results)) process.exit(status ?? 1)
const report = JSON.parse(readFileSync(results, 'utf8')) as Report
rmSync(folder, { recursive: true })

/** Line by line of the contract: what it promises for each server, and whether it held. */
const lines = new Map<string, Map<string, { promise: string; holds: boolean }>>()
for (const { ancestorTitles, title, status } of report.testResults.flatMap((file) => file.assertionResults)) {
  const [line = '', promise = ''] = title.split(/: (.*)/s)
  const column = lines.get(line) ?? new Map()
  lines.set(line, column.set(ancestorTitles.at(-1) ?? '', { promise, holds: status === 'passed' }))
}

const notes: string[] = []

/** `ok`, with the number of a note where this server's nature makes it promise something else than most do. */
function cell(line: string, server: Server): string {
  const column = lines.get(line)
  const { promise, holds } = column?.get(server.name) ?? { promise: '', holds: false }
  const likeIt = [...(column?.values() ?? [])].filter((each) => each.promise === promise).length
  const verdict = holds ? 'ok' : 'FAILED'
  if (likeIt * 2 > (column?.size ?? 0)) return verdict
  const note = `${line}: ${promise}`
  if (!notes.includes(note)) notes.push(note)
  return `${verdict} [${notes.indexOf(note) + 1}]`
}

const head = ['server', ...lines.keys()]
const rows = runnable.map((server) => [
  `${server.name} ${versionOf(server)}`,
  ...[...lines.keys()].map((line) => cell(line, server)),
])
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const parts = [
  [head, head.map(() => '---'), ...rows].map(row).join('\n'),
  notes.map((note, index) => `[${index + 1}] ${note}`).join('\n'),
  `${runnable.length} of ${chosen.length} servers in ${seconds} s.`,
  notRun,
]
console.log(`\n${parts.filter(Boolean).join('\n\n')}`)
process.exitCode = words.includes('--all') && idle.length ? 1 : (status ?? 1)
