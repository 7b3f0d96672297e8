/** Why a request was made: by the app, or by the client itself. */
export type RequestKind = 'api' | 'login' | 'refresh' | 'logout' | 'user'

/** One request as it went over the wire; never a token, a body or a query string. */
export interface RecordedRequest {
  /** Counts the requests of its tab, from 1. */
  readonly number: number
  /** Why it was made. */
  readonly kind: RequestKind
  /** As in `GET`. */
  readonly method: string
  /** Without query; with the host, if that is not the API's. Parts that look like secrets or addresses are `…`. */
  readonly path: string
  /** Of the access token that it carried, if that was this session's. */
  readonly generation: number | undefined
  /** The number of the request that met a 401, and that this one repeats with a newer token. */
  readonly replayOf: number | undefined
  /** When it left, in epoch milliseconds. */
  readonly startedAt: number
  /** When the answer came, or it was clear that none would, in epoch milliseconds. */
  readonly endedAt?: number
  /** The status; `failed` when no answer came. */
  readonly answer?: number | 'failed'
}

/** A stretch of time, in epoch milliseconds. */
export interface Span {
  /** Its begin. */
  readonly from: number
  /** Its end. */
  readonly to: number
}

/** The life of one access token in a tab. */
export interface RecordedGeneration {
  /** The start of the session's random id: tabs of one session have the same one. */
  readonly session: string
  /** 1 at the sign-in, and one more with each refresh. */
  readonly number: number
  /** Whose doing it was: this tab's sign-in or renewal, another tab's, or a stored session's. */
  readonly by: 'this-tab' | 'other-tab' | 'restored'
  /** Since when this tab has had it, in epoch milliseconds. */
  readonly from: number
  /** When it expires, in epoch milliseconds; unknown for opaque tokens. */
  readonly expiresAt: number | undefined
  /** The moment decided for the renewal, in epoch milliseconds. */
  readonly renewAt: number | undefined
  /** Where that moment was picked at random, so that a crowd of clients does not come back together. */
  readonly renewal: Span | undefined
  /** When the next generation, or the end of the session, took over, in epoch milliseconds. */
  readonly until?: number
}

/** What {@link RecordedMoment} can be about. */
export type MomentKind =
  | 'signed-in'
  | 'restored'
  | 'renewed'
  | 'failed'
  | 'expiring'
  | 'signed-out'
  | 'degraded'
  | 'note'

/** Something that happened at a moment. */
export interface RecordedMoment {
  /** When, in epoch milliseconds. */
  readonly at: number
  /** What happened. */
  readonly kind: MomentKind
  /** Which tab did it. */
  readonly origin: 'this-tab' | 'other-tab'
  /** The generation of the session at that moment. */
  readonly generation: number
  /** Why, in a word: a status, an error's code, the reason of a sign-out, or the words of a note. */
  readonly label: string
  /** When a renewal that failed is tried again, in epoch milliseconds. */
  readonly retryAt?: number | undefined
}

/** What a tab, or a worker, has done: what the timeline draws, the export holds, and tabs tell each other. */
export interface TabRecord {
  /** Random; the same over a reload. */
  readonly id: string
  /** Who it is. */
  readonly role: 'tab' | 'worker'
  /** Tabs are counted from 1; 0 for a worker. */
  readonly number: number
  /** When it began to record, in epoch milliseconds. */
  readonly openedAt: number
  /** When it was closed, in epoch milliseconds. */
  readonly closedAt?: number | undefined
  /** The tokens that it has had, oldest first; the last 60. */
  readonly generations: readonly RecordedGeneration[]
  /** The requests that it has sent, oldest first; the last 300, of a worker the last 100. */
  readonly requests: readonly RecordedRequest[]
  /** What has happened, oldest first; the last 120. */
  readonly moments: readonly RecordedMoment[]
}

/** How much is kept. */
export const KEPT = { generations: 60, requests: 300, moments: 120 }

/** The record of somebody who has done nothing yet. */
export function newRecord(id: string, role: TabRecord['role'], openedAt: number): TabRecord {
  const number = role === 'tab' ? 1 : 0
  return { id: id.slice(0, 12), role, number, openedAt, generations: [], requests: [], moments: [] }
}

/** `requests` with what is new of one of them, in the order in which they left; no more than `kept`. */
export function withRequest(requests: readonly RecordedRequest[], request: RecordedRequest, kept: number) {
  return [...requests.filter(({ number }) => number !== request.number), request]
    .sort((one, other) => one.number - other.number)
    .slice(-kept)
}
