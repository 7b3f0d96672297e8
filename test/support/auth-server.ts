import { type FaultAnswer, type FaultKind, type IssuedTokens, type MockRequest, mockAuthServer } from 'latchkey/testing'
import { jwt } from './jwt.ts'

/** Where a request arrived: `api` is everything that is protected and no token endpoint. */
export type ServerEndpoint = 'login' | 'refresh' | 'logout' | 'me' | 'api'

/** What goes wrong instead of an answer: of the kit's kinds, `network-error` is its `connection-error`. */
export type Fault = 'network-error' | Exclude<FaultKind, 'connection-error'> | Response | FaultAnswer

/** A request as it arrived. */
export type SeenRequest = MockRequest

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

type Latency = number | ((request: SeenRequest, index: number) => number)

/** A token server that remembers what it gave out. Its password is `secret`; everybody may sign in. */
export type AuthServer = ReturnType<typeof createAuthServer>

/**
 * The server of `latchkey/testing` as these tests want it: everybody may sign in, its tokens are made without another
 * thread and look the same each time, and what it gave out last is at hand.
 */
export function createAuthServer(options: AuthServerOptions = {}) {
  const { baseUrl = 'https://api.test', user = { id: 1, name: 'Ada' }, clockOffset, ...rest } = options
  const { answer = (fields: TokenFields): unknown => fields } = options
  const server = mockAuthServer({
    ...rest,
    baseUrl,
    clockSkew: clockOffset,
    users: ({ username = 'ada', password }) =>
      password === 'secret' ? { username: String(username), password } : undefined,
    profile: () => user,
    createAccessToken: ({ sub, iat, exp }) => jwt({ sub, iat, exp }),
    answer: ({ endpoint, ...tokens }) => answer({ ...fieldsOf(tokens), ...(endpoint === 'login' && { user }) }),
  })
  const { requests } = server

  return {
    baseUrl,
    handlers: server.handlers,
    fetch: server.fetch,
    /** All requests, in the order in which they arrived; to forget them, set the length to 0. */
    requests: requests as SeenRequest[],
    /** The requests to one endpoint. */
    to: (endpoint: ServerEndpoint): readonly SeenRequest[] => server.requestsTo(nameOf(endpoint)),
    get logins() {
      return server.logins
    },
    get refreshes() {
      return server.refreshes
    },
    get logouts() {
      return server.logouts
    },
    /** The tokens that were given out last. */
    get current() {
      const { issued } = server
      const refreshToken = issued.findLast((tokens) => tokens.refreshToken)?.refreshToken
      return { accessToken: issued.at(-1)?.accessToken, refreshToken }
    },
    /** Every token that was ever given out: none of them may turn up in an error, an event or a log. */
    get issued() {
      return server.issued.flatMap(({ refreshToken, accessToken }) =>
        refreshToken ? [refreshToken, accessToken] : [accessToken],
      )
    },
    /** From now on the access tokens that are out are refused. */
    expireAccessTokens: server.expireAccessTokens,
    /** From now on nobody's refresh token is good. */
    endSessions: () => server.revoke(),
    /** Gives out tokens as a login does, without a request; in cookie mode the browser gets the cookie. */
    issueTokens(username = 'ada'): TokenFields {
      void server.issueTokens({ username, password: 'secret' })
      return fieldsOf(server.issued.at(-1) as IssuedTokens)
    },
    /** The next `times` requests to `endpoint` meet `fault`, and no other that was to come. */
    failNext(endpoint: ServerEndpoint, fault: Fault, times = 1): void {
      const target = nameOf(endpoint)
      server.recover(target)
      if (typeof fault !== 'string') server.fail(target, { response: fault, times })
      else server.fail(target, { kind: fault === 'network-error' ? 'connection-error' : fault, times })
    },
    /** From now on requests to `endpoint` are answered again. */
    recover: (endpoint: ServerEndpoint) => server.recover(nameOf(endpoint)),
    /** The answers of `endpoint` come so much later; the work is done on arrival. */
    slowDown(endpoint: ServerEndpoint, latency: Latency): void {
      const target = nameOf(endpoint)
      server.delay(target, (request) =>
        typeof latency === 'number' ? latency : latency(request, server.requestsTo(target).indexOf(request)),
      )
    },
    /** How long access tokens live that are given out from now on, in milliseconds. */
    setLifetime: server.setLifetime,
    /** Sets the server's clock ahead of the client's. */
    setClockOffset: server.setClockSkew,
  }
}

const nameOf = (endpoint: ServerEndpoint) => (endpoint === 'me' ? 'user' : endpoint)

function fieldsOf({ accessToken, refreshToken, lifetime }: IssuedTokens): TokenFields {
  return {
    access_token: accessToken,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    token_type: 'Bearer',
    expires_in: lifetime / 1000,
  }
}
