import fc from 'fast-check'

/** A command, and how many microtasks later the next one comes; as many as there are, if `undefined`. */
export interface Step<C> {
  readonly command: C
  readonly ticks: number | undefined
}

/** Walks that begin in a certain way, and then take up to `most` steps. */
export function stepsOf<C>(beginning: fc.Arbitrary<C[]>, command: fc.Arbitrary<C>, most: number) {
  const ticks = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(12) })
  const step: fc.Arbitrary<Step<C>> = fc.record({ command, ticks })
  return fc
    .tuple(beginning, fc.array(step, { maxLength: most, size: 'max' }))
    .map(([first, rest]): Step<C>[] => [...first.map((each) => ({ command: each, ticks: undefined })), ...rest])
}
