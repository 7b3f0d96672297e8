import { clockTime, s } from '../dom.js'
import type { TabRecord } from '../recording/record.js'
import { draw, type Item } from './draw.js'
import { axisMoments, type Viewport } from './viewport.js'

/** The drawing of the lanes; it moves by moving three groups, and is made anew only when something has changed. */
export interface Chart {
  readonly element: SVGSVGElement
  /** Oldest first. */
  readonly items: readonly Item[]
  /** Makes it anew with the next {@link Chart.move}. */
  invalidate(): void
  /** Shows the present moment. */
  move(now: number, tabs: readonly TabRecord[], own: TabRecord): void
}

const AXIS = 22
const ROOM = 96
const DRIFT = 24 // pixels: labels stay where they were drawn for so long

/** Makes the drawing; `width` tells its width in pixels. */
export function createChart(viewport: Viewport, width: () => number): Chart {
  const clip = s('rect', { height: 10_000 })
  const ground = s('rect', { class: 'ground', width: '100%', height: '100%' })
  const nowLine = s('path', { class: 'now-line' })
  const [axis, back, past, front, live, still] = ['axis', 'back', 'past', 'front', 'live', 'still'].map((name) =>
    s('g', { class: name }),
  ) as [SVGGElement, SVGGElement, SVGGElement, SVGGElement, SVGGElement, SVGGElement]
  const element = s(
    'svg',
    { 'aria-hidden': 'true' },
    s(
      'defs',
      {},
      stripes('window', 45),
      stripes('stale', 45),
      stripes('pause', -45),
      s(
        'marker',
        { id: 'lk-arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: 'auto' },
        s('path', { class: 'head', d: 'M0 0L8 4L0 8z' }),
      ),
      s('clipPath', { id: 'lk-past' }, clip),
    ),
    ground,
    axis,
    back,
    s('g', { 'clip-path': 'url(#lk-past)' }, past),
    nowLine,
    front,
    live,
    still,
  )
  let items: readonly Item[] = []
  let zero = 0
  let drawnWidth = 0
  let drawnRange = 0
  let isStale = true

  const redraw = (now: number, tabs: readonly TabRecord[], own: TabRecord): void => {
    const wide = drawnWidth
    zero = viewport.start(now)
    const pixelsPerMs = wide / viewport.range
    const picture = draw(tabs, own, { zero, pixelsPerMs, width: wide, now })
    const height = picture.height + AXIS
    items = picture.items
    back.replaceChildren(...picture.back)
    past.replaceChildren(...picture.past)
    front.replaceChildren(...picture.front)
    live.replaceChildren(...picture.now)
    still.replaceChildren(...picture.still)
    const moments = axisMoments(zero - ROOM / pixelsPerMs, zero + viewport.range * 1.2, pixelsPerMs, ROOM)
    axis.replaceChildren(...moments.flatMap((at) => tick(at, Math.round((at - zero) * pixelsPerMs), height)))
    element.setAttribute('viewBox', `0 0 ${wide} ${height}`)
    element.setAttribute('height', String(height))
    nowLine.setAttribute('d', `M0 0V${picture.height}`)
  }

  const tick = (at: number, x: number, height: number): SVGElement[] => {
    const isFine = viewport.range < 8000
    const text = isFine ? `${clockTime(at)}.${String(at % 1000).padStart(3, '0')}` : clockTime(at)
    return [
      s('line', { class: 'tick', x1: x, x2: x, y1: 0, y2: height }),
      s('text', { class: 'tick-text', x: x + 4, y: height - 7 }, text),
    ]
  }

  return {
    element,
    get items() {
      return items
    },
    invalidate() {
      isStale = true
    },
    move(now, tabs, own) {
      const wide = width()
      if (wide <= 0) return
      const pixelsPerMs = wide / viewport.range
      const start = viewport.start(now)
      const isMoved = Math.abs(start - zero) * pixelsPerMs > DRIFT
      if (isStale || isMoved || wide !== drawnWidth || drawnRange !== viewport.range) {
        isStale = false
        drawnWidth = wide
        drawnRange = viewport.range
        redraw(now, tabs, own)
      }
      const drift = `translate(${((zero - start) * pixelsPerMs).toFixed(2)} 0)`
      for (const group of [axis, back, past, front]) group.setAttribute('transform', drift)
      const present = ((now - start) * pixelsPerMs).toFixed(2)
      for (const group of [live, nowLine]) group.setAttribute('transform', `translate(${present} 0)`)
      clip.setAttribute('width', String(Math.max(0, Number(present))))
    },
  }
}

function stripes(name: string, angle: number): SVGElement {
  return s(
    'pattern',
    { id: `lk-${name}`, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: `rotate(${angle})` },
    s('path', { class: `stripe-${name}`, d: 'M0 0V6', 'stroke-width': 5 }),
  )
}
