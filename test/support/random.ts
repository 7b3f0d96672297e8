/** Numbers that look random, and are the same in each run: Mulberry32. */

/** A source of numbers from 0 up to 1: the same seed, the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = stateAfter(state)
    return mix(state) / 2 ** 32
  }
}

export const stateAfter = (state: number): number => (state + 0x6d2b79f5) >>> 0

/** The 32 bits that a state stands for. */
export function mix(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return (mixed ^ (mixed >>> 14)) >>> 0
}
