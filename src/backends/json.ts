import { AuthError } from '../errors.js'
import { isObject, parseBody } from '../session/json.js'
import type { TokenResponse, TokenSet } from '../session/tokens.js'
import type { AuthBackend, BackendContext } from './contract.js'
import { readTokens } from './read-tokens.js'

/** How one endpoint is called: its path, or the details. */
export type Endpoint<Input> = string | DetailedEndpoint<Input>

/** An endpoint that is not called by a `POST` of JSON with the usual fields. */
export interface DetailedEndpoint<Input> {
  /** Joined to `baseUrl` as written, slash at the end and all. */
  path: string
  /** The HTTP method; `GET` and `HEAD` send no body. @default 'POST', `GET` for `user` */
  method?: string | undefined
  /** How the body is written. @default 'json' */
  encoding?: 'json' | 'form' | undefined
  /** The body's fields. @default for login the credentials; for refresh and logout the refresh credential */
  body?: ((input: Input) => object) | undefined
  /** Further headers. @default for `user` the Bearer header, else none */
  headers?: ((input: Input) => Record<string, string>) | undefined
  /**
   * Finds the tokens in this endpoint's answer; for `user`, the `user`.
   *
   * @default the backend's `readTokens`; for `user` the whole answer
   */
  readTokens?: ((body: unknown, response?: Response) => TokenResponse) | undefined
}

/** The header of a token endpoint that wants the access token. */
export function bearer({ accessToken }: TokenSet): Record<string, string> {
  return { Authorization: `Bearer ${accessToken}` }
}

/** The options of {@link jsonBackend}. */
export interface JsonBackendOptions<Credentials, User> {
  /** What the endpoints' paths are joined to; may be relative to the page (`'/api'`). */
  baseUrl: string | URL
  /** Where people sign in. @default 'login' */
  login?: Endpoint<Credentials> | undefined
  /** Where tokens are renewed; `false` where they cannot be. @default 'refresh' */
  refresh?: Endpoint<TokenSet> | false | undefined
  /** Where the server is told of a sign-out; `false` where it need not be. @default 'logout' */
  logout?: Endpoint<TokenSet> | false | undefined
  /** Where to ask who is signed in. @default nowhere: the `user` of the login's answer, if there is one */
  user?: Endpoint<TokenSet> | undefined
  /**
   * Where the refresh credential is. In cookie mode a reload begins without a user, unless the refresh answers with one
   * or `user` is set; a key `<storageKey>.mark` in localStorage remembers that there was a session.
   *
   * @default 'body'
   */
  refreshVia?: 'body' | 'cookie' | 'access-token' | undefined
  /**
   * Cookie mode: the header that only script of an allowed origin can send (CSRF). `false` sends none.
   *
   * @default ['X-Auth-Request', '1']
   */
  csrfHeader?: readonly [name: string, value: string | (() => string)] | false | undefined
  /** Finds the tokens in an answer. @default {@link readTokens} */
  readTokens?: ((body: unknown, response?: Response) => TokenResponse<User>) | undefined
  /** Whether a refused refresh means that the session is over. @default see {@link AuthBackend.isFinal} */
  isFinal?: AuthBackend<Credentials, User>['isFinal'] | undefined
}

/**
 * A backend that speaks JSON or forms over HTTP, whatever its paths and field names.
 *
 * @example
 * jsonBackend({
 *   baseUrl: 'https://api.example.com',
 *   login: '/api/token/',
 *   refresh: { path: '/api/token/refresh/', body: ({ refreshToken }) => ({ refresh: refreshToken }) },
 *   logout: { path: '/api/token/blacklist/', body: ({ refreshToken }) => ({ refresh: refreshToken }) },
 * })
 * @throws {@link AuthError} `invalid_option` when a path is a URL of its own.
 */
export function jsonBackend<Credentials extends object = object, User = unknown>(
  options: JsonBackendOptions<Credentials, User>,
): AuthBackend<Credentials, User> {
  const {
    login = 'login',
    refresh = 'refresh',
    logout = 'logout',
    user,
    refreshVia = 'body',
    csrfHeader = ['X-Auth-Request', '1'],
    isFinal,
  } = options
  const [csrfName, csrfValue] = (refreshVia === 'cookie' && csrfHeader) || []

  const urlOf = (endpoint: string | { path: string }): string => {
    const path = typeof endpoint === 'string' ? endpoint : endpoint.path
    if (/^(\w+:)?\/\//.test(path))
      throw new AuthError('invalid_option', `\`${path}\` must be a path below \`baseUrl\`.`)
    return `${String(options.baseUrl).replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`
  }

  /** Makes the function that calls an endpoint; where that does not say how its answer is read, it is by `readDefault`. */
  const caller = <Input, Result>(
    endpoint: Endpoint<Input>,
    defaults: Omit<DetailedEndpoint<Input>, 'path'>,
    readDefault: (body: unknown, response: Response) => Result,
  ) => {
    const url = urlOf(endpoint)
    const {
      method = 'POST',
      encoding,
      body,
      headers,
      readTokens: read = readDefault,
    } = { ...defaults, ...(typeof endpoint === 'object' && endpoint) }
    return async (input: Input, { fetch, signal }: BackendContext): Promise<Result> => {
      const text = /^(GET|HEAD)$/i.test(method) ? '' : JSON.stringify(body?.(input))
      const isForm = encoding === 'form'
      const response = await fetch(url, {
        method,
        signal,
        headers: {
          Accept: 'application/json',
          ...(text && !isForm && { 'Content-Type': 'application/json' }),
          ...(csrfName && { [csrfName]: typeof csrfValue === 'function' ? csrfValue() : csrfValue }),
          ...headers?.(input),
        },
        // By way of JSON, which leaves out what is undefined.
        ...(text && { body: isForm ? new URLSearchParams(JSON.parse(text)) : text }),
      })
      const answer = parseBody(await response.text())
      if (!response.ok) throw new AuthError('server_error', `The server answered ${response.status}.`)
      return read(answer, response) as Result
    }
  }

  const body = ({ accessToken, refreshToken }: TokenSet): object =>
    ({ body: { refresh_token: refreshToken }, cookie: {}, 'access-token': { token: accessToken } })[refreshVia]
  const read = options.readTokens ?? readTokens<User>
  const ask = user && caller(user, { method: 'GET', headers: bearer }, (answer) => ({ user: answer }))

  const id = urlOf(login)
  return {
    id,
    origin: /^https?:/i.test(id) ? new URL(id).origin : undefined,
    refreshVia: refresh ? refreshVia : 'none',
    login: caller(login, { body: (fields) => fields }, read),
    ...(refresh && { refresh: caller(refresh, { body }, read) }),
    ...(logout && { logout: caller(logout, { body }, () => undefined) }),
    ...(ask && {
      async user(tokens, context) {
        const { user } = await ask(tokens, context)
        if (isObject(user)) return user as User
        throw new AuthError('invalid_response', 'The user endpoint gave no JSON object.')
      },
    }),
    ...(isFinal && { isFinal }),
  }
}
