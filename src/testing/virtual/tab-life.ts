import type { Environment, LifecycleEvent } from '../../environment.js'

/** The life of one tab: it can be told something, stand still with all that is on its way to it, or be gone. */
export type TabLife = ReturnType<typeof createTabLife>

/** `arrived` lets all happen that came from outside while the tab stood still. */
export function createTabLife(arrived = (): Promise<void> => Promise.resolve()) {
  let sleep: Sleep | undefined
  let isGone = false
  let isOnline = true
  const timers = new Set<unknown>()
  const missed: (() => void)[] = []
  const listeners = new Set<(event: LifecycleEvent) => void>()
  const onGone = new Set<() => void>()

  const environment: Pick<Environment, 'timers' | 'lifecycle'> = {
    timers: {
      set(callback, delay) {
        const timer: unknown = setTimeout(() => {
          const ring = (): void => {
            if (timers.delete(timer)) callback()
          }
          if (sleep) missed.push(ring)
          else ring()
        }, delay)
        timers.add(timer)
        return timer
      },
      clear(timer) {
        timers.delete(timer)
        clearTimeout(timer as number)
      },
    },
    lifecycle: {
      isOnline: () => isOnline,
      listen(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
  }

  const emit = (event: LifecycleEvent): void => {
    for (const listener of [...listeners]) listener(event)
  }

  return {
    environment,
    /** Resolves when script runs in this tab: never again once it is gone. */
    async awake(): Promise<void> {
      while (sleep) await sleep.promise
    },
    get isGone() {
      return isGone
    },
    /**
     * A `fetch` of this tab: one that is gone sends nothing, one that is offline gets nowhere, and one that stands still
     * hears of no answer.
     */
    guard:
      (fetch: () => typeof globalThis.fetch): typeof globalThis.fetch =>
      async (input, init) => {
        if (isGone) return new Promise<never>(() => undefined)
        if (!isOnline) throw new TypeError('Failed to fetch')
        try {
          return await fetch()(input, init)
        } finally {
          while (sleep) await sleep.promise
        }
      },
    /** The timers that are set. */
    get timers() {
      return timers.size
    },
    get listeners() {
      return listeners.size
    },
    /** Tells the page what becomes of it. */
    emit,
    goOffline(): void {
      isOnline = false
    },
    goOnline(): void {
      isOnline = true
      emit('online')
    },
    /** The tab stands still, and nobody told it before. */
    freeze(): void {
      sleep ??= fallAsleep()
    },
    /** It goes on: first what came from outside, then the timers that should have rung. */
    async thaw(): Promise<void> {
      sleep?.resolve()
      sleep = undefined
      await arrived()
      for (const ring of missed.splice(0)) ring()
    },
    /** The tab is gone without a word. */
    crash(): void {
      sleep ??= fallAsleep()
      isGone = true
      for (const timer of timers) clearTimeout(timer as number)
      for (const listener of onGone) listener()
    },
    /** Calls `listener` when the tab is gone. */
    whenGone: (listener: () => void) => void onGone.add(listener),
  }
}

interface Sleep {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function fallAsleep(): Sleep {
  let resolve = (): void => undefined
  const promise = new Promise<void>((wake) => {
    resolve = wake
  })
  return { promise, resolve }
}
