import { describe, expect, it } from 'vitest'
import { axisMoments, createViewport, NOW_AT } from '../../src/devtools/timeline/viewport.ts'
import { NOW } from './records.ts'

describe('the viewport', () => {
  it('follows now, with room for what is still to come', () => {
    const viewport = createViewport()

    expect(viewport.follows).toBe(true)
    expect(viewport.start(NOW)).toBe(NOW - NOW_AT * viewport.range)
    expect(viewport.start(NOW + 1000)).toBe(viewport.start(NOW) + 1000)
  })

  it('makes room for four lives of a token, until somebody zooms', () => {
    const viewport = createViewport()
    viewport.fit(30_000)
    expect(viewport.range).toBe(120_000)
    viewport.fit(1000)
    expect(viewport.range).toBe(16_000)
    viewport.fit(86_400_000)
    expect(viewport.range).toBe(1_200_000)

    viewport.zoom(NOW, 0.5)
    viewport.fit(30_000)

    expect(viewport.range).toBe(600_000)
  })

  it('keeps the moment under the pointer where it is', () => {
    const viewport = createViewport()
    const at = viewport.start(NOW) + 0.25 * viewport.range

    viewport.zoom(NOW, 0.5, 0.25)

    expect(viewport.follows).toBe(false)
    expect(viewport.start(NOW) + 0.25 * viewport.range).toBeCloseTo(at)
    expect(viewport.start(NOW + 5000)).toBe(viewport.start(NOW))
  })

  it('zooms around its middle once it follows no more, and no further than makes sense', () => {
    const viewport = createViewport()
    viewport.show(NOW - 60_000)
    for (let times = 0; times < 50; times += 1) viewport.zoom(NOW, 0.5)
    expect(viewport.range).toBe(250)
    expect(viewport.start(NOW)).toBeCloseTo(NOW - 60_000 - 125)

    for (let times = 0; times < 50; times += 1) viewport.zoom(NOW, 2)
    expect(viewport.range).toBe(48 * 3_600_000)
  })

  it('moves to what was, and follows again where that leads to now', () => {
    const viewport = createViewport()
    viewport.pan(NOW, -0.5)
    expect(viewport.start(NOW)).toBe(NOW - (NOW_AT + 0.5) * viewport.range)
    expect(viewport.follows).toBe(false)

    viewport.pan(NOW, 0.6)
    expect(viewport.follows).toBe(true)

    viewport.show(NOW - 1000)
    viewport.follow()
    expect(viewport.follows).toBe(true)
  })
})

describe('the axis', () => {
  it.each([
    [60_000, 800, 10_000],
    [600_000, 800, 120_000],
    [500, 800, 100],
    [30 * 86_400_000, 800, 86_400_000],
  ])('over %i ms in %i pixels has a label each %i ms', (range, width, step) => {
    const moments = axisMoments(NOW, NOW + range, width / range, 96)

    expect(moments[0]).toBe(Math.ceil(NOW / step) * step)
    expect((moments[1] ?? 0) - (moments[0] ?? 0)).toBe(step)
  })
})
