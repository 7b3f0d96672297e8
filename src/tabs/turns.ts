import { type Environment, type Locks, unlessAborted } from '../environment.js'
import type { Trace } from '../trace.js'

/** One at a time in all tabs, for as long as a call to the server takes. */
export interface Turns {
  /**
   * Does `work` when it is this tab's turn. `isMine` tells later whether it still is: the lock is let go when the page is
   * left, and stolen from a page that is frozen. `began` tells when whoever has the turn began an attempt, if it did: a
   * lock that has changed hands while this tab waited is not to be stolen from who got it last.
   */
  take<T>(
    name: string,
    work: (isMine: () => boolean) => Promise<T>,
    began: () => Promise<number | undefined>,
  ): Promise<T>
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
const SLACK = 2000

export function createTurns({ environment, refresh, trace, life }: TurnsParts): Turns {
  const { locks, timers, clock } = environment
  /** Aborted when the page is left; a new one when it is back. */
  let stay = new AbortController()
  let away = Promise.resolve()
  let endAway = (): void => undefined
  let isNoted = false

  /** One request for the lock: what `work` came to, or `undefined` if the lock did not come in time. */
  const ask = async <T>(
    name: string,
    work: (isMine: () => boolean) => Promise<T>,
    isTheft: boolean,
  ): Promise<{ value: T } | undefined> => {
    const { signal: left } = stay
    const patience = new AbortController()
    const signal = AbortSignal.any([patience.signal, left, life])
    const timer = timers.set(() => patience.abort(), ASK_AGAIN)
    // Two thieves may come in one moment: what a thief finds there, it believes to be alive.
    let isMine = !isTheft
    let done: Promise<T> | undefined
    try {
      await (locks as Locks).request(name, isTheft ? { steal: true } : { signal }, async () => {
        // It was given in the moment in which it was given up.
        if (signal.aborted) return
        timers.clear(timer)
        done = work(() => isMine && !left.aborted)
        await unlessAborted(done, left)
      })
    } catch {
      // Stolen: the ledger sees to it that nothing late counts. Or missing: it keeps tabs apart alone.
      isMine = false
      if (!done && !signal.aborted) {
        if (!isNoted) trace.add('alone', 'Web Locks are missing: the ledger alone keeps tabs apart.')
        isNoted = true
        done = work(() => false)
      }
    }
    timers.clear(timer)
    // Somebody may still listen to `signal`: unless it is aborted, it lives as long as the client.
    patience.abort()
    return done && { value: await done }
  }

  return {
    get isAway() {
      return stay.signal.aborted
    },
    async take(name, work, began) {
      const patience = refresh.timeout + SLACK
      const since = clock.monotonic()
      let isTheft = false
      for (;;) {
        life.throwIfAborted()
        await unlessAborted(away, life)
        const done = await ask(name, work, isTheft)
        if (done) return done.value
        isTheft = clock.monotonic() - since >= patience && clock.now() - ((await began()) ?? 0) >= patience
      }
    },
    letGo() {
      if (stay.signal.aborted) return
      stay.abort()
      away = new Promise((resolve) => {
        endAway = resolve
      })
    },
    comeBack() {
      if (!stay.signal.aborted) return
      stay = new AbortController()
      endAway()
    },
  }
}
