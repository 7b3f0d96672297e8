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

/** Makes an answer of your own. */
export type FaultAnswer = (request: Request) => Response | Promise<Response>

/** A fault in detail. With neither `kind` nor an answer of its own the request is answered as usual, only `delay` later. */
export interface Fault {
  /** What goes wrong. @default an answer made of the members below, if one of them is there */
  readonly kind?: FaultKind | undefined
  /** The status of the answer. @default 500; 200 for the kinds that are an answer */
  readonly status?: number | undefined
  /** The body of the answer: a text as it is, all else as JSON. @default none */
  readonly body?: unknown
  /** Headers of the answer. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The header `Retry-After`, in seconds, or as a date. @default none */
  readonly retryAfter?: number | string | undefined
  /** The whole answer, or what makes one of the request. @default none */
  readonly response?: Response | FaultAnswer | undefined
  /** How late the answer is, in milliseconds. @default 0 */
  readonly delay?: number | undefined
  /** How many requests meet it; `Infinity` until `reset()`. @default 1 */
  readonly times?: number | undefined
}

/** How a fault is ordered: its kind, its details, an answer, or what makes one. */
export type FaultOrder = FaultKind | Fault | Response | FaultAnswer

/** The faults that are to come, first come first served. */
export interface FaultQueue {
  /** Queues a fault for requests to `target`: an endpoint, a path below `baseUrl`, or `*`. */
  add(target: string, order: FaultOrder): void
  /** Takes the next fault for a request that has these names. */
  take(names: readonly string[]): Fault | undefined
  /** Drops the faults of `target`, or all. */
  clear(target?: string): void
}

/** Which members of a fault each kind heeds, beside `delay` and `times`. */
const HEEDED: Readonly<Record<FaultKind, readonly string[]>> = {
  'connection-error': [],
  'lost-answer': [],
  hang: [],
  'hang-body': ['status', 'headers'],
  html: ['status', 'headers', 'retryAfter'],
  'malformed-json': ['status', 'headers', 'retryAfter'],
}
const ANSWER = ['status', 'body', 'headers', 'retryAfter', 'response'] as const
const MEMBERS: readonly string[] = ['kind', ...ANSWER, 'delay', 'times']

/** Creates an empty queue. */
export function createFaultQueue(): FaultQueue {
  let queue: { readonly target: string; readonly fault: Fault; left: number }[] = []
  return {
    add(target, order) {
      const fault = readOrder(order)
      queue.push({ target: nameOf(target), fault, left: fault.times ?? 1 })
    },
    take(names) {
      const next = queue.find(({ target, left }) => left > 0 && (target === '*' || names.includes(target)))
      if (next) next.left -= 1
      return next?.fault
    },
    clear(target) {
      queue = target === undefined ? [] : queue.filter((each) => each.target !== nameOf(target))
    },
  }
}

/** An endpoint or path as it is compared: with no slash before it. */
export const nameOf = (target: string): string => target.replace(/^\/+/, '')

/** The longest time that a timer can wait for. */
const LONGEST = 2 ** 31 - 1

/** Throws unless `value` is a duration: zero or more, and no more than `most`. */
export function checkDuration(name: string, value: number | undefined, most = Number.MAX_VALUE): void {
  if (value === undefined || (value >= 0 && value <= most)) return
  const limit = most === LONGEST ? `, ${LONGEST} at most` : ''
  throw new Error(`\`${name}\` must be zero or more milliseconds${limit}, and it is ${value}.`)
}

/** Throws unless an answer can come so much later. */
export const checkDelay = (value: number | undefined): void => checkDuration('delay', value, LONGEST)

/** Throws for what is no endpoint, no path and no `*`: no request could ever have that name. */
export function checkTarget(target: string): void {
  if (target === '*' || !/[?#*]|:\/\/|(?:^|\/):/.test(target)) return
  throw new Error(`"${target}" is no endpoint, no path below \`baseUrl\` (with no query), and not \`*\`.`)
}

const isThing = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Reads an order; throws for what could only go wrong later, or would do nothing. */
function readOrder(order: FaultOrder): Fault {
  const fault: Fault =
    typeof order === 'string'
      ? { kind: order }
      : typeof order === 'function' || order instanceof Response
        ? { response: order }
        : order
  if (!isThing(fault)) throw new Error('A fault needs a kind, an answer or a delay.')
  const { kind, status, body, retryAfter, response, times = 1, delay } = fault
  const given = Object.entries(fault).filter(([, value]) => value !== undefined)
  checkDelay(delay)
  if (given.every(([name]) => name === 'times')) throw new Error('A fault needs a kind, an answer or a delay.')
  const unknown = given.find(([name]) => !MEMBERS.includes(name))
  if (unknown) throw new Error(`A fault has no \`${unknown[0]}\`, but ${MEMBERS.join(', ')}.`)
  if (typeof retryAfter === 'number' && !(retryAfter >= 0 && Number.isFinite(retryAfter))) {
    throw new Error(`\`retryAfter\` must be zero or more seconds, or a date, and it is ${retryAfter}.`)
  }
  if (response !== undefined && typeof response !== 'function' && !isThing(response)) {
    throw new Error('`response` must be a Response, or a function that makes one.')
  }
  if (!(times === Number.POSITIVE_INFINITY || (Number.isInteger(times) && times > 0))) {
    throw new Error(`\`times\` must be a whole number from 1 on, or Infinity, and it is ${times}.`)
  }
  if (kind !== undefined && !Object.hasOwn(HEEDED, kind)) {
    throw new Error(`There is no fault "${kind}", but ${Object.keys(HEEDED).join(', ')}.`)
  }
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new Error(`\`status\` must be one of 200 to 599, and it is ${status}.`)
  }
  if (body !== undefined && [204, 205, 304].includes(status ?? 0)) {
    throw new Error(`An answer of status ${status} has no body.`)
  }
  const idle = ANSWER.find((name) => fault[name] !== undefined && !(kind ? HEEDED[kind] : ANSWER).includes(name))
  if (idle) throw new Error(`A fault of kind "${kind}" has no \`${idle}\`.`)
  return fault
}

/** Whether a request that meets `fault` gets no answer ever. */
export const isEndless = (fault: Fault | undefined): boolean => fault?.kind === 'hang'

/** What becomes of the answer that `work` makes. */
export async function meet(
  fault: Fault | undefined,
  request: Request,
  work: () => Promise<Response | undefined>,
): Promise<Response | undefined> {
  const { kind, status, body, headers, retryAfter, response } = fault ?? {}
  if (response) return typeof response === 'function' ? response(request) : response.clone()
  if (kind === 'lost-answer') await work()
  if (kind === 'lost-answer' || kind === 'connection-error') return Response.error()
  if (kind === undefined && status === undefined && body === undefined && retryAfter === undefined && !headers) {
    return work()
  }
  const [type, content] = contentOf(kind, body)
  const made = new Response(content, { status: status ?? (kind ? 200 : 500), headers: { ...headers } })
  if (type && !new Headers(headers).has('content-type')) made.headers.set('Content-Type', type)
  if (retryAfter !== undefined) made.headers.set('Retry-After', String(retryAfter))
  return made
}

function contentOf(kind: FaultKind | undefined, body: unknown): [type: string, content: BodyInit | null] {
  if (kind === 'hang-body') {
    const half = new TextEncoder().encode('{"access_')
    return ['application/json', new ReadableStream({ start: (stream) => stream.enqueue(half) })]
  }
  if (kind === 'html') return ['text/html', '<!doctype html><title>Welcome</title>']
  if (kind === 'malformed-json') return ['application/json', '{"access_token": "']
  if (typeof body === 'string' || body === undefined) return ['', body ?? null]
  return ['application/json', JSON.stringify(body)]
}
