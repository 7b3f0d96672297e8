import type { RecordedGeneration, RecordedMoment, RecordedRequest, TabRecord } from 'latchkey/devtools'

/** The present moment of the drawings. */
export const NOW = Date.UTC(2026, 0, 1, 12)

/** A tab that is open since a minute; moments are seconds before now. */
export function tab(changes: Partial<TabRecord> = {}): TabRecord {
  return {
    id: `tab-${changes.number ?? 1}`,
    role: 'tab',
    number: 1,
    openedAt: NOW - 60_000,
    generations: [],
    requests: [],
    moments: [],
    ...changes,
  }
}

export function generation(number: number, secondsAgo: number, changes: Partial<RecordedGeneration> = {}) {
  const from = NOW - secondsAgo * 1000
  return {
    session: 'abcdef',
    number,
    by: 'this-tab',
    from,
    expiresAt: from + 30_000,
    renewAt: from + 25_000,
    renewal: { from: from + 24_000, to: from + 27_000 },
    ...changes,
  } satisfies RecordedGeneration
}

export function request(number: number, secondsAgo: number, changes: Partial<RecordedRequest> = {}): RecordedRequest {
  const startedAt = NOW - secondsAgo * 1000
  return {
    number,
    kind: 'api',
    method: 'GET',
    path: '/todos',
    generation: 1,
    replayOf: undefined,
    startedAt,
    endedAt: startedAt + 20,
    answer: 200,
    ...changes,
  }
}

export function moment(kind: RecordedMoment['kind'], secondsAgo: number, changes: Partial<RecordedMoment> = {}) {
  const at = NOW - secondsAgo * 1000
  return { at, kind, origin: 'this-tab', generation: 1, label: '', ...changes } satisfies RecordedMoment
}
