/** Sends a fleet of Latchkey's clients through the course, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { Fleet } from './fleet.ts'
import {
  CAPACITY,
  CYCLES,
  countCalls,
  DEPLOY,
  type FleetSize,
  flatRate,
  MORNING,
  momentsOf,
  spanOf,
  TROUBLES,
} from './timeline.ts'
import type { Outage } from './token-endpoint.ts'

/** What became of a fleet in a trouble. */
export interface Ordeal {
  readonly calls: ArrayLike<number>
  /** Calls from the outage on, until all were back, for each that would have been made without it. */
  readonly amplification: number
  /** From the server's return until the last was back that had failed, in milliseconds. */
  readonly backAfter: number
  readonly signedOut: number
  /** How many have no live token in the end. */
  readonly lost: number
}

export interface Course {
  readonly size: FleetSize
  /** The calls of each second where nothing goes wrong. */
  readonly calls: ArrayLike<number>
  /** One for each of `TROUBLES`. */
  readonly ordeals: readonly Ordeal[]
}

/** The share of pages with a person before it, whose app needs a token every 15 s on average. */
const WAITING = 0.05

export function runCourse(size: FleetSize): Course {
  // Nobody reads the stacks of a million errors.
  Error.stackTraceLimit = 0
  const { lifetime } = size
  const { outageAt, returnAt, deployAt, end } = momentsOf(lifetime)
  const fleet = new Fleet({ ...size, waiting: WAITING, end })
  fleet.arrive(0, MORNING)
  fleet.run(CYCLES * lifetime)

  const ordeals = TROUBLES.map(({ outage, excess, deploy }) => {
    const fate = outage === 'errors' ? { status: 503 } : 'silence'
    const trouble: Outage = {
      from: outageAt,
      until: returnAt,
      fate,
      capacity: CAPACITY * flatRate(size),
      span: spanOf(size.clients),
      excess,
    }
    const troubled = new Fleet(fleet.settings, fleet, trouble)
    troubled.needTokens(outageAt, deployAt)
    if (deploy === 'in calm') troubled.arrive(deployAt, DEPLOY)
    if (deploy === 'at the return') troubled.arrive(returnAt, DEPLOY)
    troubled.run(deploy === 'in calm' ? end : deployAt)
    const { lastBackAt, lost, signedOut, endpoint } = troubled
    return { calls: endpoint.calls, backAt: lastBackAt, backAfter: lastBackAt - returnAt, lost, signedOut }
  })
  // Last, and without a copy: what would have been.
  fleet.run(end)
  const { calls } = fleet.endpoint
  const amplify = (troubled: ArrayLike<number>, until: number): number =>
    countCalls(troubled, outageAt, until) / countCalls(calls, outageAt, until)
  return {
    size,
    calls,
    ordeals: ordeals.map(({ backAt, ...ordeal }) => ({ ...ordeal, amplification: amplify(ordeal.calls, backAt) })),
  }
}

parentPort?.postMessage(runCourse(workerData as FleetSize))
