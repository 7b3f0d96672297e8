import type { RecordedRequest } from '../recording/record.js'

/** A 401, the refresh that it led to, and the same request with the new token. */
export interface Chain {
  readonly refused: RecordedRequest
  /** `undefined` when another tab or a worker made it. */
  readonly refresh: RecordedRequest | undefined
  readonly replay: RecordedRequest
}

/** Finds what 401s have led to, oldest first. */
export function findChains(requests: readonly RecordedRequest[]): readonly Chain[] {
  const known = new Map(requests.map((each) => [each.number, each]))
  return requests.flatMap((replay) => {
    const refused = replay.replayOf === undefined ? undefined : known.get(replay.replayOf)
    if (!refused) return []
    const refresh = requests.findLast(
      ({ kind, startedAt }) => kind === 'refresh' && startedAt >= refused.startedAt && startedAt <= replay.startedAt,
    )
    return [{ refused, refresh, replay }]
  })
}
