import { describe, expect, it } from 'vitest'
import { clockTime } from '../../src/devtools/dom.ts'
import { generationInWords, momentInWords, recordInWords, requestInWords } from '../../src/devtools/timeline/words.ts'
import { generation, moment, NOW, request, tab } from './records.ts'

const time = (secondsAgo: number): string => clockTime(NOW - secondsAgo * 1000)

describe('the timeline in words', () => {
  it.each([
    [
      generation(1, 10),
      `Token 1, got at ${time(10)}, in use, expires at ${time(-20)}, to be renewed from ${time(-14)} to ${time(-17)}.`,
    ],
    [
      generation(2, 10, { by: 'other-tab', until: NOW }),
      `Token 2, taken over from another tab at ${time(10)}, in use until ${time(0)}.`,
    ],
    [
      generation(3, 10, { by: 'restored', expiresAt: undefined, renewal: undefined }),
      `Token 3, found at ${time(10)}, in use.`,
    ],
  ])('tells the life of a token', (token, words) => {
    expect(generationInWords(token)).toBe(words)
  })

  it.each([
    [request(1, 1), `${time(1)} request 1: GET /todos with token 1, 200 after 20 ms.`],
    [
      request(3, 1, { generation: undefined, replayOf: 1, answer: 'failed' }),
      `${time(1)} request 3, request 1 once more: GET /todos, no answer after 20 ms.`,
    ],
    [
      { number: 1, kind: 'api', method: 'GET', path: '/', generation: 1, replayOf: undefined, startedAt: NOW } as const,
      `${time(0)} request 1: GET / with token 1, under way.`,
    ],
  ])('tells a request', (one, words) => {
    expect(requestInWords(one)).toBe(words)
  })

  it.each([
    [moment('signed-in', 1), 'signed in.'],
    [moment('signed-in', 1, { origin: 'other-tab' } as never), 'signed in by another tab.'],
    [moment('restored', 1), 'session restored with token 1.'],
    [moment('renewed', 1), 'renewed to token 1.'],
    [moment('renewed', 1, { origin: 'other-tab' } as never), 'adopted token 1.'],
    [moment('failed', 1, { label: '503' }), 'renewal failed (503).'],
    [moment('failed', 1, { label: 'network', retryAt: NOW }), `renewal failed (network), next try at ${time(0)}.`],
    [moment('expiring', 1), 'about to expire, and nothing to renew it with.'],
    [moment('signed-out', 1, { label: 'revoked' }), 'signed out (revoked).'],
    [moment('degraded', 1), 'storage denied: kept in memory.'],
    [moment('note', 1, { label: 'checkout' }), 'checkout.'],
  ])('tells what happened', (one, words) => {
    expect(momentInWords(one)).toBe(`${time(1)} ${words}`)
  })

  it('tells all of a tab in the order in which it happened', () => {
    const record = tab({
      generations: [generation(1, 30, { until: NOW - 2000 }), generation(2, 2)],
      requests: [request(1, 3)],
      moments: [moment('note', 4, { label: 'first' }), moment('note', 1, { label: 'last' })],
    })

    expect(recordInWords(record)).toEqual([
      expect.stringContaining('first'),
      expect.stringContaining('GET /todos'),
      expect.stringContaining('Token 2'),
      expect.stringContaining('last'),
    ])
  })
})
