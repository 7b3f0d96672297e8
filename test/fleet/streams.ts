import { mix, stateAfter } from '../support/random.ts'

/** A stream of random numbers for each client: the same seed, the same fleet, in whatever order its clients act. */
export class Streams {
  readonly #states: Uint32Array

  constructor(size: number, seed: number)
  constructor(original: Streams)
  constructor(from: number | Streams, seed = 0) {
    this.#states = typeof from === 'number' ? new Uint32Array(from) : from.#states.slice()
    if (typeof from === 'number') for (let name = 0; name < from; name += 1) this.#states[name] = seedOf(name, seed)
  }

  /** The next number of `name`, from 0 up to 1. */
  next(name: number): number {
    const state = stateAfter(this.#states[name] as number)
    this.#states[name] = state
    return mix(state) / 2 ** 32
  }
}

/** Where the stream of `name` begins: `seeded` goes the same way from there. */
export function seedOf(name: number, seed: number): number {
  return mix((Math.imul(name + 1, 0x9e3779b1) ^ mix(seed)) >>> 0)
}
