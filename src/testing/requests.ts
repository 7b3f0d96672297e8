/** Where a request arrived: a token endpoint, or the rest of the API. */
export type MockEndpoint = 'login' | 'refresh' | 'logout' | 'user' | 'jwks' | 'api'

/** A request as it arrived, and what became of it. */
export interface MockRequest {
  /** Where it arrived. */
  readonly endpoint: MockEndpoint
  /** The method, in capitals. */
  readonly method: string
  /** The whole address. */
  readonly url: string
  /** Below `baseUrl`, with no slash before it, and no query. */
  readonly path: string
  /** All headers. */
  readonly headers: Headers
  /** The header `Authorization`, or `null`. */
  readonly authorization: string | null
  /** The body as it came; empty if there was none. */
  readonly text: string
  /** The parsed body: JSON or a form as an object, else the text; `undefined` if there was none. */
  readonly body: unknown
  /** The request itself, its body unread. */
  readonly request: Request
  /** When it arrived, in epoch milliseconds. */
  readonly at: number
  /** The status of its answer; 0 where the connection was cut, `undefined` until it is answered. */
  readonly status: number | undefined
  /** Whose session it belongs to, as far as the server could tell. */
  readonly username: string | undefined
  /** The session that it belongs to. */
  readonly session: string | undefined
  /** Which generation of that session's tokens came with it: 1 at the sign-in, and one more with each refresh. */
  readonly generation: number | undefined
}

/** What `expectOneRefreshPerGeneration` looks at. */
export interface RequestLog {
  /** The requests, in the order in which they arrived. */
  readonly requests: readonly MockRequest[]
}

/**
 * Throws unless each generation of each session was renewed once at most: no two tabs, and no two requests, may spend the
 * same refresh token. Refreshes that the server did not get to see, or did not work on, do not count, nor do those whose
 * answer it lost. A tab that takes over from one that has died tries its refresh token once more, and that does count.
 * Where nothing rotates, one refresh token serves all generations: only refreshes that overlap count as of the same.
 *
 * @throws an `Error` that names the session, the generation and the moments
 */
export function expectOneRefreshPerGeneration({ requests }: RequestLog): void {
  const groups = new Map<string, MockRequest[]>()
  for (const request of requests) {
    const { endpoint, status, session, generation } = request
    if (endpoint !== 'refresh' || status === 0 || session === undefined || generation === undefined) continue
    const name = `generation ${generation} of the session of ${request.username} (${session})`
    groups.set(name, [...(groups.get(name) ?? []), request])
  }
  for (const [name, group] of groups) {
    if (group.length === 1) continue
    const moments = group.map(({ at, status }) => `${new Date(at).toISOString()} (${status ?? 'no answer yet'})`)
    throw new Error(`Expected one refresh for ${name}, but there were ${group.length}: ${moments.join(', ')}.`)
  }
}
