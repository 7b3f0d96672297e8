import { turn } from './turn.js'

/** The requests that are being answered, and those whose answer is late on purpose. */
export type RequestsInHand = ReturnType<typeof createRequestsInHand>

/** A request in hand. */
export interface Held {
  /** What it is called where nothing answers it. */
  name: string
  /** Says that it will never end. */
  readonly giveUp: () => void
}

/** How long it is quiet when all is over: an answer is read in a few turns, and may cause the next request. */
const QUIET = 20
/** How long nothing may be answered, in milliseconds. */
const PATIENCE = 2000
/** Of the real clock, as long as no fake one was there before this file. */
const { setTimeout: setRealTimeout, clearTimeout: clearRealTimeout } = globalThis

export function createRequestsInHand() {
  const inHand = new Set<Held>()
  const timers = new Set<unknown>()
  let waiting: (() => void)[] = []

  const leave = (one: Held): void => {
    inHand.delete(one)
    for (const resolve of waiting) resolve()
    waiting = []
  }

  /** Resolves when the next one leaves. */
  const nextToLeave = async (): Promise<void> => {
    let timer: unknown
    const tooLate = new Promise<never>((_, reject) => {
      timer = setRealTimeout(() => {
        const names = [...inHand].map(({ name }) => name).join('; ')
        reject(
          new Error(`\`settled\` waited 2 s, and still in hand is ${names}. Let its time pass, or call \`reset\`.`),
        )
      }, PATIENCE)
    })
    const left = new Promise<void>((resolve) => waiting.push(resolve))
    await Promise.race([left, tooLate]).finally(() => clearRealTimeout(timer as number))
  }

  return {
    /** Runs `work`, and counts it as long as it lasts. */
    async run<T>(work: (held: Held) => Promise<T>): Promise<T> {
      const one: Held = { name: 'a request', giveUp: () => leave(one) }
      inHand.add(one)
      try {
        return await work(one)
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
    /**
     * Resolves when nothing is in hand any more, and what was answered has been read.
     *
     * @throws an `Error` if nothing in hand is answered for 2 s
     */
    async settled(): Promise<void> {
      for (let turns = 0; turns < QUIET; turns += 1) {
        while (inHand.size > 0) {
          await nextToLeave()
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
