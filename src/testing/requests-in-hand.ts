import { turn } from './turn.js'

/** The requests that are being answered, and those whose answer is late on purpose. */
export type RequestsInHand = ReturnType<typeof createRequestsInHand>

/** How long it is quiet when all is over: an answer is read in a few turns, and may cause the next request. */
const QUIET = 20

export function createRequestsInHand() {
  const inHand = new Set<object>()
  const timers = new Set<unknown>()
  let waiting: (() => void)[] = []

  const leave = (one: object): void => {
    inHand.delete(one)
    if (inHand.size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  return {
    /** Runs `work`, and counts it as long as it lasts; `giveUp` says that it will never end. */
    async run<T>(work: (giveUp: () => void) => Promise<T>): Promise<T> {
      const one = {}
      inHand.add(one)
      try {
        return await work(() => leave(one))
      } finally {
        leave(one)
      }
    },
    /** Resolves in so many milliseconds, unless all is forgotten before. */
    pause: (milliseconds: number): Promise<void> =>
      new Promise((resolve) => {
        const timer: unknown = setTimeout(() => {
          timers.delete(timer)
          resolve()
        }, milliseconds)
        timers.add(timer)
      }),
    /** Resolves when nothing is in hand any more, and what was answered has been read. */
    async settled(): Promise<void> {
      for (let turns = 0; turns < QUIET; turns += 1) {
        if (inHand.size > 0) {
          await new Promise<void>((resolve) => waiting.push(resolve))
          turns = 0
        }
        await turn()
      }
    },
    /** Forgets all: what is late never comes. */
    clear(): void {
      for (const timer of timers) clearTimeout(timer as number)
      timers.clear()
      for (const one of [...inHand]) leave(one)
    },
  }
}
