import type { RecordedRequest, RequestKind } from './record.js'

type Fetch = typeof globalThis.fetch

/** What the notes on a request are made of. */
export interface RequestNotes {
  readonly now: () => number
  /** The requests so far. */
  readonly known: () => readonly RecordedRequest[]
  /** Which generation's token an `Authorization` header holds, if that is the session's. */
  readonly generationOf: (authorization: string) => number | undefined
  /** What a call to a token endpoint is for, where its address does not say. */
  readonly tokenCall: () => RequestKind
  /** What relative addresses are relative to. */
  readonly base: () => string | undefined
  /** The API's: paths of other origins are told with their host, unless it is not known. */
  readonly origin: () => string | undefined
  /** Told when a request leaves, and when it has ended. */
  readonly note: (request: RecordedRequest) => void
}

// From so many characters on, a part may be a secret.
const NUMBER = 5
const CODE = 8
const WORD = 20
const LONG = 32

/** Sends requests by `next`, and notes them; never a token, a body or a query string. */
export function createRequestNotes(notes: RequestNotes) {
  let count = Math.max(0, ...notes.known().map(({ number }) => number))

  return async (input: RequestInfo | URL, init: RequestInit | undefined, next: Fetch): Promise<Response> => {
    count += 1
    let begun: RecordedRequest | undefined
    // Whatever is wrong with the notes, the request goes its way.
    const note = (answer?: number | 'failed'): void => {
      try {
        begun ??= { number: count, ...describe(notes, input, init), startedAt: notes.now() }
        notes.note(answer === undefined ? begun : { ...begun, endedAt: notes.now(), answer })
      } catch {}
    }
    note()
    let answer: number | 'failed' = 'failed'
    try {
      const response = await next(input, init)
      answer = response.status
      return response
    } finally {
      note(answer)
    }
  }
}

function describe(
  { known, generationOf, tokenCall, base, origin }: RequestNotes,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Omit<RecordedRequest, 'number' | 'startedAt'> {
  const request = input instanceof Request ? input : undefined
  const authorization = authorizationOf(input, init)
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
  const path = pathOf(request ? request.url : String(input), base(), origin())
  const generation = authorization ? generationOf(authorization) : undefined
  const isRefused = (each: RecordedRequest): boolean =>
    each.kind === 'api' &&
    each.method === method &&
    each.path === path &&
    each.answer === 401 &&
    (each.generation ?? Infinity) < (generation ?? 0)
  const requests = known()
  // Requests that were refused together are replayed together: each is the replay of one.
  const refused = requests.findLast(
    (each) => isRefused(each) && !requests.some(({ replayOf }) => replayOf === each.number),
  )
  return {
    kind: isTokenCall(init) ? kindOf(path, authorization, tokenCall) : 'api',
    method,
    path,
    generation,
    replayOf: refused?.number,
  }
}

function kindOf(path: string, authorization: string, otherwise: () => RequestKind): RequestKind {
  if (/refresh|renew/i.test(path)) return 'refresh'
  if (/log-?out|sign-?out|revo/i.test(path)) return 'logout'
  if (/log-?in|sign-?in/i.test(path)) return 'login'
  // A client that shows its own password asks for tokens; one that shows a token asks who it is.
  return authorization && !authorization.toLowerCase().startsWith('basic ') ? 'user' : otherwise()
}

/** Whether it is the client's own call for tokens, and not one of the app. */
export function isTokenCall(init: RequestInit | undefined): boolean {
  return init?.redirect === 'error' && init.cache === 'no-store' && init.referrerPolicy === 'no-referrer'
}

/** The `Authorization` of a request. Headers that can be read only once are left to whoever sends it. */
export function authorizationOf(input: RequestInfo | URL, init: RequestInit | undefined): string {
  const headers = init?.headers ?? (input instanceof Request ? input.headers : {})
  const isSafe = headers instanceof Headers || Array.isArray(headers) || !(Symbol.iterator in headers)
  return (isSafe && new Headers(headers).get('authorization')) || ''
}

/** A path as it may be shown, and of what has none the scheme. */
function pathOf(address: string, base: string | undefined, home: string | undefined): string {
  try {
    const { protocol, host, origin, pathname } = new URL(address, base)
    if (!protocol.startsWith('http')) return protocol
    const parts = pathname.split('/').map((part) => (isSuspect(part) ? '…' : part))
    return (home === undefined || origin === home ? '' : host) + parts.join('/')
  } catch {
    return '?'
  }
}

// By hand: an expression would leave the text in `RegExp.input`, for every script of the page to read.
function isSuspect(part: string): boolean {
  const { length } = part
  const has = (signs: string): boolean => [...signs].some((sign) => part.includes(sign))
  const isCode = has('0123456789') && length >= (Number.isNaN(Number(part)) ? CODE : NUMBER)
  return isCode || has('%@;=') || length >= (has('-_') ? LONG : WORD)
}
