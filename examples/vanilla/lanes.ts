import { type Axis, place } from './axis.ts'
import { clockTime, h } from './dom.ts'
import type { Deed, Tab, Tabs } from './tabs.ts'

/** Draws one lane for each tab: what it did itself is filled, what it adopted from another tab is hollow. */
export interface Lanes {
  /** Draws what has changed; to be called for each frame. */
  draw(now: number): void
}

const LINKED = 5000 // between a deed and its adoption: a tab in the background may be slow
const CLOSED_SHOWN = 2
const SAID = 3
const SHORT: Readonly<Record<Deed['kind'], string>> = {
  'signed in': 'in',
  restored: '',
  renewed: '',
  failed: '✕ ',
  'signed out': '',
  killed: '✕ killed',
}

/** Makes the lanes in `root`. */
export function createLanes(root: HTMLElement, axis: Axis, tabs: Tabs): Lanes {
  const list = h('ol', { class: 'tabs', 'aria-label': 'Tabs, this one first' })
  const links = h('div', { class: 'links', 'aria-hidden': 'true' })
  root.append(list, links)
  let drawn: unknown[] = []

  return {
    draw(now) {
      const since = axis.start(now)
      const open = tabs.others.filter(({ closedAt }) => closedAt === undefined)
      const closed = tabs.others.filter(({ closedAt = 0 }) => closedAt > since).slice(-CLOSED_SHOWN)
      const shown = [tabs.own, ...open, ...closed]
      if (shown.length === drawn.length && shown.every((tab, row) => tab === drawn[row])) return
      drawn = shown
      list.replaceChildren(...shown.map((tab) => lane(tab, tab === tabs.own, since)))
      links.replaceChildren()
      shown.forEach((tab, row) => {
        for (const deed of tab.deeds) if (deed.at > since) drawLink(shown, deed, row)
      })
    },
  }

  /** An arrow from the tab that did it to the tab that adopted it. */
  function drawLink(shown: readonly Tab[], deed: Deed, row: number) {
    if (deed.isOwn) return
    const from = shown.findIndex(({ deeds }) => deeds.some((other) => isSource(other, deed)))
    if (from < 0) return
    const link = place(links, `link ${from < row ? 'down' : 'up'}`, deed.at)
    link.style.setProperty('--row', String(Math.min(from, row)))
    link.style.setProperty('--rows', String(Math.abs(from - row)))
  }
}

function isSource(other: Deed, { kind, generation, at }: Deed): boolean {
  return other.isOwn && other.kind === kind && other.generation === generation && Math.abs(other.at - at) < LINKED
}

function lane(tab: Tab, isThis: boolean, since: number): HTMLElement {
  const { number, usesWorker, openedAt, closedAt, deeds } = tab
  const name = h('b', {}, `Tab ${number || '…'}`)
  const facts = [isThis && 'this tab', usesWorker && 'with the worker', closedAt !== undefined && 'closed']
    .filter((fact) => fact !== false)
    .join(', ')
  const track = h('div', { class: 'track', 'aria-hidden': 'true' })
  stretch(track, 'line', openedAt, closedAt)
  for (const [from, to = closedAt] of signedInStretches(deeds)) stretch(track, 'line signed-in', from, to)
  for (const deed of deeds) {
    if (deed.at < since) continue
    place(track, `deed ${classOf(deed)}`, deed.at).append(shortly(deed))
  }
  return h(
    'li',
    { class: `${isThis ? 'this' : ''} ${closedAt === undefined ? 'open' : 'closed'}` },
    h(
      'p',
      { class: 'tab-name' },
      name,
      facts && ` · ${facts}`,
      h('span', { class: 'visually-hidden' }, inWords(deeds)),
    ),
    track,
  )
}

function stretch(track: HTMLElement, className: string, from: number, to: number | undefined) {
  place(track, to === undefined ? `${className} live` : className, from, to)
}

/** From each sign-in to the next sign-out, or to the death of the page. */
function signedInStretches(deeds: readonly Deed[]): [from: number, to?: number][] {
  const stretches: [from: number, to?: number][] = []
  let from: number | undefined
  for (const { kind, at } of deeds) {
    if (kind === 'signed in' || kind === 'restored' || kind === 'renewed') from ??= at
    if ((kind === 'signed out' || kind === 'killed') && from !== undefined) {
      stretches.push([from, at])
      from = undefined
    }
  }
  return from === undefined ? stretches : [...stretches, [from]]
}

function classOf({ kind, isOwn, label }: Deed): string {
  const isBad = kind === 'failed' || kind === 'killed' || (kind === 'signed out' && label !== 'out')
  return `${kind.replace(' ', '-')} ${isOwn ? 'own' : 'adopted'}${isBad ? ' bad' : ''}`
}

function shortly({ kind, isOwn, generation, label = '' }: Deed): string {
  if (kind === 'failed' && !isOwn) return '✕'
  if (kind === 'renewed' || kind === 'restored') return String(generation)
  return SHORT[kind] + label
}

/** What a screen reader says instead of the drawing: the last deeds. */
function inWords(deeds: readonly Deed[]): string {
  if (deeds.length === 0) return ': nothing yet.'
  const said = deeds.slice(-SAID).map(({ at, kind, isOwn, generation, label }) => {
    const time = `at ${clockTime(at)}`
    if (kind === 'killed') return `left in mid-refresh ${time}`
    if (kind === 'restored') return `found token ${generation} ${time}`
    if (kind === 'renewed') return `${isOwn ? 'renewed to' : 'adopted'} token ${generation} ${time}`
    if (kind === 'failed') return `${isOwn ? 'failed to renew' : 'heard of a failed renewal'} (${label}) ${time}`
    return `${kind}${isOwn ? '' : ' by another tab'}${label ? ` (${label})` : ''} ${time}`
  })
  return `: ${said.join('; ')}.`
}
