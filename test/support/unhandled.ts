import { onTestFinished } from 'vitest'

/** The rejections that nobody handles, from now until the test is over; vitest fails the run for each, too. */
export function watchUnhandled(): readonly unknown[] {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  return unhandled
}
