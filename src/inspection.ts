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

/** Where a client keeps its {@link Inspection}: one symbol in all copies of the package, and not enumerable. */
export const INSPECTION: unique symbol = Symbol.for('latchkey.inspection')

/** What `client` lets see; `undefined` for anything that is no client of this package. */
export function inspect<User>(client: object): Inspection<User> | undefined {
  return (client as { [INSPECTION]?: Inspection<User> })[INSPECTION]
}
