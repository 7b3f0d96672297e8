import type { Environment } from '../environment.js'
import { AuthError } from '../errors.js'
import { loginRequired, type Renewal } from '../refresh/renewal.js'
import type { Trace } from '../trace.js'
import type { Destinations } from './destinations.js'
import { createSender, discard, type SenderParts } from './sender.js'

/** What the client's `fetch` is made of. */
export interface AuthorizedFetchParts<User> extends SenderParts<User> {
  readonly destinations: Destinations
  readonly environment: Pick<Environment, 'location'>
  readonly renewal: Renewal<User>
  readonly trace: Trace
  /** Waits until the storage has been read, and the page knows what it has missed. */
  readonly ready: (signal: AbortSignal | null | undefined) => Promise<void> | undefined
  /** How often `logout` was called: a request from before leaves no more. */
  readonly departures: () => number
}

/** One call of an HTTP client that tries again by itself, handed over as `pin` in each attempt's `init`. */
export interface Pin {
  /** The session that it was sent for first. */
  id?: string | undefined
}

/** A stream that has left needs a token that will not be refused on the way: it cannot be sent again. */
const STREAM_NEED = 60_000

/**
 * Creates a `fetch` that puts the access token on requests to the right places, and sends them again after a 401 with
 * a newer token.
 *
 * @see [RFC 6750, sections 2.1 and 3.1](https://www.rfc-editor.org/rfc/rfc6750.html#section-2.1)
 */
export function createAuthorizedFetch<User>(parts: AuthorizedFetchParts<User>): typeof globalThis.fetch {
  const { destinations, environment, renewal, trace, fetch, ready, current, departures, life } = parts
  const send = createSender(parts)
  const noted = new Set<string>()

  /** Lets a request go without a token; why is noted once for each origin. */
  const pass = (input: RequestInfo | URL, init: RequestInit | undefined, url: URL, why: string): Promise<Response> => {
    const note = `${url.origin}: ${why}`
    if (!noted.has(note)) trace.add('no token', note, current()?.generation)
    noted.add(note)
    return fetch(input, init)
  }

  const authorized: typeof globalThis.fetch = async (input, init) => {
    life.throwIfAborted()
    // Nothing that a Request has is its own: a copy would be empty.
    if (init instanceof Request) return authorized(new Request(input, init))
    // Read once: a URL may be changed while the token is renewed, and other objects may say something else each time.
    const isPlain = typeof input === 'string' || input instanceof URL
    const request = isPlain ? undefined : input instanceof Request ? input : new Request(input)
    const text = request ? request.url : String(input)
    const isCovered = destinations.covers(text)
    const url = isCovered ? undefined : destinations.resolve(text)
    if (!isCovered && !url) {
      if (environment.location()) return fetch(input, init)
      throw new AuthError('invalid_option', 'A relative URL, and there is no page.')
    }
    if (url && !destinations.includes(url))
      return pass(input, init, url, 'it is neither in `baseUrl` nor in `attachTo`.')
    // A copy of entries: under msw 3, `new Headers(request.headers)` forgets some.
    const headers = new Headers(init?.headers ?? (request && [...request.headers]))
    if (headers.has('authorization'))
      return pass(input, read(init, headers), url ?? new URL(text), 'it brought its own Authorization header.')

    const signal = init?.signal === undefined ? request?.signal : init.signal
    // No `await` once the storage is read: who is signed in is asked now, not later.
    const before = departures()
    const loading = ready(signal)
    if (loading) await loading
    if (before !== departures()) throw loginRequired()
    const start = current()
    const pin = (init as { pin?: Pin } | undefined)?.pin
    if (pin?.id && pin.id !== start?.id) throw loginRequired()
    if (pin) pin.id = start?.id
    // What a relative address means may have changed meanwhile: the page has gone on to another one.
    const target = request ?? url?.href ?? text
    if (!start) return pass(target, read(init, headers), url ?? new URL(text), 'nobody was signed in.')
    if (url) destinations.requireSecure(url)

    const hasOwnBody = !!request && !init?.body && !/^(GET|HEAD)$/.test(request.method)
    const isOneShot = isStream(init?.body)
    const lifetime = (start.tokens.expiresAt ?? 0) - start.receivedAt
    const ensured = renewal.ensure(start, isOneShot ? Math.min(STREAM_NEED, lifetime / 2) : 0, signal)
    const session = ensured instanceof Promise ? await ensured : ensured
    const outgoing = { input: target, init, headers, signal, hasOwnBody, isOneShot, id: start.id }
    const first = await send(outgoing, session, true)
    if (first.status !== 401 || isOneShot) return first
    // A redirect may have led elsewhere, and then without our token: browsers take it off when the origin changes.
    const end = first.redirected ? new URL(first.url) : undefined
    if (end && (end.origin !== (url ?? new URL(text)).origin || !destinations.includes(end))) return first
    const next = await renewal.replace(session, signal)
    if (!next) return first
    discard(first)
    const second = await send(outgoing, next, false)
    renewal.judge(next, second.status !== 401)
    return second
  }
  return authorized
}

/** The same `init`, but for headers that may be an iterator, which has been read by now. */
function read(init: RequestInit | undefined, headers: Headers): RequestInit | undefined {
  return init?.headers ? { ...init, headers } : init
}

/** Whether a body can be read only once, so that it can not be sent again. */
function isStream(body: BodyInit | null | undefined): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}
