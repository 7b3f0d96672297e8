import { jsonBackend } from '../backends/json.js'
import { isObject } from '../session/json.js'
import type { TokenResponse, TokenSet } from '../session/tokens.js'
import { type MockAuthServerOptions, ROUTES, usualAnswer } from './options.js'
import type { MockEndpoint, MockRequest } from './requests.js'
import type { MockSession, Redeemed, Sessions } from './sessions.js'
import { findUser, type MockUser, profileOf, USERS } from './users.js'
import { createFinder, learnFormat, type ReadRequest } from './wire-format.js'

/** Distinct texts, to see where the app's own format has which token. */
const PROBE: TokenSet = { accessToken: 'probe-access', refreshToken: 'probe-refresh' }
const KEY_SET = '.well-known/jwks.json'

type Seen = { -readonly [Key in keyof MockRequest]: MockRequest[Key] }

/** What a server answers when nothing is wrong with it. */
export interface Answers {
  endpointOf(request: { readonly url: string }): MockEndpoint
  answer(seen: Seen): Promise<Response>
  /** The 401 or 403 of a request without a good token, or without `role`. */
  refusal(seen: Seen, role?: string): Response | undefined
  issueTokens(username?: string): Promise<TokenResponse>
  /** Forgets the cookie. */
  forget(): void
}

export function createAnswers<Credentials extends object>(
  options: MockAuthServerOptions<Credentials> & { refreshVia: 'body' | 'cookie' | 'access-token' },
  sessions: Sessions,
  keySet: () => Promise<object>,
): Answers {
  const { users = USERS, refreshVia, answer: write = usualAnswer, csrfHeader = ['X-Auth-Request', '1'] } = options
  const inCookie = refreshVia === 'cookie'
  const [csrfName] = (inCookie && csrfHeader) || []
  const routes = { ...ROUTES, ...options.routes }
  const people = typeof users === 'function' ? [] : users
  const backend = jsonBackend<object, unknown>({ user: 'me', ...(options as object), baseUrl: options.baseUrl })
  const formats = {
    login: learnFormat<MockUser>(backend.login, people[0] ?? { username: 'probe', password: 'probe' }),
    refresh: learnFormat(backend.refresh, PROBE),
    logout: learnFormat(backend.logout, PROBE),
    user: learnFormat(backend.user, PROBE),
  }
  const credential = refreshVia === 'access-token' ? PROBE.accessToken : String(PROBE.refreshToken)
  const finders = {
    refresh: createFinder(formats.refresh?.render(PROBE), credential),
    logout: createFinder(formats.logout?.render(PROBE), credential),
    user: createFinder(formats.user?.render(PROBE), PROBE.accessToken),
  }
  const hasOwnLogin = typeof options.login === 'object' && !!(options.login.body ?? options.login.headers)
  let cookie: string | undefined

  const asRead = ({ method, url, headers, body }: Seen): ReadRequest => ({ method, url, headers, fields: body })

  const belongsTo = (seen: Seen, session: MockSession | undefined, generation: number | undefined): void => {
    Object.assign(seen, { session: session?.id, username: session?.user.username, generation })
  }

  const give = async (endpoint: 'login' | 'refresh', session: MockSession, bought?: string): Promise<Response> => {
    const issued = await sessions.issue(session, bought)
    if (inCookie) cookie = issued.refreshToken ?? cookie
    const body = write({
      ...issued,
      ...(inCookie && { refreshToken: undefined }),
      endpoint,
      user: profileOf(session.user),
    })
    return body instanceof Response ? body : json(body)
  }

  const credentialOf = (seen: Seen, endpoint: 'refresh' | 'logout'): string | undefined =>
    inCookie ? cookie : finders[endpoint](asRead(seen))

  const login = (seen: Seen): Promise<Response> | Response => {
    const { login: format } = formats
    const user =
      typeof users === 'function'
        ? users(isObject(seen.body) ? seen.body : {})
        : format && findUser(people, asRead(seen), format, hasOwnLogin)
    if (!user) return refuse(401, 'invalid_credentials', 'Wrong username or password.')
    const session = sessions.open(user)
    belongsTo(seen, session, 1)
    return give('login', session)
  }

  const refresh = (seen: Seen): Promise<Response> | Response => {
    const redeemed: Redeemed = sessions.redeem(credentialOf(seen, 'refresh'))
    belongsTo(seen, redeemed.session, redeemed.generation)
    if (redeemed.refusal !== undefined) return refuse(401, 'invalid_grant', redeemed.refusal)
    return give('refresh', redeemed.session, redeemed.credential)
  }

  const logout = (seen: Seen): Response => {
    const owner = sessions.owner(credentialOf(seen, 'logout') ?? finders.user(asRead(seen)))
    belongsTo(seen, owner, owner?.generation)
    if (owner) owner.isEnded = true
    if (inCookie) cookie = undefined
    return new Response(null, { status: 204 })
  }

  const refusal: Answers['refusal'] = (seen, role) => {
    const token = seen.endpoint === 'user' ? finders.user(asRead(seen)) : seen.authorization?.replace(/^Bearer /i, '')
    const holder = sessions.holder(token)
    if (!holder) {
      const error = token ? 'invalid_token' : 'missing_token'
      const refused = refuse(401, error, 'This needs a good access token.')
      refused.headers.set('WWW-Authenticate', token ? 'Bearer error="invalid_token"' : 'Bearer')
      return refused
    }
    belongsTo(seen, holder.session, holder.generation)
    if (role === undefined || holder.session.user.roles?.includes(role)) return undefined
    return refuse(403, 'forbidden', `This needs the role ${role}.`)
  }

  const api = (seen: Seen): Response => {
    const { method, path } = seen
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    const refused = route?.isPublic ? undefined : refusal(seen, route?.role)
    return refused ?? json(route?.body ?? { method, path, username: seen.username })
  }

  const userOf = (seen: Seen): Response => {
    const refused = refusal(seen)
    if (refused) return refused
    const holder = sessions.holder(finders.user(asRead(seen)))
    return json(profileOf((holder as NonNullable<typeof holder>).session.user))
  }

  return {
    endpointOf({ url }) {
      for (const [name, format] of Object.entries(formats)) {
        if (format?.isCalledBy({ url })) return name as keyof typeof formats
      }
      return new URL(url).pathname.endsWith(`/${KEY_SET}`) ? 'jwks' : 'api'
    },
    async answer(seen) {
      const { endpoint, method } = seen
      if (endpoint === 'jwks') return json(await keySet())
      if (endpoint === 'api') return api(seen)
      const format = formats[endpoint]
      if (format && format.method !== method) {
        return refuse(405, 'method_not_allowed', `This takes ${format.method}, not ${method}.`)
      }
      if (endpoint === 'user') return userOf(seen)
      if (csrfName && !seen.headers.has(csrfName)) return refuse(403, 'csrf', `The header ${csrfName} is missing.`)
      return { login, refresh, logout }[endpoint](seen)
    },
    refusal,
    async issueTokens(username = people[0]?.username) {
      const user = people.find((each) => each.username === username)
      if (!user) throw new Error(`There is no user ${JSON.stringify(username)} on this server.`)
      const { accessToken, refreshToken, lifetime } = await sessions.issue(sessions.open(user))
      if (inCookie) cookie = refreshToken
      return { accessToken, lifetime, user: profileOf(user), ...(!inCookie && { refreshToken }) }
    },
    forget() {
      cookie = undefined
    },
  }
}

const json = (body: unknown): Response => Response.json(body)

/** An error in the words of the example server; `error` is OAuth's where there is one (RFC 6749, section 5.2). */
function refuse(status: number, error: string, message: string): Response {
  return Response.json({ error, message }, { status })
}
