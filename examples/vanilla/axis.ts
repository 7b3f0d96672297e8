import { clockTime, h } from './dom.ts'

/** The time axis that tokens and tabs share: it moves, and what is placed on it moves along. */
export interface Axis {
  readonly element: HTMLElement
  /** How much of it is in sight, in milliseconds. */
  readonly range: number
  /** The moment at its left end. */
  start(now: number): number
  /** Makes room for a token with this lifetime. */
  fit(lifetime: number): void
  /** Moves it; to be called for each frame. */
  draw(now: number): void
}

const NOW_AT = 0.7 // of the width: the past to the left, what is still to come to the right
const SHORTEST_RANGE = 16_000
const ROOM_FOR_TICK = 105 // pixels
const zero = Date.now()

/**
 * Makes the axis of `root`.
 *
 * Positions are CSS variables in seconds, and style.css computes the rest: a frame sets two variables, and moves nothing.
 */
export function createAxis(root: HTMLElement): Axis {
  const element = h('div', { class: 'axis', 'aria-hidden': 'true' })
  let range = 4 * 30_000
  let drawnTicks = ''
  const start = (now: number) => now - NOW_AT * range

  return {
    element,
    get range() {
      return range
    },
    start,
    fit(lifetime) {
      range = Math.max(SHORTEST_RANGE, 4 * lifetime)
    },
    draw(now) {
      root.style.setProperty('--start', seconds(start(now)))
      root.style.setProperty('--range', String(range / 1000))
      root.style.setProperty('--now', seconds(now))
      drawTicks(start(now))
    },
  }

  /** Writes new labels only when one has come into view. */
  function drawTicks(from: number) {
    const step = niceStep(range / (root.clientWidth / ROOM_FOR_TICK))
    const first = Math.floor(from / step) * step
    if (drawnTicks === `${first} ${step}`) return
    drawnTicks = `${first} ${step}`
    const ticks: HTMLElement[] = []
    for (let at = first; at < from + range + step; at += step) {
      const tick = h('span', { class: 'tick' }, clockTime(at))
      tick.style.setProperty('--from', seconds(at))
      ticks.push(tick)
    }
    element.replaceChildren(...ticks)
  }
}

/** Puts something on a track: at a moment, or over a stretch of time. */
export function place(track: HTMLElement, className: string, from: number, to?: number): HTMLElement {
  const part = h('span', { class: className })
  part.style.setProperty('--from', seconds(from))
  if (to !== undefined) part.style.setProperty('--to', seconds(to))
  track.append(part)
  return part
}

/** A moment as the style sheet wants it. */
export function seconds(at: number): string {
  return ((at - zero) / 1000).toFixed(3)
}

function niceStep(atLeast: number): number {
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200]
  return (steps.find((step) => step * 1000 >= atLeast) ?? 86_400) * 1000
}
