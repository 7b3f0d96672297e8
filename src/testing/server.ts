import { type HttpHandler, http } from 'msw'
import type { LoginFields } from '../call-options.js'
import type { TokenResponse } from '../session/tokens.js'
import { createAnswers } from './answers.js'
import { commit, createFaultQueue, type FaultOrder } from './faults.js'
import type { MockAuthServerOptions } from './options.js'
import type { MockEndpoint, MockRequest } from './requests.js'
import { createSessions, type TokenSettings } from './sessions.js'
import { createSigner } from './signer.js'
import { readRequest } from './wire-format.js'

/** What a fault or a delay is for: an endpoint, a path below `baseUrl`, or `*` for all. */
export type FaultTarget = MockEndpoint | '*' | (string & {})

/** An auth server in a test; see {@link mockAuthServer}. */
export interface MockAuthServer {
  /** For msw: `setupServer(...server.handlers)`, or `setupWorker`. Handlers of your own go before them. */
  readonly handlers: readonly HttpHandler[]
  /** The same server without msw: for the client's `fetch` option. */
  readonly fetch: typeof globalThis.fetch
  /** All requests, in the order in which they arrived. */
  readonly requests: readonly MockRequest[]
  /** How many requests arrived at the login endpoint. */
  readonly logins: number
  /** How many requests arrived at the refresh endpoint, refused ones and all. */
  readonly refreshes: number
  /** How many requests arrived at the logout endpoint. */
  readonly logouts: number
  /** The requests to one endpoint, or path below `baseUrl`. */
  requestsTo(target: FaultTarget): readonly MockRequest[]
  /**
   * The next requests to `target` meet this fault; faults queue up, and each is used up after its `times`.
   *
   * @example
   * server.fail('refresh', { status: 503, retryAfter: 5, times: 2 })
   * server.fail('todos', 'hang')
   */
  fail(target: FaultTarget, fault: FaultOrder): void
  /** Drops the faults that are still to come, those of `target` or all. */
  recover(target?: FaultTarget): void
  /** From now on each answer of `target` comes so much later, in milliseconds; what the server does, it does on arrival. */
  delay(target: FaultTarget, milliseconds: number): void
  /** From now on the server refuses all access tokens that are out, as when they have expired. */
  expireAccessTokens(): void
  /** Ends all sessions of this person: their refresh tokens are refused, and their access tokens, too. */
  revoke(username: string): void
  /** How long the access tokens live that are given out from now on, in milliseconds. */
  setLifetime(milliseconds: number): void
  /** How far the server's clock is ahead of this one from now on, in milliseconds; less than zero if behind. */
  setClockSkew(milliseconds: number): void
  /** Signs somebody in without a request, as for `auth.setTokens(…)`. @throws an `Error` if nobody has that name */
  issueTokens(username?: string): Promise<TokenResponse>
  /** A resolver of yours that answers 401 without a good token, and 403 without `role`. */
  protect<Info extends { readonly request: Request }, Result extends Response | undefined>(
    resolver: (info: Info) => Result | Promise<Result>,
    role?: string,
  ): (info: Info) => Promise<Response | undefined>
  /** The public keys that verify the access tokens; also at `.well-known/jwks.json`. */
  keySet(): Promise<{ readonly keys: readonly JsonWebKey[] }>
  /** Resolves when no request is in hand, but for those that hang. */
  settled(): Promise<void>
  /** As it was in the beginning: no session, no request, no fault, no cookie; the keys stay. */
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
 */
export function mockAuthServer<Credentials extends object = LoginFields>(
  options: MockAuthServerOptions<Credentials>,
): MockAuthServer {
  const { lifetime = 300_000, clockSkew = 0, refreshVia = 'body', rotates = true } = options
  const settings: TokenSettings = { lifetime, clockSkew }
  const signer = createSigner()
  const baseUrl = String(options.baseUrl).replace(/\/+$/, '')
  const rootFor = (url: string): string => new URL(`${baseUrl}/`, url).href
  let root = ''
  const sessions = createSessions({
    settings,
    refreshVia,
    rotates,
    refreshLifetime: options.refreshLifetime ?? 14 * 24 * 60 * 60_000,
    grace: options.grace ?? 0,
    audience: () => root.replace(/\/$/, ''),
    createAccessToken: options.createAccessToken ?? signer.sign,
  })
  const answers = createAnswers({ ...options, refreshVia }, sessions, signer.keySet)
  const faults = createFaultQueue()
  const delays = new Map<string, number>()
  const requests: MockRequest[] = []
  const inHand = new Set<Promise<unknown>>()

  /** Notes a request, and answers it by `work`, unless a fault or a delay is in the way. */
  const take = async (
    request: Request,
    endpoint: MockEndpoint,
    work: (seen: Mutable<MockRequest>) => Promise<Response | undefined>,
  ): Promise<Response | undefined> => {
    const { method, url, headers } = request
    root = rootFor(url)
    const { fields: body } = await readRequest(request)
    const path = url.startsWith(root) ? url.slice(root.length).replace(/[?#].*/s, '') : new URL(url).pathname
    const seen: Mutable<MockRequest> = {
      endpoint,
      method,
      url,
      path,
      headers,
      authorization: headers.get('authorization'),
      body,
      request,
      at: Date.now(),
      status: undefined,
      username: undefined,
      session: undefined,
      generation: undefined,
    }
    requests.push(seen)
    const names = [endpoint, path]
    const late = [...names, '*'].map((name) => delays.get(name)).find((delay) => delay !== undefined)
    const response = await commit(faults.take(names), request, () => work(seen))
    if (late) await new Promise((resolve) => setTimeout(resolve, late))
    seen.status = response?.status
    return response
  }

  const tracked = <T>(work: Promise<T>): Promise<T> => {
    inHand.add(work)
    const done = (): void => void inHand.delete(work)
    work.then(done, done)
    return work
  }

  const handle = async (request: Request): Promise<Response | undefined> => {
    // What a browser, or a page that plays one, asks before it calls another origin.
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: PREFLIGHT })
    const endpoint = answers.endpointOf(request)
    return tracked(take(request, endpoint, (seen) => answers.answer(seen)))
  }

  const of = (target: string): readonly MockRequest[] =>
    requests.filter(({ endpoint, path }) => endpoint === target || path === target.replace(/^\/+/, ''))

  return {
    handlers: [http.all(`${baseUrl}/*`, ({ request }) => handle(request))],
    async fetch(input, init) {
      const request = new Request(input, init)
      const { signal } = request
      signal.throwIfAborted()
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
      const response = await Promise.race([handle(request), aborted])
      if (!response || response.type === 'error') throw new TypeError('Failed to fetch')
      return response
    },
    requests,
    get logins() {
      return of('login').length
    },
    get refreshes() {
      return of('refresh').length
    },
    get logouts() {
      return of('logout').length
    },
    requestsTo: of,
    fail: faults.add,
    recover: faults.clear,
    delay: (target, milliseconds) => void delays.set(target.replace(/^\/+/, ''), milliseconds),
    expireAccessTokens: sessions.expireAccessTokens,
    revoke: (username) => sessions.end(({ user }) => user.username === username),
    setLifetime(milliseconds) {
      settings.lifetime = milliseconds
    },
    setClockSkew(milliseconds) {
      settings.clockSkew = milliseconds
    },
    issueTokens: answers.issueTokens,
    protect: (resolver, role) => (info) =>
      tracked(take(info.request, 'api', async (seen) => answers.refusal(seen, role) ?? resolver(info))),
    keySet: signer.keySet,
    async settled() {
      while (inHand.size > 0) await Promise.all([...inHand].map((work) => work.catch(() => undefined)))
    },
    reset() {
      Object.assign(settings, { lifetime, clockSkew })
      answers.forget()
      sessions.clear()
      faults.clear()
      delays.clear()
      requests.length = 0
      inHand.clear()
    },
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const PREFLIGHT = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': '*',
  'Access-Control-Allow-Headers': '*',
}
