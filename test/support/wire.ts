/** What was handed to `fetch`, exactly, and what that means. */
export interface Sent {
  readonly input: RequestInfo | URL
  readonly init: RequestInit | undefined
  readonly url: URL
  readonly headers: Headers
  readonly authorization: string | null
}

export interface Wire {
  /** For the client's `fetch` option. */
  readonly fetch: typeof globalThis.fetch
  readonly sent: Sent[]
}

/** A `fetch` that notes what it is handed and gives `answer`'s response: the edge of the client, seen from outside. */
export function createWire(answer: (sent: Sent, index: number) => Response | Promise<Response> = ok): Wire {
  const sent: Sent[] = []
  return {
    sent,
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input, location.href)
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
      const one: Sent = { input, init, url, headers, authorization: headers.get('authorization') }
      sent.push(one)
      return answer(one, sent.length - 1)
    },
  }
}

function ok(): Response {
  return Response.json({})
}
