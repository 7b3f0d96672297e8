import { onTestFinished, vi } from 'vitest'

const { setImmediate } = globalThis

/** The moment at which faked time begins. */
export const START = Date.UTC(2026, 0, 1)

/** Stops the wall clock, the monotonic clock and the timers for one test; {@link pass} moves them. */
export function stopTime(now: number = START): void {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'], now })
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

/** Lets `milliseconds` of stopped time pass, and the network do what it can without time. */
export async function pass(milliseconds = 0): Promise<void> {
  await settle()
  await vi.advanceTimersByTimeAsync(milliseconds)
  await settle()
}

/** Lets everything happen that waits for no timer. */
export async function settle(turns = 15): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Moves the wall clock alone, as somebody who sets the clock does. */
export function setClock(by: number): void {
  vi.setSystemTime(Date.now() + by)
}

/** What became of `promise` so far; never rejects, so that a promise under watch is no unhandled rejection. */
export function watch<T>(promise: Promise<T>): Outcome<T> {
  const outcome: Outcome<T> = { status: 'pending', value: undefined, error: undefined }
  promise.then(
    (value) => Object.assign(outcome, { status: 'fulfilled', value }),
    (error: unknown) => Object.assign(outcome, { status: 'rejected', error }),
  )
  return outcome
}

export interface Outcome<T> {
  status: 'pending' | 'fulfilled' | 'rejected'
  value: T | undefined
  error: unknown
}
