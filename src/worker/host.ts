import type { AuthBackend } from '../backends/contract.js'
import { browserEnvironment } from '../browser.js'
import { AuthError, isAuthError } from '../errors.js'
import { createDestinations } from '../http/destinations.js'
import { createTokenCaller } from '../http/token-calls.js'
import type { WorkerAnswer, WorkerRequest } from '../refresh/exchange.js'
import type { TokenResponse } from '../session/tokens.js'

/** How the worker calls the server; the same as in the page. */
export interface HostOptions {
  /** Hosts that may get a token over plain `http:`, as `allowInsecure` of the client. @default none */
  allowInsecure?: readonly string[] | undefined
  /** What sends the requests. @default globalThis.fetch, looked up at each call */
  fetch?: typeof globalThis.fetch | undefined
}

interface Flight {
  /** For so long it is believed to be under way, by the clock that nobody can set. */
  readonly until: number
  readonly answer: Promise<TokenResponse | undefined>
  /** When the answer came, in epoch milliseconds. */
  receivedAt?: number
  accessToken?: string | undefined
  /** When the access token expires, as far as the answer says. */
  expiresAt?: number
}

type RefreshRequest = WorkerRequest & { call: 'refresh' }

/**
 * Makes the refresh calls of all tabs, in a SharedWorker, which outlives the tab that asked: whoever is closed, or leaves,
 * in the middle of a refresh does not take the new tokens with it. This is the whole worker file:
 *
 * @example
 * import { hostRefresh, jsonBackend } from 'latchkey/worker'
 * hostRefresh(jsonBackend({ baseUrl: 'https://api.example.com' }))
 *
 * @param backend the same as the client's; of another one the worker would not know how to call it
 */
export function hostRefresh<Credentials extends object, User>(
  backend: AuthBackend<Credentials, User>,
  { allowInsecure = [], fetch = (input, init) => globalThis.fetch(input, init) }: HostOptions = {},
): void {
  const flights = new Map<string, Flight>()
  const environment = browserEnvironment
  const destinations = createDestinations({ prefixes: [], allowInsecure, environment })
  const inCookie = backend.refreshVia === 'cookie'

  const nameOf = ({ storageKey, which }: { storageKey: string; which: string }): string => `${storageKey} ${which}`

  const depart = (request: RefreshRequest): Flight => {
    const { tokens, delay, timeout, storageKey } = request
    const name = nameOf(request)
    const refresh = { timeout }
    const call = createTokenCaller({ backend, environment, destinations, inCookie, storageKey, refresh, fetch })
    const fly = async (): Promise<TokenResponse | undefined> => {
      await new Promise((resolve) => setTimeout(resolve, delay))
      const { signal } = new AbortController()
      const answer = await call('refresh', async (context) => backend.refresh?.(tokens, context), signal)
      const { lifetime = Number.POSITIVE_INFINITY, accessToken } = answer ?? {}
      const receivedAt = Date.now()
      Object.assign(flight, { receivedAt, accessToken, expiresAt: answer?.expiresAt ?? receivedAt + lifetime })
      // By way of JSON, as records are: what a port cannot carry would be lost with all the rest.
      return answer && JSON.parse(JSON.stringify(answer))
    }
    // A call may be several requests, each with a deadline; one that a backend makes otherwise may have none.
    const flight: Flight = { answer: fly(), until: environment.clock.monotonic() + delay + 3 * timeout }
    // The generations before are over.
    const session = name.slice(0, name.lastIndexOf(' ') + 1)
    for (const other of flights.keys()) if (other.startsWith(session)) flights.delete(other)
    flights.set(name, flight)
    flight.answer.catch(() => {
      if (flights.get(name) === flight) flights.delete(name)
    })
    return flight
  }

  /** The call under way, or the answer kept from before, if it serves. */
  const join = (request: RefreshRequest): Flight | undefined => {
    const flight = flights.get(nameOf(request))
    if (flight && !flight.receivedAt && environment.clock.monotonic() >= flight.until) return undefined
    // Of a session that has a name, an answer is kept until it is stored: its refresh token is worth more than its age.
    if (request.which || !flight?.receivedAt) return flight
    const { held } = request
    const isSpent = held === undefined || flight.accessToken === held
    return isSpent || Date.now() >= (flight.expiresAt ?? Number.POSITIVE_INFINITY) ? undefined : flight
  }

  const forget = ({ storageKey, which }: WorkerRequest & { call: 'forget' }): void => {
    for (const name of flights.keys()) {
      if (which === undefined ? name.startsWith(`${storageKey} `) : name === nameOf({ storageKey, which })) {
        flights.delete(name)
      }
    }
  }

  const refresh = async (request: RefreshRequest): Promise<WorkerAnswer> => {
    const { number } = request
    try {
      const flight = join(request) ?? depart(request)
      const answer = await flight.answer
      const age = Date.now() - (flight.receivedAt ?? 0)
      // What is no number is `null` by now.
      const lifetime = Number.isFinite(answer?.lifetime) ? Number(answer?.lifetime) - age : undefined
      return { number, answer: answer && { ...answer, lifetime }, age }
    } catch (error) {
      const known = isAuthError(error) ? error : new AuthError('server_error', 'The renewal broke off.')
      const { code, message, status, retryAt, oauthError } = known
      return { number, error: { code, message, status, retryAt, oauthError } }
    }
  }

  const hear = async (port: MessagePort, request: WorkerRequest): Promise<void> => {
    if (request.call === 'ping') port.postMessage({ number: request.number })
    else if (request.call === 'refresh') port.postMessage(await refresh(request))
    else forget(request)
  }

  globalThis.addEventListener('connect', (event) => {
    const [port] = (event as MessageEvent).ports
    if (port) port.onmessage = ({ data }: MessageEvent<WorkerRequest>) => void hear(port, data)
  })
}
