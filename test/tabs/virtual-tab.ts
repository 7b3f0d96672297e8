import type { Environment, LifecycleEvent } from 'latchkey'
import { settle } from '../support/clock.ts'

/** The life of one tab: it can be told something, stand still with all that is on its way to it, or be gone. */
export type TabLife = ReturnType<typeof createTabLife>

export function createTabLife() {
  let sleep: PromiseWithResolvers<void> | undefined
  let isGone = false
  let isOnline = true
  const timers = new Set<unknown>()
  const missed: (() => void)[] = []
  const listeners = new Set<(event: LifecycleEvent) => void>()
  const onGone = new Set<() => void>()

  const environment: Pick<Environment, 'timers' | 'lifecycle'> = {
    timers: {
      set(callback, delay) {
        const timer = setTimeout(() => {
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
        clearTimeout(timer as NodeJS.Timeout)
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
      sleep ??= Promise.withResolvers()
    },
    /** It goes on: first what came from outside, then the timers that should have rung. */
    async thaw(): Promise<void> {
      sleep?.resolve()
      sleep = undefined
      await settle()
      for (const ring of missed.splice(0)) ring()
      await settle()
    },
    /** The tab is gone without a word. */
    crash(): void {
      sleep ??= Promise.withResolvers()
      isGone = true
      for (const timer of timers) clearTimeout(timer as NodeJS.Timeout)
      for (const listener of onGone) listener()
    },
    /** Calls `listener` when the tab is gone. */
    whenGone: (listener: () => void) => void onGone.add(listener),
  }
}
