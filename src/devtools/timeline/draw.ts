import { s } from '../dom.js'
import type { RecordedGeneration, RecordedMoment, RecordedRequest, TabRecord } from '../recording/record.js'
import { type Chain, findChains } from './chains.js'
import { generationInWords, momentInWords, nameOf, requestInWords } from './words.js'

/** Where moments are on the drawing. */
export interface Frame {
  /** The moment at x = 0. */
  readonly zero: number
  readonly pixelsPerMs: number
  readonly width: number
  readonly now: number
}

/** Something that one can point at. */
export interface Item {
  /** The same in every drawing. */
  readonly id: string
  readonly at: number
  readonly words: string
  readonly element: SVGElement
}

/** What there is to see: `past` ends at the present moment, `now` moves along with it, `still` does not move at all. */
export interface Picture {
  readonly still: readonly SVGElement[]
  readonly back: readonly SVGElement[]
  readonly past: readonly SVGElement[]
  readonly front: readonly SVGElement[]
  readonly now: readonly SVGElement[]
  /** Oldest first. */
  readonly items: readonly Item[]
  readonly height: number
}

const TAB = 88
const WORKER = 46
const BAR = 14
const BARS = 26 // from the top of a lane to its first bar
const CALLS = 72 // … to the middle of its requests
const PILL = 12 // … to the middle of its moments
const CHAIN = { 401: 28, refresh: 18, replay: 28 } as const
const CHAIN_WIDTH = CHAIN[401] + CHAIN.refresh + CHAIN.replay
const TOGETHER = 5000 // between a deed and its adoption: a tab in the background may be slow

/** Draws the lanes of all tabs. */
export function draw(tabs: readonly TabRecord[], own: TabRecord, { zero, pixelsPerMs, width, now }: Frame): Picture {
  const still: SVGElement[] = []
  const back: SVGElement[] = []
  const past: SVGElement[] = []
  const front: SVGElement[] = []
  const live: SVGElement[] = []
  const items: Item[] = []
  let top = 0
  const tops = tabs.map((tab) => {
    const before = top
    top += tab.role === 'worker' ? WORKER : TAB
    return before
  })

  /** Far out of sight is far enough. */
  const x = (at: number): number =>
    Math.round(Math.min(2 * width, Math.max(-width, (at - zero) * pixelsPerMs)) * 10) / 10
  const isNear = (from: number, to = from): boolean => x(to) > -width && x(from) < 2 * width
  const box = (from: number, to: number, y: number, height: number, name: string): SVGElement =>
    s('rect', { class: name, x: x(from), y, width: Math.max(0, x(to) - x(from)), height, rx: 3 })
  const item = <E extends SVGElement>(element: E, id: string, at: number, words: string): E => {
    element.prepend(s('title', {}, words))
    element.classList.add('item')
    items.push({ id, at, words, element })
    return element
  }
  const pill = (middle: number, y: number, text: string, name: string): SVGElement => {
    const wide = 7 * text.length + 10
    return s(
      'g',
      { class: `pill ${name}`, transform: `translate(${middle - wide / 2} ${y - 8})` },
      s('rect', { width: wide, height: 16, rx: 8 }),
      s('text', { x: wide / 2, y: 12 }, text),
    )
  }

  tabs.forEach((tab, lane) => {
    const y = tops[lane] ?? 0
    const isOpen = tab.closedAt === undefined
    const height = tab.role === 'worker' ? WORKER : TAB
    const name = nameOf(tab, tab.id === own.id)
    still.push(
      s('line', { class: 'lane-line', x1: 0, x2: width, y1: y + height, y2: y + height }),
      s('rect', { class: 'name-back', x: 4, y: y + 3, width: 7 * name.length + 10, height: 18, rx: 4 }),
      s('text', { class: `name${isOpen ? '' : ' closed'}`, x: 9, y: y + 16 }, name),
    )
    if (!isOpen) back.push(box(tab.closedAt ?? now, now + 1e9, y, height, 'gone'))
    if (tab.openedAt > zero - width / pixelsPerMs) back.push(box(0, tab.openedAt, y, height, 'gone'))
    for (const each of tab.generations) drawGeneration(each, tab, y)
    drawMoments(tab, y)
    drawRequests(tab, y + (tab.role === 'worker' ? 30 : CALLS))
  })
  tabs.forEach((tab, lane) => {
    for (const each of tab.generations) drawLink(each, lane)
  })

  items.sort((one, other) => one.at - other.at)
  return { still, back, past, front, now: live, items, height: top }

  function drawGeneration(token: RecordedGeneration, tab: TabRecord, y: number) {
    const { number, by, from, expiresAt, renewal, renewAt } = token
    const until = token.until ?? tab.closedAt
    const far = now + 1e9
    if (!isNear(from, Math.max(until ?? far, expiresAt ?? 0))) return
    const row = y + rowOf(number)
    const isOver = until === undefined ? '' : ' over'
    if (expiresAt !== undefined) back.push(box(from, expiresAt, row, BAR, `rest${isOver}`))
    if (renewal) back.push(box(renewal.from, renewal.to, row, BAR, `window${isOver}`))
    if (renewal && renewAt !== undefined && !isOver)
      back.push(s('path', { class: 'due', d: `M${x(renewAt)} ${row - 3}v${BAR + 6}` }))
    const bar = box(from, Math.min(until ?? far, Math.max(expiresAt ?? far, from)), row, BAR, `bar ${by}${isOver}`)
    past.push(item(bar, `${tab.id} token ${number} ${from}`, from, generationInWords(token)))
    if (expiresAt !== undefined && (until ?? far) > expiresAt)
      past.push(box(expiresAt, until ?? far, row, BAR, 'stale'))
    const text = String(number)
    const label = s(
      'text',
      { class: `number ${by}${isOver}`, x: until === undefined ? -6 : x(until) - 6, y: row + 11 },
      text,
    )
    if (until === undefined ? (now - from) * pixelsPerMs > 16 : x(until) - x(from) > 16)
      (until === undefined ? live : front).push(label)
  }

  function drawMoments({ id, moments, generations }: TabRecord, y: number) {
    for (const moment of moments) {
      const { at, kind, origin, generation } = moment
      if (!isNear(at, moment.retryAt)) continue
      const next = moments.find((each) => each.at > at && /renewed|failed|out/.test(each.kind))
      if (moment.retryAt !== undefined)
        back.push(box(at, Math.min(moment.retryAt, next?.at ?? moment.retryAt), y + CALLS - 9, 18, 'pause'))
      if (kind === 'renewed') drawHandover(moment, y)
      else {
        const sign = pill(x(at), y + PILL, shortly(moment), `${kind} ${origin}`)
        front.push(item(sign, `${id} ${kind} ${at}`, at, momentInWords(moment)))
      }
      const wasIn = generations.some(({ until }) => until === at)
      if (kind === 'signed-out' && wasIn) front.push(stem(at, y + PILL + 8, y + rowOf(generation) + BAR, 'end'))
    }
  }

  /** The moment of a renewal, with a line to the token that took over. */
  function drawHandover({ at, generation, origin }: RecordedMoment, y: number) {
    const [from, to] = [y + rowOf(generation - 1) + BAR / 2, y + rowOf(generation) + BAR / 2]
    front.push(
      stem(at, from, to, `handover ${origin}`),
      s('path', { class: `handover-at ${origin}`, d: `M${x(at)} ${from - 5}l5 5l-5 5l-5-5z` }),
    )
  }

  function stem(at: number, from: number, to: number, name: string): SVGElement {
    return s('path', { class: name, d: `M${x(at)} ${from}V${to}` })
  }

  function drawRequests({ id, requests }: TabRecord, y: number) {
    const chains = findChains(requests).filter(({ refused, replay }) => isNear(refused.startedAt, replay.endedAt))
    const short = chains.filter((chain) => lengthOf(chain) < CHAIN_WIDTH + 20)
    const hidden = new Set(short.flatMap(({ refused, refresh, replay }) => [refused, refresh, replay]))
    const seen = requests.filter((each) => isNear(each.startedAt, each.endedAt) && !hidden.has(each))
    for (const [index, request] of seen.entries()) {
      const { startedAt, endedAt, answer } = request
      const [from, to] = [x(startedAt), x(endedAt ?? now)]
      const mark = s(
        'g',
        { class: `request ${request.kind === 'api' ? 'api' : 'token'} ${toneOf(request)}` },
        s('rect', { x: from - 1, y: y - 7, width: Math.max(3, to - from), height: 14, rx: 1.5 }),
      )
      const text = answer === 'failed' ? '✕' : String(answer)
      const next = seen[index + 1]
      if (toneOf(request) === 'bad' && (!next || x(next.startedAt) > to + 7 * text.length + 6))
        mark.append(s('text', { x: Math.max(from + 4, to + 3), y: y + 4 }, text))
      front.push(item(mark, `${id} request ${request.number}`, startedAt, requestInWords(request)))
    }
    for (const chain of chains) if (!short.includes(chain)) drawArrows(chain, y)
    drawShortChains(id, short, y)
  }

  function lengthOf({ refused, replay }: Chain): number {
    return x(replay.endedAt ?? now) - x(refused.startedAt)
  }

  function drawArrows({ refused, refresh, replay }: Chain, y: number) {
    const stops = [refused, ...(refresh ? [refresh] : []), replay].map(({ startedAt, endedAt = now }) => [
      x(startedAt),
      x(endedAt),
    ])
    stops.slice(1).forEach(([to = 0], index) => {
      const from = stops[index]?.[1] ?? 0
      front.push(
        s('path', {
          class: 'arrow',
          d: `M${from} ${y - 8}C${from} ${y - 20} ${to} ${y - 20} ${to} ${y - 9}`,
          'marker-end': 'url(#lk-arrow)',
        }),
      )
    })
  }

  /** Too short to tell apart what happened: one sign for all of it, and one for those that went the same way together. */
  function drawShortChains(id: string, chains: readonly Chain[], y: number) {
    const groups: { middle: number; chains: Chain[] }[] = []
    for (const chain of chains) {
      const middle = (x(chain.refused.startedAt) + x(chain.replay.endedAt ?? now)) / 2
      const last = groups.at(-1)
      if (last && middle - last.middle < CHAIN_WIDTH) last.chains.push(chain)
      else groups.push({ middle, chains: [chain] })
    }
    for (const group of groups) {
      const [{ refused, refresh, replay } = group.chains[0] as Chain] = group.chains
      const count = group.chains.length
      const answer = replay.answer === 'failed' ? '✕' : String(replay.answer ?? '…')
      const sign = s(
        'g',
        { class: 'chain', transform: `translate(${group.middle - CHAIN_WIDTH / 2} ${y - 9})` },
        s('rect', { class: 'chain-back', width: CHAIN_WIDTH, height: 18, rx: 9 }),
        s('text', { class: 'bad', x: 14, y: 13 }, '401'),
        s('text', { class: 'turn', x: 37, y: 13 }, '↻'),
        s('text', { class: toneOf(replay), x: 60, y: 13 }, answer),
      )
      if (count > 1) sign.append(s('text', { class: 'count', x: CHAIN_WIDTH + 3, y: 13 }, `×${count}`))
      const steps = [refused, ...(refresh ? [refresh] : []), replay].map(requestInWords).join('\n')
      const words = count > 1 ? `${steps}\nAnd ${count - 1} more with it.` : steps
      front.push(item(sign, `${id} request ${refused.number}`, refused.startedAt, words))
    }
  }

  /** An arrow from whoever got a token to the tab that took it over. */
  function drawLink(token: RecordedGeneration, lane: number) {
    if (token.by === 'restored' || !isNear(token.from)) return
    const source = tabs.findIndex((tab, other) =>
      tab.role === 'worker'
        ? token.by === 'this-tab' && tab.requests.some((each) => hasBrought(each, token))
        : other !== lane && token.by === 'other-tab' && tab.generations.some((each) => isSame(each, token)),
    )
    if (source < 0 || source === lane) return
    const at = tops[lane] ?? 0
    const from = (tops[source] ?? 0) + (tabs[source]?.role === 'worker' ? 30 : rowOf(token.number) + BAR / 2)
    const to = at + rowOf(token.number) + (source < lane ? -1 : BAR + 1)
    front.push(s('path', { class: 'link', d: `M${x(token.from)} ${from}V${to}`, 'marker-end': 'url(#lk-arrow)' }))
  }
}

function rowOf(generation: number): number {
  return BARS + (generation % 2 === 0 ? BAR + 4 : 0)
}

function isSame(other: RecordedGeneration, { session, number, from }: RecordedGeneration): boolean {
  const isSource = other.by === 'this-tab' && other.session === session && other.number === number
  return isSource && Math.abs(other.from - from) < TOGETHER
}

function hasBrought({ kind, answer, endedAt = 0 }: RecordedRequest, { from }: RecordedGeneration): boolean {
  return kind === 'refresh' && answer === 200 && endedAt <= from + 50 && from - endedAt < 1000
}

function toneOf({ answer }: RecordedRequest): string {
  if (answer === undefined) return 'open'
  return answer === 'failed' || answer >= 400 ? 'bad' : 'good'
}

function shortly({ kind, label }: RecordedMoment): string {
  if (kind === 'signed-out') return label === 'logout' ? 'out' : label.replace('_', ' ')
  return { 'signed-in': 'in', failed: `✕ ${label}`, note: label, degraded: 'storage ✕' }[kind as string] ?? kind
}
