/** What goes wrong instead of an answer, or with it. */
export type FaultKind =
  /** The request never arrives: `fetch` rejects. */
  | 'connection-error'
  /** The server does its work (a refresh token is spent), and the answer is lost on its way. */
  | 'lost-answer'
  /** No answer ever. */
  | 'hang'
  /** Headers and half a body, and then nothing. */
  | 'hang-body'
  /** A page instead of JSON, with status 200: what proxies and captive portals answer. */
  | 'html'
  /** Half a JSON text. */
  | 'malformed-json'

/** A fault in detail. With neither `kind` nor an answer of its own the request is answered as usual, only `delay` later. */
export interface Fault {
  /** @default an answer made of the members below, if one of them is there */
  readonly kind?: FaultKind | undefined
  /** The status of the answer. @default 500 */
  readonly status?: number | undefined
  /** The body of the answer: a text as it is, all else as JSON. @default none */
  readonly body?: unknown
  /** Headers of the answer. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The header `Retry-After`, in seconds, or as a date. @default none */
  readonly retryAfter?: number | string | undefined
  /** How late the answer is, in milliseconds. @default 0 */
  readonly delay?: number | undefined
  /** How many requests meet it; `Infinity` until `reset()`. @default 1 */
  readonly times?: number | undefined
}

/** How a fault is ordered: its kind, its details, an answer, or what makes one. */
export type FaultOrder = FaultKind | Fault | Response | ((request: Request) => Response | Promise<Response>)

/** The faults that are to come, first come first served. */
export interface FaultQueue {
  /** Queues a fault for requests to `target`: an endpoint, a path below `baseUrl`, or `*`. */
  add(target: string, order: FaultOrder): void
  /** Takes the next fault for a request that has these names. */
  take(names: readonly string[]): FaultOrder | undefined
  /** Drops the faults of `target`, or all. */
  clear(target?: string): void
}

/** Creates an empty queue. */
export function createFaultQueue(): FaultQueue {
  let queue: { readonly target: string; readonly order: FaultOrder; left: number }[] = []
  return {
    add(target, order) {
      const times = typeof order === 'object' && 'times' in order ? order.times : undefined
      queue.push({ target: target.replace(/^\/+/, ''), order, left: times ?? 1 })
    },
    take(names) {
      const next = queue.find(({ target, left }) => left > 0 && (target === '*' || names.includes(target)))
      if (next) next.left -= 1
      return next?.order
    },
    clear(target) {
      queue = target === undefined ? [] : queue.filter((each) => each.target !== target.replace(/^\/+/, ''))
    },
  }
}

/** What an order means: how late, and what becomes of the answer that `work` makes. */
export async function commit(
  order: FaultOrder | undefined,
  request: Request,
  work: () => Promise<Response | undefined>,
): Promise<Response | undefined> {
  if (order instanceof Response) return order.clone()
  if (typeof order === 'function') return order(request)
  const fault: Fault = typeof order === 'string' ? { kind: order } : (order ?? {})
  const answer = await outcomeOf(fault, work)
  if (fault.delay) await new Promise((resolve) => setTimeout(resolve, fault.delay))
  return answer
}

async function outcomeOf(fault: Fault, work: () => Promise<Response | undefined>): Promise<Response | undefined> {
  const { kind, status, body, headers, retryAfter } = fault
  if (kind === 'lost-answer') await work()
  if (kind === 'lost-answer' || kind === 'connection-error') return Response.error()
  if (kind === 'hang') return new Promise(() => undefined)
  if (kind === 'hang-body') {
    const half = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"access_')) })
    return new Response(half, { headers: { 'Content-Type': 'application/json' } })
  }
  if (kind === 'html') return new Response('<!doctype html><title>Welcome</title>', withType('text/html'))
  if (kind === 'malformed-json') return new Response('{"access_token": "', withType('application/json'))
  if (status === undefined && body === undefined && retryAfter === undefined && !headers) return work()
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  const made = new Response(text ?? null, { status: status ?? 500, headers: { ...headers } })
  if (text !== undefined && text !== body) made.headers.set('Content-Type', 'application/json')
  if (retryAfter !== undefined) made.headers.set('Retry-After', String(retryAfter))
  return made
}

const withType = (type: string): ResponseInit => ({ headers: { 'Content-Type': type } })
