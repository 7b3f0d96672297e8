/**
 * `npm run storm:peers`: other clients in the storms of this folder, beside Latchkey, in one Chromium and one run. Their
 * packages are installed here on the first run, since nobody else needs them. (`@auth0/auth0-spa-js` ships as one file; the
 * package that its `package.json` is made to take another version of is in that file already.)
 *
 *     npm run storm:peers
 *     STORM_SCALE=0.1 npm run storm:peers -- auth0 supabase
 */
import { cpus } from 'node:os'
import { installPackages } from '../../support/install.ts'
import { openHouse } from '../stage.ts'
import { type Client, clients, peerPages } from './clients.ts'
import { type Clock, createDialect } from './dialect.ts'
import { storms, type Toll } from './storms.ts'

function cell({ rounds, calls, lost, dropped, callers, without, early }: Toll): string {
  const perRound = (calls / rounds).toFixed(1).replace(/\.0$/, '')
  const byClient = dropped ? ` (${dropped} by the client)` : ''
  return `${perRound} · ${lost}/${rounds}${byClient} · ${without}/${callers}${early === undefined ? '' : `, at first ${early}/${callers}`}`
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

installPackages(import.meta.dirname)
const wanted = process.argv.slice(2)
const isWanted = ({ name, page }: Client): boolean =>
  !wanted.length || wanted.some((each) => `${name} ${page}`.includes(each))
const chosen = clients.filter(isWanted)
const clock: Clock = { ahead: 0 }
const house = await openHouse('chromium', {}, { pages: peerPages, dialect: createDialect(clock) })
const { version } = await house.engine()
const since = performance.now()
const rows: string[][] = []
const said: string[] = []
try {
  for (const client of chosen) {
    const cells: string[] = []
    for (const storm of storms) {
      const start = performance.now()
      const toll = await storm.run({ client, house, clock })
      await house.tidy()
      cells.push(cell(toll))
      const seconds = Math.round((performance.now() - start) / 1000)
      console.log(`${client.name}: ${storm.name}: ${cells.at(-1)} (${seconds} s)`)
      if (toll.codes.size) said.push(`- ${client.name}, ${storm.name}: ${[...toll.codes].join('; ')}`)
    }
    rows.push([client.name, ...cells])
  }
} finally {
  await house.close()
}

const head = ['client', ...storms.map(({ name }) => name)]
console.log(`
Ten tabs in Chromium ${version}, ${cpus().length} cores, ${Math.round((performance.now() - since) / 1000)} s.
Each cell: refresh calls per generation · sessions lost · callers without a token; after a 429 they ask twice.

${[head, head.map(() => '---'), ...rows].map(row).join('\n')}

Strict: a refresh token works once, a second use ends the session. Grace: for 10 s it gets the same answer again.

${chosen.map(({ name, about }) => `- ${name}: ${about}`).join('\n')}

What callers without a token were told:

${said.join('\n')}`)
