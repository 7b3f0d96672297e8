import { type Environment, type Locks, unlessAborted } from '../environment.js'
import type { Trace } from '../trace.js'

/** One at a time in all tabs, for as long as a call to the server takes. */
export interface Turns {
  /**
   * Does `work` when it is this tab's turn. `isMine` tells later whether it still is: the lock is let go when the page is
   * left, and stolen from a page that is frozen. `untilStale` tells how long whoever has the turn is to be believed.
   */
  take<T>(name: string, work: (isMine: () => boolean) => Promise<T>, untilStale: () => Promise<number>): Promise<T>
  /** Whether the page is being left, or frozen. */
  readonly isAway: boolean
  /** The page is left, or frozen: lets go, since a page in the back/forward cache would keep its lock. */
  letGo(): void
  /** The page is back. */
  comeBack(): void
}

/** What turns are made of. */
export interface TurnsParts {
  readonly environment: Environment
  readonly refresh: { readonly timeout: number }
  readonly trace: Trace
  readonly life: AbortSignal
}

/** In Chromium a queue for a lock can get stuck when its holder enters the back/forward cache: whoever waits asks again. */
const ASK_AGAIN = 2000
/** An attempt has its deadline; a tab that holds its lock for longer than that and this is frozen. */
export const SLACK = 2000

export function createTurns({ environment, refresh, trace, life }: TurnsParts): Turns {
  const { locks, timers, clock } = environment
  /** What to do when the page is left. */
  const leaving = new Set<() => void>()
  let away: Promise<void> | undefined
  let comeBack: (() => void) | undefined
  let isNoted = false

  /** One request for the lock: what `work` came to, or `undefined` if the lock did not come in time. */
  const ask = <T>(
    name: string,
    work: (isMine: () => boolean) => Promise<T>,
    isTheft: boolean,
  ): Promise<{ value: T } | undefined> =>
    new Promise((resolve, reject) => {
      let state: 'waiting' | 'mine' | 'lost' = 'waiting'
      let release: (() => void) | undefined
      const waiting = new AbortController()
      const giveUp = (): void => {
        if (state === 'waiting') waiting.abort()
      }
      const stop = (): void => {
        giveUp()
        if (state !== 'waiting') state = 'lost'
        release?.()
      }
      const timer = isTheft ? undefined : timers.set(giveUp, ASK_AGAIN)
      leaving.add(stop)
      life.addEventListener('abort', giveUp)
      const stopWaiting = (): void => {
        timers.clear(timer)
        life.removeEventListener('abort', giveUp)
      }
      const quit = (): void => {
        stopWaiting()
        leaving.delete(stop)
        resolve(undefined)
      }
      const run = async (next: 'mine' | 'lost'): Promise<void> => {
        state = next
        stopWaiting()
        await work(() => state === 'mine').then((value) => resolve({ value }), reject)
        leaving.delete(stop)
      }
      const hold = async (): Promise<void> => {
        // It was given in the moment in which it was given up.
        if (waiting.signal.aborted) return quit()
        const released = new Promise<void>((done) => {
          release = done
        })
        // Two thieves may come in one moment: what a thief finds there, it believes to be alive.
        await Promise.race([run(isTheft ? 'lost' : 'mine'), released])
      }
      const request = async (): Promise<unknown> =>
        (locks as Locks).request(name, isTheft ? { steal: true } : { signal: waiting.signal }, hold)
      request().catch(() => {
        if (state !== 'waiting') {
          // Stolen: the ledger sees to it that nothing late counts.
          state = 'lost'
        } else if (waiting.signal.aborted) {
          quit()
        } else {
          if (!isNoted) trace.add('alone', 'Web Locks are missing: the ledger alone keeps tabs apart.')
          isNoted = true
          void run('lost')
        }
      })
    })

  return {
    get isAway() {
      return away !== undefined
    },
    async take(name, work, untilStale) {
      const since = clock.monotonic()
      let isTheft = false
      for (;;) {
        life.throwIfAborted()
        if (away) await unlessAborted(away, life)
        const done = await ask(name, work, isTheft)
        if (done) return done.value
        isTheft = clock.monotonic() - since >= refresh.timeout + SLACK && (await untilStale()) <= 0
      }
    },
    letGo() {
      away ??= new Promise((resolve) => {
        comeBack = resolve
      })
      for (const stop of [...leaving]) stop()
    },
    comeBack() {
      comeBack?.()
      away = undefined
    },
  }
}
