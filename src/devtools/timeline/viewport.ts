/** Which stretch of time is in sight. */
export interface Viewport {
  /** How much of it, in milliseconds. */
  readonly range: number
  /** Whether it moves along with the time. */
  readonly follows: boolean
  /** The moment at its left edge. */
  start(now: number): number
  /** Shows `factor` times as much; around the moment at this share of the width, and there it stays. */
  zoom(now: number, factor: number, around?: number): void
  /** Moves by this share of the width, to the right; to come near to now is to follow it. */
  pan(now: number, by: number): void
  follow(): void
  /** Looks at this moment. */
  show(at: number): void
  /** Makes room for a token of this lifetime, unless somebody has zoomed. */
  fit(lifetime: number): void
}

/** Of the width: the past to its left, what is still to come to its right. */
export const NOW_AT = 0.7
const NEAR = 0.05 // time goes on while one looks back
const SHORTEST = 250
const LONGEST = 48 * 3_600_000
const FIRST = [16_000, 120_000, 1_200_000] as const

/** Begins with the last minutes, and now. */
export function createViewport(): Viewport {
  let range: number = FIRST[1]
  let pinned: number | undefined
  let isChosen = false

  const viewport: Viewport = {
    get range() {
      return range
    },
    get follows() {
      return pinned === undefined
    },
    start: (now) => pinned ?? now - NOW_AT * range,
    zoom(now, factor, around) {
      const share = around ?? (pinned === undefined ? NOW_AT : 0.5)
      const at = viewport.start(now) + share * range
      isChosen = true
      range = Math.min(LONGEST, Math.max(SHORTEST, range * factor))
      if (pinned !== undefined || around !== undefined) pinned = at - share * range
    },
    pan(now, by) {
      pinned = viewport.start(now) + by * range
      if (pinned >= now - (NOW_AT + NEAR) * range) pinned = undefined
    },
    follow() {
      pinned = undefined
    },
    show(at) {
      pinned = at - 0.5 * range
    },
    fit(lifetime) {
      if (!isChosen) range = Math.min(FIRST[2], Math.max(FIRST[0], 4 * lifetime))
    },
  }
  return viewport
}

/** The moments to write on the axis, some `room` pixels apart. */
export function axisMoments(from: number, to: number, pixelsPerMs: number, room: number): number[] {
  const least = room / pixelsPerMs
  const step = STEPS.find((each) => each >= least) ?? 86_400_000
  const moments: number[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) moments.push(at)
  return moments
}

const STEPS = [
  50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
  7_200_000, 14_400_000, 43_200_000,
]
