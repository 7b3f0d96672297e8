/** A clock that can be put ahead: libraries take expired tokens for what they are, and nobody has to wait for it. */
import type { Environment } from 'latchkey'

const RealDate = Date
let ahead = 0

class ShiftedDate extends RealDate {
  constructor(...parts: [] | [value: number | string | Date]) {
    super(...((parts.length ? parts : [RealDate.now() + ahead]) as [number]))
  }
  static override now(): number {
    return RealDate.now() + ahead
  }
}

let isInstalled = false

export const clock = {
  /** Replaces `Date`; to be called before a library is imported, and not where times are measured. */
  install: (): void => {
    globalThis.Date = ShiftedDate as DateConstructor
    isInstalled = true
  },
  advance: (milliseconds: number): void => {
    ahead += milliseconds
  },
  /** For Latchkey, which looks at a clock that nobody can set, too. */
  environment: (): Partial<Environment> =>
    isInstalled ? { clock: { now: () => Date.now(), monotonic: () => performance.now() + ahead } } : {},
}
