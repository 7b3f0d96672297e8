/** One call as it went over the wire: what an app's own code never gets to see when a token is renewed under it. */
export interface Call {
  /** Of this call, among those of whoever made it. */
  readonly number: number
  /** The worker calls for all tabs. */
  readonly by: 'page' | 'worker'
  readonly method: string
  readonly path: string
  /** The end of the token that the call carried, if it carried one. */
  readonly token: string | undefined
  /** The same request went out before, met a 401, and now carries a newer token. */
  readonly again: boolean
  readonly startedAt: number
  endedAt?: number
  /** The status; `failed` when no answer came. */
  answer?: number | 'failed'
}

/** A `fetch` that is watched, and can be cut off. */
export interface Wire {
  readonly fetch: typeof fetch
  /** The last calls, oldest first. */
  readonly calls: readonly Call[]
  /** While true, calls fail as they do without a network. */
  offline: boolean
  /** Takes over what the worker tells of a call. */
  hear(call: Call): void
}

const KEPT = 50

/**
 * Wraps `fetch` for the `fetch` option of the client.
 *
 * @param onChange Told when a call leaves, and when it has ended.
 */
export function createWire(onChange: (call: Call) => void, by: Call['by'] = 'page'): Wire {
  const calls: Call[] = []
  const wire: Wire = { fetch: watched, calls, offline: false, hear }
  let made = 0
  return wire

  async function watched(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    made += 1
    const call: Call = { number: made, by, ...describe(input, init, calls) }
    add(call)
    try {
      if (wire.offline) throw new TypeError('Failed to fetch (the page plays offline)')
      const response = await fetch(input, init)
      call.answer = response.status
      return response
    } catch (error) {
      call.answer = 'failed'
      throw error
    } finally {
      call.endedAt = Date.now()
      onChange(call)
    }
  }

  function hear(call: Call): void {
    const known = calls.find(({ by, number, startedAt }) => {
      return by === call.by && number === call.number && startedAt === call.startedAt
    })
    if (known) onChange(Object.assign(known, call))
    else add(call)
  }

  function add(call: Call): void {
    calls.push(call)
    if (calls.length > KEPT) calls.shift()
    onChange(call)
  }
}

function describe(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  calls: readonly Call[],
): Omit<Call, 'by' | 'number'> {
  const request = input instanceof Request ? input : undefined
  const headers = new Headers(init?.headers ?? request?.headers)
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
  const path = new URL(request ? request.url : String(input), location.href).pathname
  const token = maskToken(headers.get('authorization'))
  const before = calls.findLast((call) => call.method === method && call.path === path)
  const again = before?.answer === 401 && before.token !== token
  return { method, path, token, again, startedAt: Date.now() }
}

/** Five characters tell two tokens apart, and are of no use to anybody else. */
function maskToken(authorization: string | null): string | undefined {
  const token = authorization?.split(' ')[1]
  return token && `…${token.slice(-5)}`
}
