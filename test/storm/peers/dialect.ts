import { jwt } from '../../support/jwt.ts'
import type { Call, Dialect, Translation } from '../server.ts'
import type { Reply, World } from '../world.ts'

/** How far the clocks of the pages and of the server are ahead of the real one. */
export interface Clock {
  ahead: number
}

/** How one peer's server speaks. */
interface Tongue {
  /** The name of the field that holds the refresh token. */
  readonly field: string
  /** How it says that a refresh token is no good, or that there are too many calls. */
  readonly refusal: Reply
  readonly limit: object
}

const CALM = { error: 'temporarily_unavailable', error_description: 'Too many requests' }
const ALREADY_USED = { error_code: 'refresh_token_already_used', msg: 'Invalid Refresh Token: Already Used' }

const TONGUES: Readonly<Record<string, Tongue>> = {
  // Auth0
  'oauth/token': {
    field: 'refresh_token',
    refusal: {
      status: 403,
      body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
    },
    limit: { ...CALM, error: 'too_many_requests' },
  },
  // Supabase
  token: {
    field: 'refresh_token',
    refusal: { status: 400, body: { code: 400, ...ALREADY_USED } },
    limit: { code: 429, error_code: 'over_request_rate_limit', msg: 'Request rate limit reached' },
  },
  // OpenID Connect
  'connect/token': { field: 'refresh_token', refusal: { status: 400, body: { error: 'invalid_grant' } }, limit: CALM },
  // What the documentation of axios-jwt calls
  'auth/login': { field: '', refusal: { status: 401, body: {} }, limit: CALM },
  'auth/refresh_token': { field: 'token', refusal: { status: 401, body: {} }, limit: CALM },
}

/** Speaks with the peers, each in its own tongue; behind it all have the same server, which is as strict with them all. */
export function createDialect(clock: Clock): Dialect {
  return ({ method, path, search, body }, world) => {
    if (path === 'clock') return { status: 200, body: clock }
    if (path === '.well-known/openid-configuration') return { status: 200, body: metadataOf(world) }
    const tongue = method === 'POST' ? TONGUES[path] : undefined
    return tongue && translate({ method, path, search, body }, tongue, (reply) => identify(reply, world, body, clock))
  }
}

function translate({ path, search, body }: Call, tongue: Tongue, tell: (reply: Reply) => object): Translation {
  const grant = search.get('grant_type') ?? body.grant_type
  const isRefresh = path === 'auth/refresh_token' || grant === 'refresh_token'
  return {
    endpoint: isRefresh ? 'refresh' : 'login',
    body: { username: 'ann' },
    refreshToken: String(body[tongue.field] ?? ''),
    tell: (reply) =>
      reply.status === 200
        ? { ...reply, body: tell(reply) }
        : reply.status === 429
          ? { ...reply, body: tongue.limit }
          : tongue.refusal,
  }
}

/** What all of them look for in an answer: the access token is a JWT, and there is an ID token for those who want one. */
function identify({ body, family }: Reply, world: World, asked: Record<string, unknown>, clock: Clock): object {
  const { access_token: opaque, refresh_token, expires_in } = body as Record<string, string & number>
  const iat = Math.floor((Date.now() + clock.ahead) / 1000)
  const sub = family?.user ?? ''
  const claims = {
    iss: `${world.url}/`,
    aud: String(asked.client_id ?? world.name),
    sub,
    iat,
    exp: iat + Number(expires_in),
  }
  return {
    access_token: jwt({ ...claims, jti: opaque }),
    id_token: jwt(claims),
    refresh_token,
    expires_in,
    token_type: 'Bearer',
    user: { id: sub, aud: 'authenticated', email: `${sub}@example.com`, app_metadata: {}, user_metadata: {} },
  }
}

function metadataOf({ url }: World): object {
  return {
    issuer: `${url}/`,
    authorization_endpoint: `${url}/connect/authorize`,
    token_endpoint: `${url}/connect/token`,
  }
}

/** The token of the world inside of the JWT, or what it was given. */
export function unwrap(token: string | undefined): string | undefined {
  if (!token?.startsWith('ey')) return token
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return claims.jti
}
