import { type HttpHandler, HttpResponse, http } from 'msw'
import { jwt } from './jwt.ts'

/** Where a request arrived: `api` is everything that is protected and no token endpoint. */
export type ServerEndpoint = 'login' | 'refresh' | 'logout' | 'me' | 'api'

/**
 * What goes wrong instead of an answer.
 *
 * - a `Response`, or a function that makes one: the server answers that, and does nothing else
 * - `network-error`: the request never arrived
 * - `lost-answer`: the server did its work (tokens are rotated), and the answer was lost
 * - `hang`: no answer ever
 * - `hang-body`: headers and half a body, and then nothing
 */
export type Fault =
  | Response
  | 'network-error'
  | 'lost-answer'
  | 'hang'
  | 'hang-body'
  | ((request: Request) => Response | Promise<Response>)

/** A request as it arrived. */
export interface SeenRequest {
  readonly endpoint: ServerEndpoint
  readonly method: string
  readonly url: string
  readonly path: string
  readonly headers: Headers
  /** The `Authorization` header, or `null`. */
  readonly authorization: string | null
  readonly body: Uint8Array
  readonly text: string
  readonly at: number
  readonly request: Request
}

export interface AuthServerOptions {
  baseUrl?: string
  /** How long an access token lives, in milliseconds. @default 300_000 */
  lifetime?: number
  /** Where the refresh credential comes from. @default 'body' */
  refreshVia?: 'body' | 'cookie' | 'access-token'
  /** Whether a refresh gives a new refresh token, and a second use of the old one ends the family. @default true */
  rotates?: boolean
  /** How far the server's clock is ahead, in milliseconds. @default 0 */
  clockOffset?: number
  /** Changes the body of a good login or refresh. */
  answer?: (fields: TokenFields) => unknown
  /** Who signs in. @default { id: 1, name: 'Ada' } */
  user?: object
}

export interface TokenFields {
  readonly access_token: string
  readonly refresh_token?: string
  readonly expires_in: number
  readonly token_type: string
  readonly user?: object
}

interface Family {
  readonly username: string
  isEnded: boolean
}

type Latency = number | ((request: SeenRequest, index: number) => number)

/** A token server that remembers what it gave out. Its password is `secret`; everybody may sign in. */
export type AuthServer = ReturnType<typeof createAuthServer>

/**
 * Creates a small stateful token server: `/login`, `/refresh`, `/logout`, `/me`, and below `baseUrl` anything else as a
 * protected resource that answers what it was sent.
 *
 * Hand `handlers` to msw, or `fetch` to the client's `fetch` option.
 */
export function createAuthServer(options: AuthServerOptions = {}) {
  const { baseUrl = 'https://api.test', refreshVia = 'body', rotates = true, user = { id: 1, name: 'Ada' } } = options
  const { answer = (fields: TokenFields): unknown => fields } = options
  const root = new URL(`${baseUrl}/`).href
  const requests: SeenRequest[] = []
  const faults = new Map<ServerEndpoint, { fault: Fault; times: number }>()
  const latencies = new Map<ServerEndpoint, Latency>()
  const accessTokens = new Map<string, { family: Family; expiresAt: number }>()
  const refreshTokens = new Map<string, { family: Family; isSpent: boolean }>()
  const issued: string[] = []
  const current: { accessToken: string | undefined; refreshToken: string | undefined } = {
    accessToken: undefined,
    refreshToken: undefined,
  }
  /** The browser's cookie jar, which Node does not have; msw drops `credentials`, so each request takes from it. */
  const jar: { cookie: string | undefined } = { cookie: undefined }
  let lifetime = options.lifetime ?? 300_000
  let clockOffset = options.clockOffset ?? 0

  const now = (): number => Date.now() + clockOffset
  const count = (endpoint: ServerEndpoint): number => requests.filter((seen) => seen.endpoint === endpoint).length

  const issue = (family: Family, previous?: string): TokenFields => {
    const accessToken = jwt({
      sub: family.username,
      iat: Math.floor(now() / 1000),
      exp: Math.floor((now() + lifetime) / 1000),
    })
    accessTokens.set(accessToken, { family, expiresAt: now() + lifetime })
    let refreshToken = previous
    if (!previous || rotates) {
      refreshToken = `refresh-${issued.length}-${Math.random().toString(36).slice(2)}`
      refreshTokens.set(refreshToken, { family, isSpent: false })
      issued.push(refreshToken)
    }
    issued.push(accessToken)
    Object.assign(current, { accessToken, refreshToken })
    return {
      access_token: accessToken,
      ...(refreshVia === 'body' && refreshToken !== undefined && refreshToken !== previous
        ? { refresh_token: refreshToken }
        : {}),
      token_type: 'Bearer',
      expires_in: lifetime / 1000,
    }
  }

  const give = (fields: TokenFields): Response => {
    if (refreshVia === 'cookie') jar.cookie = current.refreshToken
    const body = answer(fields)
    return body instanceof Response ? body : HttpResponse.json(body as object)
  }

  const fieldsOf = ({ text }: SeenRequest): Record<string, unknown> => {
    try {
      return JSON.parse(text) as Record<string, unknown>
    } catch {
      return Object.fromEntries(new URLSearchParams(text))
    }
  }

  const credentialOf = (seen: SeenRequest): string => {
    if (refreshVia === 'cookie') return jar.cookie ?? ''
    const { refresh_token, token } = fieldsOf(seen)
    return String((refreshVia === 'body' ? refresh_token : token) ?? '')
  }

  const refuse = (status: number, body: object): Response => HttpResponse.json(body, { status })

  const endpoints: Record<ServerEndpoint, (seen: SeenRequest) => Response> = {
    login(seen) {
      const { username = 'ada', password } = fieldsOf(seen)
      if (password !== 'secret') return refuse(401, { error: 'invalid_grant' })
      return give({ ...issue({ username: String(username), isEnded: false }), user })
    },
    refresh(seen) {
      const credential = credentialOf(seen)
      const known = refreshVia === 'access-token' ? accessTokens.get(credential) : refreshTokens.get(credential)
      if (!known || known.family.isEnded) return refuse(401, { error: 'invalid_grant' })
      if ('isSpent' in known && rotates) {
        if (known.isSpent) known.family.isEnded = true
        if (known.isSpent) return refuse(401, { error: 'invalid_grant', error_description: 'reuse detected' })
        known.isSpent = true
      }
      return give(issue(known.family, refreshVia === 'access-token' ? undefined : credential))
    },
    logout(seen) {
      const credential = credentialOf(seen)
      const known = refreshTokens.get(credential) ?? accessTokens.get(credential)
      if (known) known.family.isEnded = true
      if (refreshVia === 'cookie') jar.cookie = undefined
      return new HttpResponse(null, { status: 204 })
    },
    me: (seen) => (isAuthorized(seen) ? HttpResponse.json(user) : refuse(401, { error: 'invalid_token' })),
    api(seen) {
      if (!isAuthorized(seen)) return refuse(401, { error: 'invalid_token' })
      return HttpResponse.json({ method: seen.method, path: seen.path, text: seen.text })
    },
  }

  const isAuthorized = ({ authorization }: SeenRequest): boolean => {
    const known = accessTokens.get(authorization?.replace(/^Bearer /, '') ?? '')
    return known !== undefined && known.expiresAt > now()
  }

  const endpointOf = (path: string): ServerEndpoint =>
    path === '/login' || path === '/refresh' || path === '/logout' || path === '/me'
      ? (path.slice(1) as ServerEndpoint)
      : 'api'

  const takeFault = (endpoint: ServerEndpoint): Fault | undefined => {
    const next = faults.get(endpoint)
    if (!next || next.times <= 0) return undefined
    next.times -= 1
    return next.fault
  }

  const respond = async (seen: SeenRequest): Promise<Response> => {
    const fault = takeFault(seen.endpoint)
    if (fault === undefined) return endpoints[seen.endpoint](seen)
    if (fault instanceof Response) return fault.clone()
    if (typeof fault === 'function') return fault(seen.request)
    if (fault === 'lost-answer') endpoints[seen.endpoint](seen)
    if (fault === 'hang') await new Promise(() => undefined)
    if (fault !== 'hang-body') return HttpResponse.error()
    const half = new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{"access_')) })
    return new HttpResponse(half, { headers: { 'Content-Type': 'application/json', 'Content-Length': '1000' } })
  }

  /** Answers as the server does; a lost answer is `Response.error()`, as msw wants it. */
  const handle = async (request: Request): Promise<Response> => {
    const path = `/${request.url.slice(root.length)}`.replace(/[?#].*/, '')
    const body = new Uint8Array(await request.clone().arrayBuffer())
    const seen: SeenRequest = {
      endpoint: endpointOf(path),
      method: request.method,
      url: request.url,
      path,
      headers: request.headers,
      authorization: request.headers.get('authorization'),
      body,
      text: new TextDecoder().decode(body),
      at: Date.now(),
      request,
    }
    requests.push(seen)
    const latency = latencies.get(seen.endpoint) ?? 0
    const delay = typeof latency === 'number' ? latency : latency(seen, count(seen.endpoint) - 1)
    const response = await respond(seen)
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    return response
  }

  return {
    baseUrl,
    handlers: [http.all(`${root}*`, ({ request }) => handle(request))] as HttpHandler[],
    /** The same server without msw, for the client's `fetch` option. Heeds the request's signal. */
    fetch: (async (input, init) => {
      const request = new Request(input, init)
      request.signal.throwIfAborted()
      const aborted = new Promise<never>((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)),
      )
      const response = await Promise.race([handle(request), aborted])
      if (response.type === 'error') throw new TypeError('Failed to fetch')
      return response
    }) as typeof globalThis.fetch,
    /** All requests, in the order in which they arrived. */
    requests,
    /** The requests to one endpoint. */
    to: (endpoint: ServerEndpoint): SeenRequest[] => requests.filter((seen) => seen.endpoint === endpoint),
    get logins() {
      return count('login')
    },
    get refreshes() {
      return count('refresh')
    },
    get logouts() {
      return count('logout')
    },
    /** The tokens that were given out last. */
    current,
    /** Every token that was ever given out: none of them may turn up in an error, an event or a log. */
    issued,
    jar,
    /** From now on the access tokens that are out are refused. */
    expireAccessTokens(): void {
      for (const known of accessTokens.values()) known.expiresAt = Number.NEGATIVE_INFINITY
    },
    /** From now on nobody's refresh token is good. */
    endSessions(): void {
      for (const { family } of [...refreshTokens.values(), ...accessTokens.values()]) family.isEnded = true
    },
    /** Gives out tokens as a login does, without a request. */
    issueTokens: (username = 'ada'): TokenFields => issue({ username, isEnded: false }),
    /** The next `times` requests to `endpoint` meet `fault`. */
    failNext(endpoint: ServerEndpoint, fault: Fault, times = 1): void {
      faults.set(endpoint, { fault, times })
    },
    /** From now on requests to `endpoint` are answered again. */
    recover(endpoint: ServerEndpoint): void {
      faults.delete(endpoint)
    },
    /** The answers of `endpoint` come so much later; the work is done on arrival. */
    slowDown(endpoint: ServerEndpoint, latency: Latency): void {
      latencies.set(endpoint, latency)
    },
    /** How long access tokens live that are given out from now on, in milliseconds. */
    setLifetime(milliseconds: number): void {
      lifetime = milliseconds
    },
    /** Sets the server's clock ahead of the client's. */
    setClockOffset(milliseconds: number): void {
      clockOffset = milliseconds
    },
  }
}
