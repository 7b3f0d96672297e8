import { describe, expect, it } from 'vitest'
import { Fleet, type FleetSettings } from './fleet.ts'
import { type Outage, TokenEndpoint } from './token-endpoint.ts'
import { type Record, replay } from './whole-clients.ts'

const MINUTE = 60_000
const LIFETIME = 15 * MINUTE
const OUTAGE_AT = 2 * LIFETIME
const RETURN_AT = OUTAGE_AT + 10 * MINUTE
const SETTINGS: FleetSettings = {
  clients: 100,
  lifetime: LIFETIME,
  waiting: 0.2,
  seed: 7,
  end: RETURN_AT + 20 * MINUTE,
}
const OUTAGE: Outage = {
  from: OUTAGE_AT,
  until: RETURN_AT,
  fate: { status: 503 },
  capacity: Number.POSITIVE_INFINITY,
  span: 60,
  excess: { status: 503 },
}

/** The same morning, outage and deploy for simulated clients and for whole ones. */
async function compare(changes: Partial<Outage>, reloadAt: number) {
  const outage = { ...OUTAGE, ...changes }
  const fleet = new Fleet(SETTINGS, undefined, outage)
  const records: Record[] = []
  fleet.onDeed = (deed, client, at) => records.push({ deed, client, at })
  fleet.arrive(0, MINUTE)
  fleet.needTokens(OUTAGE_AT, RETURN_AT + 5 * MINUTE)
  fleet.run(reloadAt)
  fleet.arrive(reloadAt, MINUTE)
  fleet.run(SETTINGS.end)
  const simulated: number[][] = Array.from({ length: SETTINGS.clients }, () => [])
  for (const { deed, client, at } of records) if (deed === 'call') simulated[client]?.push(at)
  const whole = await replay(SETTINGS, records, new TokenEndpoint(SETTINGS.end, outage))
  for (const calls of simulated) calls.sort((one, other) => one - other)
  return { simulated, whole: whole.calls, signedOut: [fleet.signedOut, whole.signedOut], lost: fleet.lost }
}

/** The longest time between a call of a simulated client and that of the whole one. */
function farthest(simulated: readonly number[][], whole: readonly number[][]): number {
  return Math.max(
    ...simulated.flatMap((moments, name) => moments.map((at, index) => Math.abs(at - (whole[name]?.[index] ?? 0)))),
  )
}

const countsOf = (moments: readonly number[][]): number[] => moments.map(({ length }) => length)
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)

describe('a simulated client calls when a whole AuthClient would', () => {
  it('to a tenth of a second, in a morning, an outage with errors, and a deploy in calm', async () => {
    const { simulated, whole, signedOut } = await compare({}, RETURN_AT + 10 * MINUTE)

    expect(countsOf(simulated)).toEqual(countsOf(whole))
    expect(sumOf(countsOf(whole))).toBeGreaterThan(800)
    expect(farthest(simulated, whole)).toBeLessThan(100)
    expect(signedOut).toEqual([0, 0])
  })

  it('to a tenth of a second, in an outage with Retry-After, and a deploy at the return', async () => {
    const fate = { status: 429, retryAfter: '60' }
    const { simulated, whole, signedOut } = await compare({ fate }, RETURN_AT)

    expect(countsOf(simulated)).toEqual(countsOf(whole))
    expect(farthest(simulated, whole)).toBeLessThan(100)
    expect(signedOut).toEqual([0, 0])
  })

  it('to a tenth of a second, in an outage in which the server says nothing', async () => {
    const { simulated, whole } = await compare({ fate: 'silence' }, RETURN_AT + 10 * MINUTE)

    expect(countsOf(simulated)).toEqual(countsOf(whole))
    expect(farthest(simulated, whole)).toBeLessThan(100)
  })

  it('as often, where the server that is back cannot answer all', async () => {
    const { simulated, whole, lost } = await compare({ capacity: 0.25 }, RETURN_AT + 10 * MINUTE)

    const [ours, theirs] = [countsOf(simulated), countsOf(whole)]
    expect(Math.abs(sumOf(ours) / sumOf(theirs) - 1)).toBeLessThan(0.03)
    const squares = [ours, theirs].map((counts) => sumOf(counts.map((count) => count * count)))
    expect(Math.abs((squares[0] ?? 0) / (squares[1] ?? 1) - 1)).toBeLessThan(0.05)
    expect(lost).toBe(0)
  })
})
