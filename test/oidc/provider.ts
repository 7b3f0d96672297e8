import { exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { type HttpHandler, HttpResponse, http } from 'msw'
import { createProofChecker, type Nonces, type ProofClaims, proofOf } from './proofs.ts'

export const ISSUER = 'https://id.test'
export const CLIENT = 'spa'
export const API = 'https://api.test'

/** Where a request arrived: `resource` is the API that the access tokens are for. */
export type Endpoint = 'discovery' | 'par' | 'token' | 'userinfo' | 'revocation' | 'resource'

/** What goes wrong instead of an answer; a function is asked, and nothing else happens. */
export type Fault = Response | 'hang' | 'network-error' | ((request: Request) => Response | Promise<Response>)

/** A request as it arrived. */
export interface Seen {
  readonly endpoint: Endpoint
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly authorization: string | null
  readonly form: URLSearchParams
  /** What its proof says. */
  readonly proof: ProofClaims | undefined
}

export interface ProviderOptions {
  issuer?: string
  /** Whether tokens are bound to the key of the proof. @default true */
  knowsDpop?: boolean
  /** Whether the token endpoint, and the resource, want nonces. @default 'never' */
  nonces?: { token?: Nonces; resource?: Nonces }
  /** Whether a refresh gives a new refresh token, and the second use of one ends all. @default true */
  rotates?: boolean
  /** Changes the discovery document. */
  document?: (document: Record<string, unknown>) => object
}

/** Which parts of the answers are not true. */
export interface Lies {
  /** What the ID token says; `undefined` leaves it out. */
  idToken?: (claims: JWTPayload) => JWTPayload | undefined
  /** How the ID token is signed: not at all, or with what everybody knows. */
  alg?: 'none' | 'HS256'
  /** What the ID token's header says besides. */
  header?: object
  /** What the token endpoint answers. */
  tokens?: (body: Record<string, unknown>) => unknown
  /** What the authorization endpoint answers. */
  callback?: (answer: URLSearchParams) => void
  /** What the userinfo endpoint answers. */
  userinfo?: (claims: Record<string, unknown>) => unknown
}

/** What the person does at the provider. */
export interface Visit {
  /** Who signs in. @default 'ada' */
  sub?: string
  /** The provider refuses, or the person does. */
  error?: string
  description?: string
  /** When the person signed in, in epoch seconds. @default now */
  authTime?: number
}

interface Grant {
  readonly sub: string
  readonly scope: string
  readonly nonce: string | undefined
  readonly authTime: number
  jkt?: string | undefined
  isOver: boolean
}

interface Code {
  readonly grant: Grant
  readonly parameters: URLSearchParams
  isSpent: boolean
}

export type Provider = Awaited<ReturnType<typeof createProvider>>

/** Creates an OpenID provider that remembers what it gave out, and can lie; its API is behind `API`. */
export async function createProvider(options: ProviderOptions = {}) {
  const { issuer = ISSUER, knowsDpop = true, nonces = {}, rotates = true, document = (it) => it } = options
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const requests: Seen[] = []
  const secrets: string[] = []
  const codes = new Map<string, Code>()
  const pushed = new Map<string, URLSearchParams>()
  const accessTokens = new Map<string, { grant: Grant; isExpired: boolean }>()
  const refreshTokens = new Map<string, { grant: Grant; isSpent: boolean }>()
  const faults = new Map<Endpoint, { fault: Fault; times: number }>()
  const gates = new Map<`${Endpoint} ${'request' | 'answer'}`, Promise<void>>()
  const proofs = {
    token: createProofChecker(nonces.token ?? 'never', 'token'),
    resource: createProofChecker(nonces.resource ?? 'never', 'resource'),
  }
  let lies: Lies = {}

  const base = issuer.replace(/\/$/, '')
  const metadata = {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    userinfo_endpoint: `${base}/userinfo`,
    revocation_endpoint: `${base}/revoke`,
    end_session_endpoint: `${base}/logout`,
    id_token_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  }

  const secret = (name: string): string => {
    const value = `${name}-${secrets.length}-${Math.random().toString(36).slice(2)}`
    secrets.push(value)
    return value
  }

  const now = (): number => Math.floor(Date.now() / 1000)

  const sign = async (claims: JWTPayload): Promise<string> => {
    if (lies.alg === 'none') return new UnsecuredJWT(claims).encode()
    const isPublic = lies.alg === 'HS256'
    const key = isPublic ? new TextEncoder().encode(await exportSPKI(publicKey)) : privateKey
    const header = { alg: lies.alg ?? 'ES256', ...lies.header }
    const token = await new SignJWT(claims).setProtectedHeader({ ...header, alg: lies.alg ?? 'ES256' }).sign(key)
    secrets.push(token)
    return token
  }

  const issue = async (grant: Grant, previous?: string): Promise<Record<string, unknown>> => {
    const accessToken = secret('access')
    accessTokens.set(accessToken, { grant, isExpired: false })
    const refreshToken = previous && !rotates ? undefined : secret('refresh')
    if (refreshToken) refreshTokens.set(refreshToken, { grant, isSpent: false })
    const { sub, nonce, authTime: auth_time, scope } = grant
    const said = { iss: issuer, sub, aud: CLIENT, iat: now(), exp: now() + 300, auth_time, ...(nonce && { nonce }) }
    const claims = scope.includes('openid') ? (lies.idToken ?? ((it) => it))(said) : undefined
    return {
      access_token: accessToken,
      token_type: grant.jkt ? 'DPoP' : 'Bearer',
      expires_in: 300,
      ...(refreshToken && { refresh_token: refreshToken }),
      ...(claims && { id_token: await sign(claims) }),
      scope,
    }
  }

  const refuse = (error: string, status = 400, headers: Record<string, string> = {}): Response =>
    HttpResponse.json({ error }, { status, headers })

  const exchange = async (form: URLSearchParams, jkt: string | undefined): Promise<Response> => {
    const code = codes.get(form.get('code') ?? '')
    const verifier = new TextEncoder().encode(form.get('code_verifier') ?? '')
    const challenge = Buffer.from(await crypto.subtle.digest('SHA-256', verifier)).toString('base64url')
    const asked = code?.parameters
    const isRight = asked?.get('code_challenge') === challenge && asked.get('redirect_uri') === form.get('redirect_uri')
    if (!code || !isRight || code.isSpent || form.get('client_id') !== CLIENT) {
      if (code?.isSpent) code.grant.isOver = true
      return refuse('invalid_grant')
    }
    code.isSpent = true
    code.grant.jkt = jkt
    return answer(await issue(code.grant))
  }

  const renew = async (form: URLSearchParams, jkt: string | undefined): Promise<Response> => {
    const credential = form.get('refresh_token') ?? ''
    const known = refreshTokens.get(credential)
    if (known?.isSpent) known.grant.isOver = true
    if (!known || known.grant.isOver || known.grant.jkt !== jkt) return refuse('invalid_grant')
    known.isSpent = rotates
    return answer(await issue(known.grant, credential))
  }

  const answer = (body: Record<string, unknown>): Response => {
    const said = lies.tokens ? lies.tokens(body) : body
    return said instanceof Response ? said : HttpResponse.json(said as object)
  }

  /** Whose access token it is that a request shows, and rightly so. */
  const ownerOf = async (request: Request): Promise<Grant | Response> => {
    const [, scheme = '', token = ''] = /^(\w+) (.+)$/.exec(request.headers.get('authorization') ?? '') ?? []
    const known = accessTokens.get(token)
    const wanted = known?.grant.jkt ? 'DPoP' : 'Bearer'
    const refused = (error: string) => refuse(error, 401, { 'WWW-Authenticate': `${wanted} error="${error}"` })
    if (!known || known.isExpired || known.grant.isOver || scheme !== wanted) return refused('invalid_token')
    if (!known.grant.jkt) return known.grant
    const proof = await proofs.resource.check(request, token)
    if ('refusal' in proof) return refused(proof.refusal)
    return proof.jkt === known.grant.jkt ? known.grant : refused('invalid_token')
  }

  const endpoints: Record<Endpoint, (seen: Seen, request: Request) => Promise<Response>> = {
    discovery: async () => HttpResponse.json(document(metadata)),
    async par({ form }) {
      const uri = `urn:ietf:params:oauth:request_uri:${pushed.size}`
      pushed.set(uri, form)
      return HttpResponse.json({ request_uri: uri, expires_in: 60 }, { status: 201 })
    },
    async token({ form, proof }, request) {
      let jkt: string | undefined
      if (proof && knowsDpop) {
        const checked = await proofs.token.check(request)
        if ('refusal' in checked) return refuse(checked.refusal)
        jkt = checked.jkt
      }
      return form.get('grant_type') === 'refresh_token' ? renew(form, jkt) : exchange(form, jkt)
    },
    async userinfo(_, request) {
      const owner = await ownerOf(request)
      if (owner instanceof Response) return owner
      const claims = { sub: owner.sub, name: owner.sub.toUpperCase() }
      const said = lies.userinfo ? lies.userinfo(claims) : claims
      return said instanceof Response ? said : HttpResponse.json(said as object)
    },
    async revocation({ form }) {
      const token = form.get('token') ?? ''
      const known = refreshTokens.get(token) ?? accessTokens.get(token)
      if (known) known.grant.isOver = true
      return new HttpResponse(null, { status: 200 })
    },
    async resource(_, request) {
      const owner = await ownerOf(request)
      return owner instanceof Response ? owner : HttpResponse.json({ sub: owner.sub, text: await request.text() })
    },
  }

  const endpointOf = (url: URL): Endpoint | undefined => {
    if (url.origin === API) return 'resource'
    if (url.pathname.endsWith('/.well-known/openid-configuration')) return 'discovery'
    const names = { par: 'par', token: 'token', userinfo: 'userinfo', revoke: 'revocation' } as const
    return names[url.pathname.split('/').at(-1) as keyof typeof names]
  }

  const handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const endpoint = endpointOf(url)
    if (!endpoint) return new HttpResponse('<h1>Not found</h1>', { status: 404 })
    const { headers, method } = request
    const form = new URLSearchParams(endpoint === 'resource' ? '' : await request.clone().text())
    const authorization = headers.get('authorization')
    const seen = { endpoint, method, url: request.url, headers, authorization, form, proof: proofOf(request) }
    requests.push(seen)
    await gates.get(`${endpoint} request`)
    const planned = faults.get(endpoint)
    if (planned && planned.times > 0) {
      planned.times -= 1
      const { fault } = planned
      if (fault === 'hang') return new Promise<never>(() => undefined)
      if (fault === 'network-error') return HttpResponse.error()
      return typeof fault === 'function' ? fault(request) : fault.clone()
    }
    const response = await endpoints[endpoint](seen, request)
    const isOurs = endpoint === 'token' ? proofs.token : proofs.resource
    if (seen.proof) for (const [name, value] of Object.entries(isOurs.headers())) response.headers.set(name, value)
    await gates.get(`${endpoint} answer`)
    return response
  }

  return {
    issuer,
    metadata,
    handlers: [http.all(`${new URL(issuer).origin}/*`, ({ request }) => handle(request))].concat(
      http.all(`${API}/*`, ({ request }) => handle(request)),
    ) as HttpHandler[],
    /** All requests, in the order in which they arrived. */
    requests,
    to: (endpoint: Endpoint): Seen[] => requests.filter((seen) => seen.endpoint === endpoint),
    get refreshes(): number {
      return requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length
    },
    /** Codes and tokens that were ever given out: none of them may turn up in an error, an event or a log. */
    secrets,
    /** What the access tokens of a refresh token, or one of them, are good for. */
    isGood(token: string): boolean {
      const known = accessTokens.get(token) ?? refreshTokens.get(token)
      return !!known && !known.grant.isOver && !('isSpent' in known && known.isSpent)
    },
    /** The person comes to the authorization endpoint; resolves with where the provider leads back to. */
    authorize(at: URL | string, { sub = 'ada', error, description, authTime = now() }: Visit = {}): URL {
      const query = new URL(at).searchParams
      const asked = pushed.get(query.get('request_uri') ?? '') ?? query
      const back = new URL(asked.get('redirect_uri') ?? '')
      const parameters: Record<string, string> = { state: asked.get('state') ?? '', iss: issuer }
      if (error) Object.assign(parameters, { error, ...(description && { error_description: description }) })
      else {
        parameters.code = secret('code')
        const scope = asked.get('scope') ?? ''
        const grant: Grant = { sub, scope, nonce: asked.get('nonce') ?? undefined, authTime, isOver: false }
        codes.set(parameters.code, { grant, parameters: asked, isSpent: false })
      }
      const said = new URLSearchParams(parameters)
      lies.callback?.(said)
      for (const [name, value] of said) back.searchParams.append(name, value)
      return back
    },
    /** The person comes to the end-session endpoint; resolves with where the provider leads back to. */
    signOut(at: URL | string): URL {
      const { searchParams: asked } = new URL(at)
      const back = new URL(asked.get('post_logout_redirect_uri') ?? '')
      back.searchParams.set('state', asked.get('state') ?? '')
      return back
    },
    /** From now on answers are not true in these ways alone. */
    lie(about: Lies): void {
      lies = about
    },
    /** The next `times` requests to `endpoint` meet `fault`. */
    failNext(endpoint: Endpoint, fault: Fault, times = 1): void {
      faults.set(endpoint, { fault, times })
    },
    /** Requests to `endpoint`, or what has been done with them, wait until what it gives back is called. */
    hold(endpoint: Endpoint, what: 'request' | 'answer' = 'request'): () => void {
      const { promise, resolve } = Promise.withResolvers<void>()
      gates.set(`${endpoint} ${what}`, promise)
      return () => {
        gates.delete(`${endpoint} ${what}`)
        resolve()
      }
    },
    /** From now on the access tokens that are out are refused. */
    expireAccessTokens(): void {
      for (const known of accessTokens.values()) known.isExpired = true
    },
    /** From now on the nonces that are out are refused. */
    changeNonces(): void {
      proofs.token.changeNonce()
      proofs.resource.changeNonce()
    },
  }
}
