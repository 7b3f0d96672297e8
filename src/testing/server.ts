import { type HttpHandler, type HttpResponseResolver, http } from 'msw'
import type { LoginFields } from '../call-options.js'
import type { TokenResponse } from '../session/tokens.js'
import { callsOf, createAnswers, type Visit } from './answers.js'
import {
  checkDelay,
  checkDuration,
  checkTarget,
  createFaultQueue,
  type FaultOrder,
  isEndless,
  meet,
  nameOf,
} from './faults.js'
import { checkOptions, checkSkew, type MockAuthServerOptions } from './options.js'
import type { MockEndpoint, MockRequest } from './requests.js'
import { createRequestsInHand, type Held } from './requests-in-hand.js'
import { createSessions, type IssuedTokens, type TokenSettings } from './sessions.js'
import { createSigner, type KeySet } from './signer.js'
import type { MockUser } from './users.js'
import { readBody } from './wire-format.js'

/** What a fault or a delay is for: an endpoint, a path below `baseUrl`, or `*` for all. */
export type FaultTarget = MockEndpoint | '*' | (string & {})

/** What msw hands to a resolver. */
export type ResolverInfo = Parameters<HttpResponseResolver>[0]

/** What a resolver behind {@link MockAuthServer.protect} gets. */
export type ProtectedInfo = ResolverInfo & ProtectedBy

/** Who is let through. */
export interface ProtectedBy {
  /** Whose token the request carried. */
  readonly user: MockUser
}

/** An auth server in a test; see {@link mockAuthServer}. */
export interface MockAuthServer {
  /**
   * For msw: `setupServer(...server.handlers)`, or `setupWorker`. Handlers of your own go before them, or by `network.use`;
   * with `routes: false` also behind them.
   */
  readonly handlers: readonly HttpHandler[]
  /** The same server without msw: for the client's `fetch` option. It rejects for addresses that are not its own. */
  readonly fetch: typeof globalThis.fetch
  /** All requests, in the order in which they arrived. */
  readonly requests: readonly MockRequest[]
  /** All tokens that it gave out, the newest last: none of them belongs into an error, a log or an address. */
  readonly issued: readonly IssuedTokens[]
  /** How many requests arrived at the login endpoint. */
  readonly logins: number
  /** How many requests arrived at the refresh endpoint, refused ones and all. */
  readonly refreshes: number
  /** How many requests arrived at the logout endpoint. */
  readonly logouts: number
  /** Cookie mode: the refresh cookie that the browser has, which script there cannot see. */
  readonly cookie: string | undefined
  /** The requests to one endpoint, or path below `baseUrl`. */
  requestsTo(target: FaultTarget): readonly MockRequest[]
  /** Forgets the requests until now, and nothing else: the counts begin anew. */
  forgetRequests(): void
  /**
   * The next requests to `target` meet this fault; faults queue up, and each is used up after its `times`. A path is taken
   * as it is written, capitals and a slash at its end, too: whether it was asked for, `requestsTo` says.
   *
   * @example
   * server.fail('refresh', { status: 503, retryAfter: 5, times: 2 })
   * server.fail('todos', 'hang')
   * @throws an `Error` for a fault that there is not, for an endpoint that this server has not, and for a target with a
   *   query or a host
   */
  fail(target: FaultTarget, fault: FaultOrder): void
  /** Drops the faults that are still to come, those of `target` or all. */
  recover(target?: FaultTarget): void
  /** From now on each answer of `target` comes so much later, in milliseconds; what the server does, it does on arrival. */
  delay(target: FaultTarget, milliseconds: number | ((request: MockRequest) => number)): void
  /** From now on the server refuses all access tokens that are out, as when they have expired. */
  expireAccessTokens(): void
  /**
   * Ends all sessions of this person, or everybody's: their refresh tokens are refused, and their access tokens, too.
   *
   * @throws an `Error` if nobody has that name
   */
  revoke(username?: string): void
  /**
   * How long the access tokens live that are given out from now on, in milliseconds. One that lives less than a second
   * counts for clients as expired on arrival, and is used for 30 s all the same.
   */
  setLifetime(milliseconds: number): void
  /** How far the server's clock is ahead of this one from now on, in milliseconds; less than zero if behind. */
  setClockSkew(milliseconds: number): void
  /**
   * Signs somebody in without a request, as for `auth.setTokens(…)`; in cookie mode the browser gets the cookie.
   *
   * @param user A username, or the person. Default: the first of `users`
   * @throws an `Error` if nobody has that name
   */
  issueTokens<User = unknown>(user?: string | MockUser): Promise<TokenResponse<User>>
  /** A resolver of yours that answers 401 without a good token, and 403 without `role`; it is told the `user`. */
  protect(
    resolver: (info: ProtectedInfo) => Response | undefined | Promise<Response | undefined>,
    role?: string,
  ): (info: ResolverInfo) => Promise<Response | undefined>
  /** The public keys that verify the access tokens; also at `.well-known/jwks.json`. */
  keySet(): Promise<KeySet>
  /**
   * Resolves when no request is in hand, but for those that hang, and what was answered has been read. By real time: under a
   * fake clock, let the time of delays pass first.
   *
   * @throws an `Error` that names the requests in hand, if none of them is answered for 2 s
   * @example
   * await vi.advanceTimersByTimeAsync(300_000)
   * await server.settled()
   */
  settled(): Promise<void>
  /** As it was in the beginning: no session, no request, no fault, no cookie; what is in hand is never answered. */
  reset(): void
}

/**
 * Mocks an auth server for tests: stateful, with rotation and reuse detection, real JWTs, and faults on command.
 *
 * It speaks as `jsonBackend` does with the same options. Anything else below `baseUrl` is a protected resource. In cookie
 * mode it keeps the cookie itself, which Node has not and script cannot see: all its callers are one browser.
 *
 * @example
 * const server = mockAuthServer({ baseUrl: 'https://api.example.com' })
 * const network = setupServer(...server.handlers)
 * @throws an `Error` for options that cannot work
 */
export function mockAuthServer<Credentials extends object = LoginFields>(
  options: MockAuthServerOptions<Credentials>,
): MockAuthServer {
  checkOptions(options)
  const { lifetime = 300_000, clockSkew = 0, rotates = true } = options
  const settings: TokenSettings = { lifetime, clockSkew }
  const root = rootOf(String(options.baseUrl))
  root()
  const signer = createSigner()
  const calls = callsOf(options)
  const sessions = createSessions({
    settings,
    refreshVia: calls.refreshVia,
    rotates,
    refreshLifetime: options.refreshLifetime ?? 14 * 24 * 60 * 60_000,
    grace: options.grace ?? 0,
    audience: () => root().slice(0, -1),
    createAccessToken: options.createAccessToken ?? signer.sign,
  })
  const answers = createAnswers(options, calls, sessions, signer.keySet, root)
  const faults = createFaultQueue()
  const delays = new Map<string, number | ((request: MockRequest) => number)>()
  const requests: MockRequest[] = []
  const inHand = createRequestsInHand()
  let cookie: string | undefined
  /** Another one after each reset. */
  let era = {}

  /** Notes a request, and answers it by `work`, unless a fault or a delay is in the way. */
  const take = async (
    request: Request,
    work: (visit: Visit) => Promise<Response | undefined>,
    held: Held,
    given?: MockEndpoint,
  ): Promise<Response | undefined> => {
    const born = era
    const { method, url, headers } = request
    const base = root()
    const path = url.startsWith(base) ? url.slice(base.length).replace(/[?#].*/s, '') : nameOf(new URL(url).pathname)
    const seen: Visit['seen'] = {
      endpoint: given ?? answers.endpointOf({ method, url, headers, fields: {} }),
      method,
      url,
      path,
      headers,
      authorization: headers.get('authorization'),
      text: '',
      body: undefined,
      request,
      at: Date.now(),
      status: undefined,
      username: undefined,
      session: undefined,
      generation: undefined,
    }
    const visit: Visit = { seen, cookie }
    requests.push(seen)
    held.name = `${method} ${path}`
    const gone = (): Promise<never> => {
      held.giveUp()
      return new Promise(() => undefined)
    }
    Object.assign(seen, await readBody(request))
    if (born !== era) return gone()
    seen.endpoint = given ?? answers.endpointOf({ method, url, headers, fields: seen.body })
    const names = [seen.endpoint, path]
    const fault = faults.take(names)
    const late = [...names, '*'].map((name) => delays.get(name)).find((delay) => delay !== undefined) ?? 0
    if (isEndless(fault)) return gone()
    const delay = (fault?.delay ?? 0) + (typeof late === 'function' ? late(seen) : late)
    // From now on, so that the answer is on time by a fake clock, however long the work takes by a real one.
    const pause = delay > 0 && inHand.pause(delay)
    if (pause) held.name += `, delayed by ${delay} ms`
    const response = await meet(fault, request, () => work(visit))
    await pause
    if (born !== era) return gone()
    if (visit.setCookie && response?.type !== 'error') cookie = visit.setCookie.value
    seen.status = response?.status
    if (response?.type !== 'error') visit.onDelivered?.()
    return response
  }

  const handle = (request: Request): Promise<Response | undefined> => {
    // What a browser, or a page that plays one, asks before it calls another origin.
    if (request.method === 'OPTIONS') return Promise.resolve(new Response(null, { status: 204, headers: PREFLIGHT }))
    return inHand.run((held) => take(request, answers.answer, held))
  }

  const of = (target: string): readonly MockRequest[] =>
    requests.filter(({ endpoint, path }) => target === '*' || endpoint === target || path === nameOf(target))

  const check = (target: string): void => {
    checkTarget(target)
    if (target === '' || !answers.has(target)) throw new Error(`This server has no endpoint "${target}".`)
  }

  return {
    handlers: [
      http.all(
        ({ request }) => answers.isServing(request.url),
        ({ request }) => handle(request),
      ),
    ],
    async fetch(input, init) {
      const request = new Request(input instanceof Request ? input : new URL(input, here()), init)
      const { signal, url } = request
      signal.throwIfAborted()
      if (!answers.isServing(url))
        throw new TypeError(`Failed to fetch: ${url} is not an address of the mocked server.`)
      let abort = (): void => undefined
      const aborted = new Promise<never>((_, reject) => {
        abort = () => reject(signal.reason)
        signal.addEventListener('abort', abort)
      })
      const answered = Promise.race([handle(request), aborted])
      const response = await answered.finally(() => signal.removeEventListener('abort', abort))
      if (!response || response.type === 'error') throw new TypeError('Failed to fetch')
      return request.method === 'HEAD' ? new Response(null, response) : response
    },
    requests,
    issued: sessions.issued,
    get logins() {
      return of('login').length
    },
    get refreshes() {
      return of('refresh').length
    },
    get logouts() {
      return of('logout').length
    },
    get cookie() {
      return cookie
    },
    requestsTo(target) {
      checkTarget(target)
      return of(target)
    },
    forgetRequests() {
      requests.length = 0
    },
    fail(target, fault) {
      check(target)
      faults.add(target, fault)
    },
    recover(target) {
      if (target !== undefined) checkTarget(target)
      faults.clear(target)
    },
    delay(target, milliseconds) {
      check(target)
      if (typeof milliseconds === 'number') checkDelay(milliseconds)
      delays.set(nameOf(target), milliseconds)
    },
    expireAccessTokens: sessions.expireAccessTokens,
    revoke: answers.revoke,
    setLifetime(milliseconds) {
      checkDuration('lifetime', milliseconds)
      settings.lifetime = milliseconds
    },
    setClockSkew(milliseconds) {
      checkSkew(milliseconds)
      settings.clockSkew = milliseconds
    },
    issueTokens: <User>(user?: string | MockUser) =>
      answers.issueTokens<User>(user, (value) => {
        cookie = value
      }),
    protect: (resolver, role) => (info) => {
      const work = async (visit: Visit): Promise<Response | undefined> => {
        const user = answers.holderOf(visit, role)
        return user instanceof Response ? user : resolver({ ...info, user })
      }
      return inHand.run((held) => take(info.request, work, held, 'api'))
    },
    keySet: signer.keySet,
    settled: inHand.settled,
    reset() {
      era = {}
      cookie = undefined
      Object.assign(settings, { lifetime, clockSkew })
      sessions.clear()
      faults.clear()
      delays.clear()
      requests.length = 0
      inHand.clear()
    },
  }
}

const here = (): string | undefined => globalThis.location?.href

/** Where the server is, with a slash at the end; asked again each time, as the page may have moved. */
function rootOf(baseUrl: string): () => string {
  const path = `${baseUrl.replace(/\/+$/, '')}/`
  return () => {
    if (URL.canParse(path, here())) return new URL(path, here()).href
    throw new Error('`baseUrl` is relative, and there is no page that it could be relative to: give all of it.')
  }
}

const PREFLIGHT = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': '*',
  'Access-Control-Allow-Headers': '*',
}
