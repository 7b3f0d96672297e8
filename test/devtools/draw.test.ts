import type { TabRecord } from 'latchkey/devtools'
import { describe, expect, it } from 'vitest'
import { draw, type Picture } from '../../src/devtools/timeline/draw.ts'
import { generation, moment, NOW, request, tab } from './records.ts'

const WIDTH = 800
const AT_NOW = 600

/** The last `seconds`, and a third as much to come. */
function drawn(tabs: readonly TabRecord[], seconds = 60): Picture {
  const range = (seconds * 4000) / 3
  const frame = { zero: NOW - seconds * 1000, pixelsPerMs: WIDTH / range, width: WIDTH, now: NOW }
  return draw(tabs, tabs[0] ?? tab(), frame)
}

const everything = (picture: Picture): SVGElement[] => [
  ...picture.still,
  ...picture.back,
  ...picture.past,
  ...picture.front,
  ...picture.now,
]

const classes = (picture: Picture, name: string): string[] =>
  everything(picture)
    .map((element) => element.getAttribute('class') ?? '')
    .filter((each) => each.split(' ').includes(name))

const one = (picture: Picture, name: string): SVGElement | undefined =>
  everything(picture).find((element) => element.classList.contains(name))

const texts = (picture: Picture): string[] =>
  everything(picture).flatMap((element) =>
    [...(element.matches('text') ? [element] : element.querySelectorAll('text'))].map((each) => each.textContent ?? ''),
  )

describe('the drawing', () => {
  it('has a lane for each tab, which says what it is', () => {
    const tabs = [tab(), tab({ number: 2 }), tab({ number: 3, closedAt: NOW - 5000 })]

    expect(texts(drawn(tabs))).toEqual(['Tab 1 · this tab', 'Tab 2', 'Tab 3 · closed'])
    expect(drawn(tabs).height).toBe(3 * drawn([tab()]).height)
  })

  it('shades what a tab was not there for', () => {
    expect(classes(drawn([tab({ openedAt: NOW - 30_000 })]), 'gone')).toHaveLength(1)
    expect(classes(drawn([tab({ openedAt: NOW - 30_000, closedAt: NOW - 5000 })]), 'gone')).toHaveLength(2)
    expect(classes(drawn([tab({ openedAt: NOW - 600_000 })]), 'gone')).toHaveLength(0)
  })

  it('draws a token in use with its renewal, the moment decided for it, and the life left', () => {
    const picture = drawn([tab({ generations: [generation(1, 10)] })])

    expect(classes(picture, 'bar')).toEqual(['bar this-tab item'])
    expect(classes(picture, 'window')).toEqual(['window'])
    expect(classes(picture, 'rest')).toEqual(['rest'])
    expect(classes(picture, 'due')).toHaveLength(1)
    expect(picture.now.map(({ textContent }) => textContent)).toEqual(['1'])
  })

  it('draws an expired token that nothing has renewed as such', () => {
    const startOf = (secondsAgo: number): number =>
      Number(one(drawn([tab({ generations: [generation(1, secondsAgo)] })]), 'stale')?.getAttribute('x'))

    expect(startOf(40)).toBeLessThan(AT_NOW)
    expect(startOf(20)).toBeGreaterThan(AT_NOW) // what is to the right of now is not shown of it
  })

  it('draws an opaque token without an end', () => {
    const opaque = generation(1, 10, { expiresAt: undefined, renewAt: undefined, renewal: undefined })
    const picture = drawn([tab({ generations: [opaque] })])

    expect(classes(picture, 'bar')).toHaveLength(1)
    for (const name of ['rest', 'window', 'due', 'stale']) expect(classes(picture, name)).toHaveLength(0)
  })

  it('puts one token after the other in two rows, and a renewal between them', () => {
    const generations = [generation(1, 30, { until: NOW - 5000 }), generation(2, 5)]
    const moments = [moment('renewed', 5, { generation: 2 })]
    const picture = drawn([tab({ generations, moments })])

    const rows = picture.past.map((bar) => bar.getAttribute('y'))
    expect(new Set(rows).size).toBe(2)
    expect(classes(picture, 'handover')).toEqual(['handover this-tab'])
    expect(classes(picture, 'bar')).toEqual(['bar this-tab over item', 'bar this-tab item'])
  })

  it.each([
    ['signed-in', {}, 'in'],
    ['restored', {}, 'restored'],
    ['failed', { label: '503' }, '✕ 503'],
    ['signed-out', { label: 'logout' }, 'out'],
    ['signed-out', { label: 'revoked' }, 'revoked'],
    ['signed-out', { label: 'refresh_lost' }, 'refresh lost'],
    ['expiring', {}, 'expiring'],
    ['degraded', {}, 'storage ✕'],
    ['note', { label: 'checkout' }, 'checkout'],
  ] as const)('says what happened: %s %o is "%s"', (kind, changes, words) => {
    const picture = drawn([tab({ moments: [moment(kind, 10, changes)] })])

    expect(texts(picture)).toContain(words)
    expect(classes(picture, kind)).toHaveLength(1)
  })

  it('ends a token where the person signed out', () => {
    const until = NOW - 10_000
    const picture = drawn([
      tab({ generations: [generation(1, 20, { until })], moments: [moment('signed-out', 10, { label: 'logout' })] }),
    ])

    expect(classes(picture, 'end')).toHaveLength(1)
  })

  it('draws the pause after a failure, until the next try or whatever came first', () => {
    const failed = moment('failed', 20, { label: '503', retryAt: NOW + 10_000 })
    const long = one(drawn([tab({ moments: [failed] })]), 'pause')
    const short = one(drawn([tab({ moments: [failed, moment('renewed', 15, { generation: 2 })] })]), 'pause')

    expect(Number(long?.getAttribute('width'))).toBeCloseTo(300, 0)
    expect(Number(short?.getAttribute('width'))).toBeCloseTo(50, 0)
  })

  it.each([
    [{ answer: 200 }, 'good', undefined],
    [{ answer: 404 }, 'bad', '404'],
    [{ answer: 'failed' }, 'bad', '✕'],
  ] as const)('draws a request by its answer: %o', (changes, tone, label) => {
    const picture = drawn([tab({ requests: [request(1, 10, changes)] })])

    expect(classes(picture, 'request')).toEqual([`request api ${tone} item`])
    expect(texts(picture).slice(1)).toEqual(label === undefined ? [] : [label])
  })

  it('lets a request that is under way last until now', () => {
    const begun = { number: 1, kind: 'refresh', method: 'POST', path: '/refresh', startedAt: NOW - 10_000 } as const
    const picture = drawn([tab({ requests: [{ ...begun, generation: undefined, replayOf: undefined }] })])

    expect(classes(picture, 'request')).toEqual(['request token open item'])
    expect(Number(one(picture, 'request')?.querySelector('rect')?.getAttribute('width'))).toBeCloseTo(100, 0)
  })

  it('leaves out the status of a request where another one follows too soon', () => {
    const requests = [request(1, 10, { answer: 404 }), request(2, 9.9, { answer: 500 })]

    expect(texts(drawn([tab({ requests })])).slice(1)).toEqual(['500'])
  })

  describe('of a 401, its refresh and the replay', () => {
    const chain = (from: number, secondsAgo: number) => [
      request(from, secondsAgo, { answer: 401 }),
      request(from + 1, secondsAgo - 0.03, {
        kind: 'refresh',
        method: 'POST',
        path: '/refresh',
        generation: undefined,
      }),
      request(from + 2, secondsAgo - 0.06, { generation: 2, replayOf: from }),
    ]

    it('is one sign from afar', () => {
      const picture = drawn([tab({ requests: chain(1, 10) })])

      expect(texts(picture).slice(1)).toEqual(['401', '↻', '200'])
      expect(classes(picture, 'request')).toHaveLength(0)
      expect(picture.items[0]?.words.split('\n')).toEqual([
        expect.stringContaining('401 after 20 ms'),
        expect.stringContaining('POST /refresh'),
        expect.stringContaining('request 1 once more'),
      ])
    })

    it('counts those that went the same way together', () => {
      const replays = [
        request(1, 10, { answer: 401 }),
        request(2, 10, { answer: 401, path: '/me' }),
        request(3, 9.9, { kind: 'refresh', path: '/refresh' }),
        request(4, 9.8, { generation: 2, replayOf: 1 }),
        request(5, 9.8, { generation: 2, replayOf: 2, path: '/me', answer: 'failed' }),
      ]
      const picture = drawn([tab({ requests: replays })])

      expect(texts(picture).slice(1)).toEqual(['401', '↻', '200', '×2'])
      expect(picture.items[0]?.words).toMatch(/And 1 more with it\.$/)
    })

    it('is arrows from near by', () => {
      const picture = drawn([tab({ requests: chain(1, 0.3) })], 0.4)

      expect(classes(picture, 'arrow')).toHaveLength(2)
      expect(classes(picture, 'request')).toHaveLength(3)
    })

    it('is one arrow where another tab has renewed', () => {
      const [refused, , replay] = chain(1, 0.3)
      const requests = [refused, replay].filter((each) => each !== undefined)

      expect(classes(drawn([tab({ requests })], 0.3), 'arrow')).toHaveLength(1)
    })
  })

  it('leads an arrow from the tab that renewed to the one that took the token over', () => {
    const renewed = tab({ generations: [generation(2, 10)] })
    const adopted = tab({ number: 2, generations: [generation(2, 9.9, { by: 'other-tab' })] })
    const stranger = tab({ number: 3, generations: [generation(2, 9.9, { by: 'other-tab', session: 'another' })] })

    expect(classes(drawn([renewed, adopted]), 'link')).toHaveLength(1)
    expect(classes(drawn([adopted, renewed]), 'link')).toHaveLength(1)
    expect(classes(drawn([renewed, stranger]), 'link')).toHaveLength(0)
  })

  it('leads an arrow from the worker that called to the tab that had asked', () => {
    const refresh = request(1, 10.1, { kind: 'refresh', method: 'POST', path: '/refresh', generation: undefined })
    const worker = tab({ id: 'w', role: 'worker', number: 0, requests: [refresh] })
    const asked = tab({ generations: [generation(2, 10)] })

    expect(texts(drawn([worker, asked]))).toContain('Worker · this tab')
    expect(classes(drawn([worker, asked]), 'link')).toHaveLength(1)
  })

  it('draws nothing that is far out of sight', () => {
    const long = NOW - 3_600_000
    const record = tab({
      generations: [generation(1, 3600, { until: long + 30_000 })],
      requests: [request(1, 3600), request(2, 3599, { answer: 401 }), request(3, 3598, { replayOf: 2, generation: 2 })],
      moments: [moment('signed-in', 3600), moment('failed', 3500, { retryAt: NOW - 3_490_000 })],
    })

    expect(drawn([record]).items).toEqual([])
  })

  it('lists what can be pointed at, oldest first', () => {
    const picture = drawn([
      tab({
        moments: [moment('note', 5, { label: 'b' })],
        requests: [request(1, 1)],
        generations: [generation(1, 20)],
      }),
      tab({ number: 2, moments: [moment('note', 10, { label: 'a' })] }),
    ])

    expect(picture.items.map(({ at }) => (NOW - at) / 1000)).toEqual([20, 10, 5, 1])
    for (const { element, words } of picture.items) expect(element.querySelector('title')?.textContent).toBe(words)
  })
})
