import { h, setText } from '../dom.js'
import type { TabRecord } from '../recording/record.js'
import type { Inspected, View } from '../view.js'
import { createChart } from './chart.js'
import type { Item } from './draw.js'
import { download, drawingAsSvg, recordsAsJson } from './export.js'
import { createLegend } from './legend.js'
import { type Frames, followTime } from './time.js'
import { createViewport, NOW_AT } from './viewport.js'
import { nameOf, recordInWords } from './words.js'

const KEYS =
  'Arrow keys: earlier, later. + and −, or Ctrl and the wheel: zoom. 0: follow now. N and P: next and previous event.'
const ZOOM = 1.5
const STEP = 0.15
const SHIFT = 1 / 3 // of a pixel: what moves less, nobody sees
const SECOND = 1000
const TOLD = 250 // milliseconds between two changes of the list: it may be long

/** Tabs as lanes, tokens as bars, requests as ticks: drawn live, and told in sentences beside it. */
export function createTimeline({ inspection, recorder }: Inspected): View {
  const { now } = inspection.settings.environment.clock
  const viewport = createViewport()
  const surface = h('div', {
    class: 'chart',
    tabindex: 0,
    role: 'application',
    'aria-roledescription': 'timeline',
    'aria-label': 'Timeline of tabs, tokens and requests',
    'aria-describedby': 'keys',
  })
  const chart = createChart(viewport, () => surface.clientWidth)
  const empty = h('p', { class: 'empty' })
  surface.append(chart.element, empty)
  const detail = h('output', { class: 'detail', 'aria-live': 'polite' })
  const follow = button('Follow now', () => viewport.follow())
  const list = h('div', { class: 'lists' })
  const disclosure = h('details', { class: 'list' }, h('summary', {}, 'As a list'), list)
  const element = h(
    'section',
    { class: 'timeline', 'aria-label': 'Timeline' },
    h(
      'div',
      { class: 'tools' },
      button('−', () => zoom(ZOOM), 'Zoom out'),
      button('+', () => zoom(1 / ZOOM), 'Zoom in'),
      button('←', () => viewport.pan(now(), -STEP), 'Earlier'),
      button('→', () => viewport.pan(now(), STEP), 'Later'),
      follow,
      h('span', { class: 'gap' }),
      button('JSON', () => save('json'), 'Export as JSON'),
      button('SVG', () => save('svg'), 'Export as SVG'),
    ),
    surface,
    detail,
    createLegend(),
    disclosure,
    h('p', { class: 'keys', id: 'keys' }, KEYS),
  )
  let selected: Pick<Item, 'id' | 'at'> | undefined
  let fitted = 0
  let telling: ReturnType<typeof setTimeout> | undefined
  let dragging = new AbortController()

  const frames: Frames = followTime(surface, () => {
    const { own } = recorder
    fit(own)
    chart.move(now(), lanes(), own)
    mark()
    follow.setAttribute('aria-pressed', String(viewport.follows))
    setText(empty, own.generations.length + own.requests.length === 0 ? 'No token yet. Sign in, and watch.' : '')
    return Math.min(SECOND, (SHIFT * viewport.range) / Math.max(1, surface.clientWidth))
  })
  const off = recorder.subscribe(() => {
    redraw()
    // Not by frames: a tab in the background has none.
    if (disclosure.open) telling ??= setTimeout(tell, TOLD)
  })
  const redraw = (): void => {
    chart.invalidate()
    frames.request()
  }

  disclosure.addEventListener('toggle', tell)
  surface.addEventListener('keydown', press)
  surface.addEventListener('wheel', wheel, { passive: false })
  surface.addEventListener('pointerdown', drag)
  surface.addEventListener('click', ({ target }) => {
    const hit = chart.items.find((each) => each.element.contains(target as Node))
    if (hit) select(hit)
  })

  return {
    element,
    update: () => frames.request(),
    dispose() {
      off()
      frames.stop()
      clearTimeout(telling)
      dragging.abort()
    },
  }

  /** Workers first, then tabs; closed ones only as long as something of them is in sight. */
  function lanes(): readonly TabRecord[] {
    const since = viewport.start(now())
    return [recorder.own, ...recorder.others]
      .filter(({ closedAt, role, requests }) => {
        if (role === 'worker') return (requests.at(-1)?.startedAt ?? 0) > since
        return closedAt === undefined || closedAt > since
      })
      .sort((one, other) => one.number - other.number)
  }

  function fit({ generations }: TabRecord) {
    const last = generations.at(-1)
    if (!last || last.from === fitted || last.expiresAt === undefined) return
    fitted = last.from
    viewport.fit(last.expiresAt - last.from)
  }

  function select(item: Item | undefined) {
    if (!item) return
    selected = item
    mark()
    redraw()
  }

  function mark() {
    for (const { id, words, element } of chart.items) {
      element.classList.toggle('selected', id === selected?.id)
      // A request may have got its answer since.
      if (id === selected?.id) setText(detail, words)
    }
  }

  /** Goes to the event after, or before, the selected one, and shows it. */
  function step(by: 1 | -1) {
    const { items } = chart
    const at = selected?.at ?? now()
    const here = items.findIndex((each) => each.id === selected?.id)
    const near = by > 0 ? items.findIndex((each) => each.at > at) : items.findLastIndex((each) => each.at < at)
    const next = items[here < 0 ? near : here + by]
    if (!next) return
    const start = viewport.start(now())
    if (next.at < start || next.at > start + viewport.range) viewport.show(next.at)
    select(next)
  }

  /** Around the selected event, if that is in sight. */
  function zoom(factor: number) {
    const share = ((selected?.at ?? 0) - viewport.start(now())) / viewport.range
    viewport.zoom(now(), factor, share > 0 && share < 1 ? share : undefined)
  }

  function press(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = {
      ArrowLeft: () => viewport.pan(now(), -STEP),
      ArrowRight: () => viewport.pan(now(), STEP),
      '+': () => zoom(1 / ZOOM),
      '=': () => zoom(1 / ZOOM),
      '-': () => zoom(ZOOM),
      '0': () => viewport.follow(),
      End: () => viewport.follow(),
      Home: () => viewport.show(chart.items[0]?.at ?? now()),
      n: () => step(1),
      p: () => step(-1),
    }[event.key]
    if (!act) return
    event.preventDefault()
    act()
    redraw()
  }

  /** With Ctrl, as by two fingers, it zooms around the pointer; sideways, or with Shift, it moves. */
  function wheel(event: WheelEvent) {
    const { deltaX, deltaY, ctrlKey, shiftKey, clientX } = event
    const sideways = shiftKey ? deltaY || deltaX : deltaX
    if (!ctrlKey && !sideways) return
    event.preventDefault()
    const { left, width } = surface.getBoundingClientRect()
    const share = (clientX - left) / width
    const isAtNow = viewport.follows && Math.abs(share - NOW_AT) < 0.05
    if (ctrlKey) viewport.zoom(now(), Math.exp(deltaY / 300), isAtNow ? undefined : share)
    else viewport.pan(now(), sideways / width)
    redraw()
  }

  function drag(down: PointerEvent) {
    if (down.button !== 0) return
    let from = down.clientX
    dragging.abort()
    dragging = new AbortController()
    const move = ({ clientX, buttons }: PointerEvent): void => {
      // Let go, maybe where nobody could see it.
      if (buttons === 0) {
        dragging.abort()
        return
      }
      viewport.pan(now(), (from - clientX) / surface.clientWidth)
      from = clientX
      redraw()
    }
    // On the window: a drag may leave the chart.
    addEventListener('pointermove', move, { signal: dragging.signal })
  }

  function tell() {
    clearTimeout(telling)
    telling = undefined
    const all = lanes()
    fill(list, all.length, () => h('div', {}, h('h3'), h('ol')))
    all.forEach((tab, lane) => {
      const name = nameOf(tab, tab.id === recorder.own.id)
      const [head, lines] = (list.children[lane]?.children ?? []) as unknown as [Element, Element]
      const words = recordInWords(tab)
      if (words.length === 0) words.push('Nothing yet.')
      setText(head, name)
      lines.setAttribute('aria-label', name)
      fill(lines, words.length, () => h('li'))
      for (const [index, each] of words.entries()) setText(lines.children[index] as Element, each)
    })
  }

  /** Leaves alone what is there: who reads it, or has selected something, stays where they are. */
  function fill(parent: Element, count: number, make: () => Element) {
    while (parent.childElementCount > count) parent.lastElementChild?.remove()
    while (parent.childElementCount < count) parent.append(make())
  }

  function save(format: 'json' | 'svg') {
    const at = now()
    const name = `latchkey-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '')}.${format}`
    if (format === 'json')
      download(recordsAsJson([recorder.own, ...recorder.others], recorder.own, at), name, 'application/json')
    else download(drawingAsSvg(chart.element), name, 'image/svg+xml')
  }

  function button(text: string, act: () => void, name?: string): HTMLButtonElement {
    const element = h('button', { type: 'button', 'aria-label': name, title: name }, text)
    element.addEventListener('click', () => {
      act()
      redraw()
    })
    return element
  }
}
