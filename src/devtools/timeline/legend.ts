import { h, s } from '../dom.js'

const bar = (name: string): SVGElement => s('rect', { class: name, y: 2, width: 22, height: 10, rx: 3 })
const tick = (name: string): SVGElement =>
  s('g', { class: `request ${name}` }, s('rect', { x: 9, width: 4, height: 14 }))

const SIGNS: readonly (readonly [words: string, sign: () => SVGElement])[] = [
  ['token in use', () => bar('bar')],
  ['taken over from another tab', () => bar('bar other-tab')],
  ['to be renewed in here', () => bar('window')],
  ['life left', () => bar('rest')],
  ['renewed', () => s('path', { class: 'handover-at', d: 'M11 1l6 6l-6 6l-6-6z' })],
  ['expired', () => bar('stale')],
  ['request', () => tick('api good')],
  ['refused', () => tick('api bad')],
  ['token call', () => tick('token good')],
  ['pause', () => bar('pause')],
]

/** What the signs of the drawing mean. */
export function createLegend(): HTMLElement {
  const items = SIGNS.map(([words, sign]) =>
    h('li', {}, s('svg', { width: 22, height: 14, 'aria-hidden': 'true' }, sign()), words),
  )
  return h('ul', { class: 'legend', 'aria-label': 'Legend' }, ...items)
}
