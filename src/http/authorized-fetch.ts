import type { AuthBackend } from '../backends/contract.js'
import type { Environment } from '../environment.js'
import { AuthError, FINAL, isAuthError } from '../errors.js'
import { loginRequired, type Renewal } from '../refresh/renewal.js'
import type { Session } from '../session/session.js'
import type { Trace } from '../trace.js'
import type { Destinations } from './destinations.js'

/** What the client's `fetch` is made of. */
export interface AuthorizedFetchParts<User> {
  readonly backend: Pick<AuthBackend, 'authorize' | 'retry'>
  readonly destinations: Destinations
  readonly environment: Pick<Environment, 'location'>
  readonly renewal: Renewal<User>
  readonly trace: Trace
  readonly fetch: typeof globalThis.fetch
  /** Waits until the storage has been read, and the page knows what it has missed. */
  readonly ready: (signal: AbortSignal | null | undefined) => Promise<void> | undefined
  readonly current: () => Session<User> | undefined
  /** How often `logout` was called: a request from before leaves no more. */
  readonly departures: () => number
  /** Ends the session; nobody can use its tokens any more. */
  readonly end: (session: Session<User>, reason: 'revoked', error: AuthError) => void
  /** Aborted when the client is disposed of, and with it every request. */
  readonly life: AbortSignal
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
  const {
    backend,
    destinations,
    environment,
    renewal,
    trace,
    fetch,
    ready,
    current,
    departures,
    end: endSession,
    life,
  } = parts
  const noted = new Set<string>()

  /** Lets a request go without a token; why is noted once for each origin. */
  const pass = (
    input: RequestInfo | URL,
    init: RequestInit | undefined,
    origin: string,
    why: string,
  ): Promise<Response> => {
    const note = `${origin}: ${why}`
    if (!noted.has(note)) trace.add('no token', note, current()?.generation)
    noted.add(note)
    return fetch(input, init)
  }

  const prove = async (request: Request, session: Session<User>): Promise<Request | undefined> => {
    try {
      return await backend.authorize?.(request, session.tokens)
    } catch (error) {
      if (!isAuthError(error) || !FINAL.includes(error.code)) throw error
      endSession(session, 'revoked', error)
      throw loginRequired(error)
    }
  }

  return async (input, init) => {
    life.throwIfAborted()
    // Read once: a URL may be changed while the token is renewed, and other objects may say something else each time.
    const isPlain = typeof input === 'string' || input instanceof URL
    const request = isPlain ? undefined : input instanceof Request ? input : new Request(input)
    const text = request ? request.url : String(input)
    const url = destinations.resolve(text)
    if (!url && !environment.location()) throw new AuthError('invalid_option', 'A relative URL, and there is no page.')
    if (!url) return fetch(input, init)
    if (!destinations.includes(url))
      return pass(input, init, url.origin, 'it is neither in `baseUrl` nor in `attachTo`.')
    // A copy of entries: under msw 3, `new Headers(request.headers)` forgets some.
    const headers = new Headers(init?.headers ?? (request && [...request.headers]))
    // Headers may be an iterator, which has been read by now.
    const same = init?.headers ? { ...init, headers } : init
    if (headers.has('authorization')) return pass(input, same, url.origin, 'it brought its own Authorization header.')

    const signal = init?.signal ?? request?.signal
    // No `await` once the storage is read: who is signed in is asked now, not later.
    const before = departures()
    const loading = ready(signal)
    if (loading) await loading
    if (before !== departures()) throw loginRequired()
    const start = current()
    const pin = (init as { pin?: Pin } | undefined)?.pin
    if (pin?.id && pin.id !== start?.id) throw loginRequired()
    if (pin) pin.id = start?.id
    if (!start) return pass(input, same, url.origin, 'nobody was signed in.')
    destinations.requireSecure(url)

    const hasOwnBody = request && !init?.body && !/^(GET|HEAD)$/.test(request.method)
    const attempt = async (session: Session<User>): Promise<Response> => {
      const target = hasOwnBody ? request.clone() : (request ?? text)
      const options = {
        ...init,
        signal: signal ? AbortSignal.any([signal, life]) : life,
        headers: new Headers(headers),
      }
      let proven: Request | undefined
      if (backend.authorize) proven = await prove(new Request(target, options), session)
      else options.headers.set('Authorization', `Bearer ${session.tokens.accessToken}`)
      // A logout may have come meanwhile; from then on nothing leaves with a token.
      if (current()?.id !== start.id) throw loginRequired()
      return proven ? fetch(proven) : fetch(target, options)
    }
    const send = async (session: Session<User>): Promise<Response> => {
      const response = await attempt(session)
      const asks = backend.retry?.(response)
      if (!asks || response.status !== 401 || isOneShot || current()?.id !== start.id) return response
      discard(response)
      const second = await attempt(session)
      backend.retry?.(second)
      return second
    }

    const isOneShot = isStream(init?.body)
    const lifetime = (start.tokens.expiresAt ?? 0) - start.receivedAt
    const session = await renewal.ensure(start, isOneShot ? Math.min(STREAM_NEED, lifetime / 2) : 0, signal)
    const first = await send(session)
    // A redirect may have led elsewhere, and then without our token: browsers take it off when the origin changes.
    const end = first.redirected ? new URL(first.url) : url
    const isElsewhere = end.origin !== url.origin || (end !== url && !destinations.includes(end))
    if (first.status !== 401 || isOneShot || isElsewhere) return first
    const next = await renewal.replace(session, signal)
    if (!next) return first
    discard(first)
    const second = await send(next)
    renewal.judge(next, second.status !== 401)
    return second
  }
}

/** Frees the connection of an answer that nobody will read. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}

/** Whether a body can be read only once, so that it can not be sent again. */
function isStream(body: BodyInit | null | undefined): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}
