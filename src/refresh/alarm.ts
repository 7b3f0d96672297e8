import type { Environment } from '../environment.js'

/** One timer, set anew as often as needed. */
export interface Alarm {
  /** Rings in `delay` milliseconds, instead of when it was set to; never, if that is infinite. */
  set(delay: number): void
  clear(): void
}

/** Browsers keep delays in 32 bits: a longer one would ring at once. */
const LONGEST = 2 ** 31 - 1

/** Creates an alarm that calls `ring`. */
export function createAlarm({ timers }: Environment, ring: () => void): Alarm {
  let timer: unknown
  const clear = (): void => {
    if (timer !== undefined) timers.clear(timer)
    timer = undefined
  }
  return {
    clear,
    set(delay) {
      clear()
      if (delay < Number.POSITIVE_INFINITY) {
        timer = timers.set(() => {
          timer = undefined
          ring()
        }, Math.min(Math.max(0, delay), LONGEST))
      }
    },
  }
}
