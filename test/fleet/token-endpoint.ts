/** What the token endpoint does, and what it is asked to do in each second. */

/** What becomes of a call; with a status, that is the answer. */
export type Fate = 'tokens' | 'silence' | { readonly status: number; readonly retryAfter?: string }

/** A time in which the auth server fails. */
export interface Outage {
  readonly from: number
  readonly until: number
  /** What callers get: an error at once, or nothing. */
  readonly fate: Exclude<Fate, 'tokens'>
  /** How many calls a second it can answer from then on, on average over `span` seconds, and what the others get. */
  readonly capacity: number
  readonly span: number
  readonly excess: Exclude<Fate, 'tokens' | 'silence'>
}

const SECOND = 1000

export class TokenEndpoint {
  /** The calls of each second. */
  readonly calls: Uint32Array
  readonly #outage: Outage | undefined
  readonly #accepted: Uint32Array

  /** Until `end`, in milliseconds; `calls`: what it was asked before. */
  constructor(end: number, outage?: Outage, calls?: Uint32Array) {
    this.calls = calls?.slice() ?? new Uint32Array(Math.ceil(end / SECOND))
    this.#accepted = new Uint32Array(this.calls.length)
    this.#outage = outage
  }

  take(at: number): Fate {
    const second = Math.floor(at / SECOND)
    this.calls[second] = (this.calls[second] as number) + 1
    if (!this.#outage || at < this.#outage.from) return 'tokens'
    if (at < this.#outage.until) return this.#outage.fate
    const { capacity, span, excess } = this.#outage
    const slot = Math.floor(second / span)
    const accepted = this.#accepted[slot] as number
    if (accepted >= capacity * span) return excess
    this.#accepted[slot] = accepted + 1
    return 'tokens'
  }
}
