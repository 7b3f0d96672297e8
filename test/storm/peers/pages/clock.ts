import { worldUrl } from '../../pages/protocol.ts'

/**
 * A clock that can be put on, as it is after a night's sleep: the SDKs take no need, as Latchkey does, but renew a token
 * that has expired by the clock. To be imported before them.
 */
const RealDate = Date
const response = await fetch(`${worldUrl}/clock`)
let { ahead } = (await response.json()) as { ahead: number }

class ShiftedDate extends RealDate {
  constructor(...parts: [] | [value: number | string | Date]) {
    super(...((parts.length ? parts : [RealDate.now() + ahead]) as [number]))
  }
  static override now(): number {
    return RealDate.now() + ahead
  }
}
globalThis.Date = ShiftedDate as DateConstructor

/** Puts the clock so many milliseconds ahead of the real one. */
export function setClock(milliseconds: number): void {
  ahead = milliseconds
}
