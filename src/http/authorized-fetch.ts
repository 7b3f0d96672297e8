import type { AuthBackend } from '../backends/contract.js'
import type { Demand } from '../refresh/demand.js'
import type { Session } from '../session/session.js'
import type { Trace } from '../trace.js'
import type { Destinations } from './destinations.js'

/** What the client's `fetch` is made of. */
export interface AuthorizedFetchParts<User> {
  readonly backend: Pick<AuthBackend, 'authorize' | 'retry'>
  readonly destinations: Destinations
  readonly demand: Demand<User>
  readonly trace: Trace
  readonly fetch: typeof globalThis.fetch
  /** Waits until the storage has been read. */
  readonly ready: (signal: AbortSignal | null | undefined) => Promise<void> | undefined
  readonly current: () => Session<User> | undefined
  /** The request's own signal, joined with one that is aborted when the client is disposed of. */
  readonly untilDisposed: (signal: AbortSignal | null | undefined) => AbortSignal
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
  const { backend, destinations, demand, trace, fetch, ready, current, untilDisposed } = parts
  const noted = new Set<string>()

  /** Why a request goes without a token is noted once for each origin. */
  const note = (origin: string, why: string): void => {
    if (noted.has(origin + why)) return
    noted.add(origin + why)
    trace.add('no token', `${origin}: ${why}`, current()?.generation)
  }

  return async (input, init) => {
    const request = typeof input === 'object' && 'url' in input ? input : undefined
    const url = destinations.resolve(request ? request.url : (input as string | URL))
    if (!url || !destinations.includes(url)) {
      if (url) note(url.origin, 'it is neither in `baseUrl` nor in `attachTo`.')
      return fetch(input, init)
    }
    const headers = new Headers(init?.headers ?? request?.headers)
    if (headers.has('authorization')) {
      note(url.origin, 'the request brought its own Authorization header.')
      return fetch(input, init)
    }

    const signal = init?.signal ?? request?.signal
    await ready(signal)
    const start = current()
    if (!start) {
      note(url.origin, 'nobody was signed in.')
      return fetch(input, init)
    }
    destinations.requireSecure(url)

    const hasOwnBody = request && !init?.body && !/^(GET|HEAD)$/.test(request.method)
    const attempt = async ({ tokens }: Session<User>): Promise<Response> => {
      const target = hasOwnBody ? request.clone() : input
      const options = { ...init, signal: untilDisposed(signal) }
      if (backend.authorize) return fetch(await backend.authorize(new Request(target, options), tokens))
      const authorized = new Headers(headers)
      authorized.set('Authorization', `Bearer ${tokens.accessToken}`)
      return fetch(target, { ...options, headers: authorized })
    }
    const send = async (session: Session<User>): Promise<Response> => {
      const response = await attempt(session)
      if (response.status !== 401 || isOneShot || !backend.retry?.(response)) return response
      discard(response)
      return attempt(session)
    }

    const isOneShot = isStream(init?.body)
    const lifetime = (start.tokens.expiresAt ?? 0) - start.receivedAt
    const session = await demand.ensure(start, isOneShot ? Math.min(STREAM_NEED, lifetime / 2) : 0, signal)
    const first = await send(session)
    if (first.status !== 401 || isOneShot) return first
    const next = await demand.replace(session, signal)
    if (!next) return first
    discard(first)
    const second = await send(next)
    demand.judge(next, second.status !== 401)
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
