import type { Settings } from './options.js'
import type { Schedule } from './refresh/schedule.js'
import type { Keeper } from './session/keeper.js'

/** What `latchkey/devtools` and `latchkey/testing` may see and touch of a client; apps have no business here. */
export interface Inspection<User = unknown> {
  /** The options with every gap filled; what is put into `wire.fetch` sends the requests from then on. */
  readonly settings: Settings<never, User>
  readonly keeper: Keeper<User>
  readonly schedule: Schedule
  /** Tells the listeners what has been queued. */
  readonly flush: () => void
}

/** What a client is known by: a method of its own, which is the same behind a proxy and on a copy. */
interface Inspected {
  readonly explain: () => unknown
}

/** Here rather than on the client, where any script that gets hold of it could read the refresh token. */
const inspections = new WeakMap<object, Inspection<never>>()

/** Lets `client` be inspected. */
export function allowInspection<User>(client: Inspected, inspection: Inspection<User>): void {
  inspections.set(client.explain, inspection as unknown as Inspection<never>)
}

/** What `client` lets see; `undefined` for anything that is no client of this copy of the package. */
export function inspect<User>(client: object): Inspection<User> | undefined {
  const { explain } = client as Partial<Inspected>
  return explain && (inspections.get(explain) as unknown as Inspection<User> | undefined)
}
