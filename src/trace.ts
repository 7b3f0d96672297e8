import { isAuthError } from './errors.js'

/** One line of the answer to "why was I signed out?" and "why did this request carry no token?"; never a token. */
export interface TraceEntry {
  /** When, in epoch milliseconds. */
  readonly at: number
  /** What happened, in a word or two. */
  readonly what: string
  /** Why, in a sentence. */
  readonly why: string
  /** The generation of the session at that moment: 1 at the sign-in, and one more with each refresh. */
  readonly generation: number | undefined
  /** Which tab did it. */
  readonly origin: 'this-tab' | 'other-tab'
}

/** The last transitions, oldest first. */
export interface Trace {
  /** Notes a transition; of an error that is not ours no more than that there was one. */
  add(what: string, why: unknown, generation?: number, origin?: TraceEntry['origin']): void
  /** A copy of what was noted. */
  list(): readonly TraceEntry[]
}

const LENGTH = 50

/** Creates a trace of the last 50 transitions. */
export function createTrace(now: () => number): Trace {
  const entries: TraceEntry[] = []
  return {
    add(what, reason, generation, origin = 'this-tab') {
      const why = isAuthError(reason)
        ? reason.message
        : typeof reason === 'string'
          ? reason
          : 'It broke off, or took too long.'
      entries.push(Object.freeze({ at: now(), what, why, generation, origin }))
      if (entries.length > LENGTH) entries.shift()
    },
    list: () => [...entries],
  }
}
