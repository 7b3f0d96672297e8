/** Says what was measured: of everybody in one table, of Latchkey by its bars. */
import { BY_HAND, BY_HAND_AGAIN, type ColdStarts } from './measures/cold-starts.ts'
import { CASES, type Case, OURS, type Stampedes } from './measures/stampedes.ts'
import { perSecond, type Times } from './measures/times.ts'
import type { Call } from './realm/realm.ts'
import { median, type Ratio, ratioOf } from './statistics.ts'
import { AUTH_FETCH, AUTH_HTTP, CORE, FLOOR, KY, KY_AGAIN, SHARED } from './subjects/index.ts'
import type { Subject } from './subjects/subject.ts'
import { figure, kilobytes, type Row, rough, table, times, verdict } from './tables.ts'

export interface EngineFigures {
  readonly name: string
  readonly hasWindow: boolean
  readonly times: Times
  readonly stampedes: Stampedes
}

export interface Figures {
  readonly subjects: readonly Subject[]
  readonly sizes: ReadonlyMap<string, number>
  readonly engines: readonly EngineFigures[]
  readonly cases: readonly Case[]
  readonly coldStarts: ColdStarts
}

const [EXPIRED, , MANY] = CASES

/** What one engine says about one subject. */
type Cell = (engine: EngineFigures, name: string) => string

const size = ({ sizes }: Figures, { name }: Subject): string => kilobytes(sizes.get(name))

const microseconds =
  (call: Call): Cell =>
  ({ times }, name) => {
    const samples = times.of(name, call)
    return samples ? figure(median(samples)) : 'no HTTP'
  }

const rate: Cell = ({ times }, name) => {
  const samples = times.of(name, 'token')
  return samples ? rough(perSecond(samples)) : 'no call'
}

const counts =
  (wanted: Case): Cell =>
  ({ stampedes }, name) => {
    const outcome = stampedes.get(name)?.get(wanted)
    if (!outcome) return 'nothing'
    const { refreshes, failures } = outcome.toll
    return `${refreshes.toLocaleString('en')} · ${failures.toLocaleString('en')}`
  }

const overShared =
  (wanted: Case): Cell =>
  ({ stampedes }, name) => {
    const [own, shared] = [name, SHARED].map((each) => stampedes.get(each)?.get(wanted)?.cpu)
    return own && shared ? ratioOf(own, shared).median.toFixed(2) : '–'
  }

/** A row a subject; a cell has the figures of all engines, or once what they all say. */
function subjectTable(
  figures: Figures,
  columns: readonly (readonly [head: string, cell: Cell])[],
  subjects: readonly Subject[],
  titleOf: (subject: Subject) => string,
): string {
  const rows = subjects.map((subject): Row => {
    const cells = columns.map(([, cell]) => {
      const able = figures.engines.filter(({ hasWindow }) => hasWindow || !subject.needsWindow)
      const [said = '', ...others] = new Set(able.map((engine) => cell(engine, subject.name)))
      const isOne = !others.length && (!/\d/.test(said) || (said.includes('·') && able.length > 1))
      return isOne
        ? said
        : figures.engines.map((each) => (able.includes(each) ? cell(each, subject.name) : '–')).join(' / ')
    })
    return [titleOf(subject), size(figures, subject), ...cells]
  })
  return table(['', 'kB', ...columns.map(([head]) => head)], rows)
}

/** Every subject by every measurement. */
export function wholeTable(figures: Figures): string {
  const columns: [string, Cell][] = [
    ['GET µs', microseconds('get')],
    ['POST µs', microseconds('post')],
    ['tokens/s', rate],
  ]
  for (const each of figures.cases) {
    columns.push([`${each.count.toLocaleString('en')} ${each.name}`, counts(each)], ['÷ shared', overShared(each)])
  }
  return subjectTable(figures, columns, figures.subjects, ({ name, needsWindow }) =>
    needsWindow ? `${name} (needs a window)` : name,
  )
}

/** The table for the README. */
export function shortTable(figures: Figures, versionOf: (name: string) => string): string {
  const shown = figures.subjects.filter(({ name }) => ![FLOOR, KY, KY_AGAIN, AUTH_FETCH].includes(name))
  const most = figures.cases.findLast(({ name }) => name === 'expired') ?? EXPIRED
  const columns: [string, Cell][] = [
    ['GET, µs', microseconds('get')],
    ['tokens/s', rate],
    [`${most.count.toLocaleString('en')} requests: refreshes · failures`, counts(most)],
  ]
  return subjectTable(figures, columns, shown, ({ name, packages }) => {
    if (OURS.includes(name)) return `**${name}**`
    const version = packages.map(versionOf).at(-1)
    return name.startsWith('ky ') ? name.replace('ky', `ky ${version}`) : `${name} ${version}`
  })
}

const abbreviate = ({ name, ...figures }: EngineFigures): EngineFigures => ({
  ...figures,
  name: name.replace(/ .*/, ''),
})

/** What has a bar. */
export function barTable({ subjects, sizes, engines, cases, coldStarts }: Figures): string {
  const rows: Row[] = []
  const judge = (name: string, value: string, bar: string, isKept: boolean): void => {
    rows.push([name, value, bar, isKept ? 'kept' : 'missed'])
  }
  const compare = (name: string, value: Ratio, bar: number, noise?: Ratio): void => {
    const itself = noise ? `; itself ${times(noise)}` : ''
    rows.push([name, `${times(value)}${itself}`, `≤ ${bar.toFixed(2)}`, verdict(value, bar, noise)])
  }
  for (const [name, aim] of [
    [AUTH_HTTP, 15.4],
    [CORE, 6.6],
  ] as const) {
    const bytes = sizes.get(name) ?? Number.NaN
    judge(`size of ${name}`, `${kilobytes(bytes)} kB`, `≤ ${aim} kB`, bytes <= aim * 1000)
  }
  for (const { name: engine, times, stampedes } of engines.map(abbreviate)) {
    const of = (name: string, call: Call): readonly number[] => times.of(name, call) ?? []
    for (const [call, bar] of [
      ['get', 1.1],
      ['post', 1.2],
    ] as const) {
      const noise = ratioOf(of(KY_AGAIN, call), of(KY, call))
      compare(`${engine}: ${call}, auth.http ÷ ky`, ratioOf(of(AUTH_HTTP, call), of(KY, call)), bar, noise)
      compare(`${engine}: ${call}, auth.fetch ÷ fetch`, ratioOf(of(AUTH_FETCH, call), of(FLOOR, call)), 1.5)
      const floor = of(FLOOR, call)
      const more = median(of(AUTH_FETCH, call).map((value, round) => value - (floor[round] ?? Number.NaN)))
      judge(`${engine}: ${call}, auth.fetch − fetch`, `${more.toFixed(1)} µs`, '< 8 µs', more < 8)
    }
    const rates = subjects.map(({ name }) => ({ name, rate: perSecond(of(name, 'token')) || 0 }))
    const best = rates.filter(({ name }) => !OURS.includes(name)).reduce((a, b) => (b.rate > a.rate ? b : a))
    const own = perSecond(of(AUTH_FETCH, 'token'))
    const value = `${rough(own)}/s; of the peers ${best.name}: ${rough(best.rate)}/s`
    judge(`${engine}: getAccessToken()`, value, '≥ 1 M/s, first', own >= 1_000_000 && own > best.rate)
    for (const each of cases) {
      const cpu = (name: string): readonly number[] => stampedes.get(name)?.get(each)?.cpu ?? []
      const title = `${engine}: ${each.count.toLocaleString('en')} ${each.name}, auth.http ÷ ky + shared promise`
      compare(title, ratioOf(cpu(AUTH_HTTP), cpu(SHARED)), 1.1)
    }
    for (const name of OURS) {
      const [few, many] = [EXPIRED, MANY].map((each) => stampedes.get(name)?.get(each)?.cpu)
      if (!few || !many) continue
      const growth = median(many) / median(few)
      judge(`${engine}: ${name}, 10,000 ÷ 1,000 expired`, figure(growth), 'about 10, < 20', growth < 20)
    }
  }
  const byHand = coldStarts.get(BY_HAND) ?? []
  const noise = ratioOf(coldStarts.get(BY_HAND_AGAIN) ?? [], byHand)
  for (const [name, starts] of coldStarts) {
    if (name === BY_HAND || name === BY_HAND_AGAIN) continue
    compare(`cold start, ${name} ÷ ${BY_HAND}`, ratioOf(starts, byHand), 1.15, noise)
  }
  return table(['', 'median (p10–p90)', 'bar', ''], rows)
}

/** What those were told who got no answer, in their library's own words. */
export function reasonList({ engines }: Figures): string {
  const lines = engines.flatMap(({ name: engine, stampedes }) =>
    [...stampedes].flatMap(([name, outcomes]) =>
      [...outcomes].flatMap(([{ count, name: what }, { toll }]) =>
        toll.reason
          ? [`- ${name}, ${count.toLocaleString('en')} ${what}, ${engine.replace(/ .*/, '')}: ${toll.reason}`]
          : [],
      ),
    ),
  )
  return lines.join('\n')
}
