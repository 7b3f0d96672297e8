import { jsonBackend } from '../backends/json.js'
import { isObject } from '../session/json.js'
import type { TokenResponse, TokenSet } from '../session/tokens.js'
import { nameOf } from './faults.js'
import { type MockAuthServerOptions, routesOf, usualAnswer } from './options.js'
import type { MockEndpoint, MockRequest } from './requests.js'
import type { MockSession, Redeemed, Sessions } from './sessions.js'
import { findUser, type MockUser, profileOf, USERS } from './users.js'
import { createFinder, learnFormat, type ReadRequest, type WireFormat } from './wire-format.js'

/** Distinct texts, to see where the app's own format has which token. */
const PROBES: readonly [TokenSet, TokenSet] = [
  { accessToken: 'probe-access', refreshToken: 'probe-refresh' },
  { accessToken: 'other-access', refreshToken: 'other-refresh' },
]
/** Somebody whose every field says the same. */
const anybody = (text: string): MockUser =>
  new Proxy({} as MockUser, { get: (_, name) => (name === 'toJSON' ? undefined : text) })
const KEY_SET = '.well-known/jwks.json'

/** A request in hand. */
export interface Visit {
  readonly seen: { -readonly [Key in keyof MockRequest]: MockRequest[Key] }
  /** The cookie that the browser sent with it. */
  readonly cookie: string | undefined
  /** What becomes of the cookie once the answer has arrived. */
  setCookie?: { readonly value: string | undefined }
  /** Called once the answer has left. */
  onDelivered?: () => void
}

/** What a server answers when nothing is wrong with it. */
export type Answers = ReturnType<typeof createAnswers>

export function createAnswers<Credentials extends object>(
  options: MockAuthServerOptions<Credentials>,
  calls: Calls,
  sessions: Sessions,
  keySet: () => Promise<object>,
  root: () => string,
) {
  const { users = USERS, answer: write = usualAnswer, profile = profileOf } = options
  const { refreshVia } = calls
  const inCookie = refreshVia === 'cookie'
  const csrfHeader = options.csrfHeader ?? (options.backend ? false : ['X-Auth-Request', '1'])
  const [csrfName] = (inCookie && csrfHeader) || []
  const routes = routesOf(options.routes)
  const people = typeof users === 'function' ? [] : users
  const formats = {
    refresh: learnFormat('refresh', calls.refresh, PROBES),
    logout: learnFormat('logout', calls.logout, PROBES),
    user: learnFormat('user', calls.user, PROBES),
    login: learnFormat<MockUser>('login', (user, context) => calls.login(user as never, context), [
      anybody('probe'),
      anybody('other'),
    ]),
  }
  const named = Object.entries(formats) as [keyof typeof formats, WireFormat<unknown> | undefined][]
  const [probe] = PROBES
  const credential = refreshVia === 'access-token' ? probe.accessToken : String(probe.refreshToken)
  const finders = {
    refresh: createFinder(formats.refresh?.render(probe), credential),
    logout: createFinder(formats.logout?.render(probe), credential),
    user: createFinder(formats.user?.render(probe), probe.accessToken),
    bearer: createFinder({ method: '', url: '', headers: new Headers({ Authorization: 'Bearer ?' }), fields: {} }, '?'),
  }
  if (formats.refresh && !inCookie && !finders.refresh) {
    throw new Error('The mocked server finds no refresh credential in what `refresh` sends.')
  }

  const belongsTo = ({ seen }: Visit, session: MockSession | undefined, generation: number | undefined): void => {
    Object.assign(seen, { session: session?.id, username: session?.user.username, generation })
  }

  const give = async (visit: Visit, endpoint: 'login' | 'refresh', session: MockSession, bought?: string) => {
    const issuing = sessions.issue(session, bought)
    const { generation } = session
    visit.onDelivered = () => {
      session.delivered = Math.max(session.delivered, generation)
    }
    const issued = await issuing
    if (inCookie && issued.refreshToken) visit.setCookie = { value: issued.refreshToken }
    const refreshToken = inCookie ? undefined : issued.refreshToken
    return toResponse(await write({ ...issued, refreshToken, endpoint, user: profile(session.user) }))
  }

  const credentialOf = ({ seen, cookie }: Visit, endpoint: 'refresh' | 'logout'): string | undefined =>
    inCookie ? cookie : finders[endpoint]?.(asRead(seen))

  const login = (visit: Visit): Promise<Response> | Response => {
    const { body } = visit.seen
    const format = formats.login as NonNullable<typeof formats.login>
    const user =
      typeof users === 'function'
        ? users(isObject(body) ? body : {})
        : findUser(people, asRead(visit.seen), format, csrfName)
    if (!user) return refuse(401, 'invalid_credentials', 'Wrong username or password.')
    const session = sessions.open(user)
    belongsTo(visit, session, 1)
    return give(visit, 'login', session)
  }

  const refresh = (visit: Visit): Promise<Response> | Response => {
    const redeemed: Redeemed = sessions.redeem(credentialOf(visit, 'refresh'))
    belongsTo(visit, redeemed.session, redeemed.generation)
    if (redeemed.refusal !== undefined) return refuse(401, 'invalid_grant', redeemed.refusal)
    return give(visit, 'refresh', redeemed.session, redeemed.credential)
  }

  const logout = (visit: Visit): Response => {
    const owner = sessions.owner(credentialOf(visit, 'logout') ?? finders.bearer?.(asRead(visit.seen)))
    belongsTo(visit, owner?.session, owner?.generation)
    if (owner) owner.session.isEnded = true
    if (inCookie) visit.setCookie = { value: undefined }
    return new Response(null, { status: 204 })
  }

  const holderOf = (visit: Visit, role?: string): MockUser | Response => {
    const { seen } = visit
    const token = ((seen.endpoint === 'user' && finders.user) || finders.bearer)?.(asRead(seen))
    const holder = sessions.holder(token)
    if (!holder) {
      const error = token ? 'invalid_token' : 'missing_token'
      const refused = refuse(401, error, 'This needs a good access token.')
      refused.headers.set('WWW-Authenticate', token ? 'Bearer error="invalid_token"' : 'Bearer')
      return refused
    }
    const { session, generation } = holder
    belongsTo(visit, session, generation)
    if (role === undefined || session.user.roles?.includes(role)) return session.user
    return refuse(403, 'forbidden', `This needs the role ${role}.`)
  }

  const api = async (visit: Visit): Promise<Response> => {
    const { seen } = visit
    const { isPublic, role, body } = routes?.get(seen.path) ?? {}
    const holder = isPublic ? undefined : holderOf(visit, role)
    if (holder instanceof Response) return holder
    if (typeof body === 'function') return toResponse(await body(seen))
    return toResponse(body ?? { method: seen.method, path: seen.path, username: seen.username, body: seen.body })
  }

  const isAt = (url: string, { url: own }: { readonly url: string }): boolean => pathOf(own, root()) === pathOf(url)

  for (const path of Object.keys(options.routes || {})) {
    const [name] = named.find(([, format]) => format && isAt(root() + nameOf(path), format)) ?? []
    if (name) throw new Error(`\`routes\` has "${path}", and that is where \`${name}\` answers.`)
  }

  return {
    /** Whether the server answers requests to `url` at all. */
    isServing(url: string): boolean {
      if (named.some(([, format]) => format && isAt(url, format)) || pathOf(url) === root() + KEY_SET) return true
      return routes !== undefined && (pathOf(url).startsWith(root()) || `${pathOf(url)}/` === root())
    },
    /** Where a request arrived; two endpoints may share one path, and then its method or its fields tell. */
    endpointOf(request: ReadRequest): MockEndpoint {
      const there = named.filter(([, format]) => format && isAt(request.url, format))
      const fitting = there.filter(([, format]) => format?.method === request.method)
      const told = fitting.find(([name, format]) => {
        const find = name === 'login' || inCookie ? undefined : finders[name]
        return format?.isSpokenBy(request) && (!find || find(request) !== undefined)
      })
      const [name] = told ?? fitting.at(-1) ?? there.at(-1) ?? []
      return name ?? (pathOf(request.url) === root() + KEY_SET ? 'jwks' : 'api')
    },
    /** Whether there is an endpoint or a path of this name. */
    has: (target: string): boolean =>
      target === 'api' ? routes !== undefined : !Object.hasOwn(formats, target) || !!formats[target as 'login'],
    async answer(visit: Visit): Promise<Response> {
      const { endpoint, method, headers } = visit.seen
      if (endpoint === 'jwks') return toResponse(await keySet())
      if (endpoint === 'api') return api(visit)
      const wanted = formats[endpoint]?.method
      if (wanted !== method) return refuse(405, 'method_not_allowed', `This takes ${wanted}, not ${method}.`)
      if (endpoint === 'user') {
        const holder = holderOf(visit)
        return holder instanceof Response ? holder : toResponse(profile(holder))
      }
      if (csrfName && !headers.has(csrfName)) return refuse(403, 'csrf', `The header ${csrfName} is missing.`)
      return { login, refresh, logout }[endpoint](visit)
    },
    /** Whose request it is, or the 401 or 403 of one without a good token, or without `role`. */
    holderOf,
    /** Signs somebody in without a request; hands over the cookie, where there is one. */
    async issueTokens<User>(
      who: string | MockUser | undefined,
      setCookie: (value: string) => void,
    ): Promise<TokenResponse<User>> {
      const name = who ?? people[0]?.username
      const user = typeof name === 'object' ? name : people.find(({ username }) => username === name)
      if (!user) throw noUser(name, people)
      const { accessToken, refreshToken, lifetime } = await sessions.issue(sessions.open(user))
      if (inCookie && refreshToken) setCookie(refreshToken)
      return { accessToken, lifetime, user: profile(user) as User, ...(!inCookie && { refreshToken }) }
    },
    /** Ends the sessions of `username`, or all. */
    revoke(username: string | undefined): void {
      const count = sessions.end(username)
      if (username === undefined || count > 0 || people.some((user) => user.username === username)) return
      throw noUser(username, people)
    },
  }
}

/** How the app calls its server: by its own backend, or as `jsonBackend` does with the same options. */
export function callsOf<Credentials extends object>(options: MockAuthServerOptions<Credentials>) {
  const { user = 'me', csrfHeader, backend } = options
  // Its value may stand in a page that is not there yet.
  const header = csrfHeader && ([csrfHeader[0], '1'] as const)
  const usual = jsonBackend<Credentials, unknown>({ ...options, user, csrfHeader: header })
  const { login, refresh, logout, refreshVia } = backend ?? usual
  return {
    refreshVia,
    login: login.bind(backend),
    refresh: refresh?.bind(backend),
    logout: logout?.bind(backend),
    user: backend?.user?.bind(backend) ?? usual.user,
  }
}

/** The calls of the app's backend. */
export type Calls = ReturnType<typeof callsOf>

const asRead = ({ method, url, headers, body }: MockRequest): ReadRequest => ({ method, url, headers, fields: body })

function pathOf(url: string, base?: string): string {
  const { origin, pathname } = new URL(url, base)
  return origin + pathname
}

function toResponse(body: unknown): Response {
  if (body instanceof Response) return body
  return body === undefined ? new Response(null) : Response.json(body)
}

/** An error in the words of the example server; `error` is OAuth's where there is one (RFC 6749, section 5.2). */
function refuse(status: number, error: string, message: string): Response {
  return Response.json({ error, message }, { status })
}

function noUser(name: unknown, users: readonly MockUser[]): Error {
  const meant = name === undefined ? 'no user' : `no user ${JSON.stringify(name)}`
  const known = users.length
    ? `It knows ${users.map(({ username }) => JSON.stringify(username)).join(', ')}.`
    : 'Hand over the user instead: `users` is a function, or empty.'
  return new Error(`There is ${meant} on this server. ${known}`)
}
