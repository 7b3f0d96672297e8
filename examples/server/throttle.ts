/** Counts failures, and says when there were too many. */
export interface Throttle {
  /** How long a key has to wait, in milliseconds; 0 when it may try. */
  blockedFor(key: string): number
  fail(key: string): void
  forget(key: string): void
}

/** How many failures are let through in how many milliseconds. */
export interface ThrottleOptions {
  readonly failures: number
  readonly windowMs: number
  readonly now: () => number
}

/** Makes a throttle with a sliding window, in memory. */
export function createThrottle({ failures, windowMs, now }: ThrottleOptions): Throttle {
  const moments = new Map<string, number[]>()

  const recent = (key: string): number[] => (moments.get(key) ?? []).filter((at) => at > now() - windowMs)

  /** Keys are written anew at each failure, so the oldest come first. Strangers choose the keys: none may stay. */
  function forgetOld(): void {
    for (const key of moments.keys()) {
      if (recent(key).length > 0) return
      moments.delete(key)
    }
  }

  return {
    blockedFor(key) {
      const oldest = recent(key).at(-failures)
      return oldest === undefined ? 0 : oldest + windowMs - now()
    },
    fail(key) {
      forgetOld()
      const failed = [...recent(key), now()].slice(-failures)
      moments.delete(key)
      moments.set(key, failed)
    },
    forget(key) {
      moments.delete(key)
    },
  }
}
