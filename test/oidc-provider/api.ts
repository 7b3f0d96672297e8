import { createHash, randomBytes } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { calculateJwkThumbprint, createRemoteJWKSet, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose'
import { listen } from '../support/listen.ts'
import type { OpenIdProvider } from './provider.ts'

/** A request that the API has answered. */
export interface ApiCall {
  readonly path: string
  readonly scheme: string | undefined
  readonly token: string | undefined
  /** What the DPoP proof says, if there was one. */
  readonly proof: JWTPayload | undefined
  readonly status: number
  /** Why it was refused. */
  readonly error: string | undefined
}

/** A resource server on an origin of its own. */
export interface Api {
  readonly origin: string
  /** The identifier by which clients ask for tokens for it. */
  readonly resource: string
  readonly calls: readonly ApiCall[]
  /** Tokens that it takes no longer, whatever they say. */
  readonly refused: Set<string>
  /** From now on only proofs with a nonce that is yet to be told are good. */
  changeNonce(): void
  close(): Promise<void>
}

/** Why a request was refused, for the book. */
type Vars = { Variables: { error: string | undefined } }

/** The `error` and the scheme of a refusal. */
class Refusal extends Error {
  readonly scheme: string

  constructor(error: string, scheme: string) {
    super(error)
    this.scheme = scheme
  }
}

/** How many nonces are good at the same time: requests may be on their way when a new one is told. */
const GOOD_NONCES = 32
const nonce = (): string => randomBytes(16).toString('base64url')

/** Starts it; `provider` says who has issued the tokens, and `page` is the origin that may read the answers. */
export async function startApi(page: string, provider: () => OpenIdProvider): Promise<Api> {
  const calls: ApiCall[] = []
  const proofs = new Set<string>()
  const refused = new Set<string>()
  let nonces = [nonce()]
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined

  const app = new Hono<Vars>()
  const server = await listen(getRequestListener(app.fetch))
  const resource = `${server.origin}/`

  /** Whom the token is of, and to which key it is bound. */
  const verify = async (token: string, scheme: string): Promise<{ sub: string; jkt: string | undefined }> => {
    const { issuer, find } = provider()
    if (!token.includes('.')) {
      const found = await find(token)
      if (!found) throw new Refusal('invalid_token', scheme)
      return found
    }
    keys ??= createRemoteJWKSet(new URL('/jwks', issuer))
    const options = { issuer, audience: resource, typ: 'at+jwt', clockTolerance: 0 }
    const { payload } = await jwtVerify(token, keys, options).catch(() => {
      throw new Refusal('invalid_token', scheme)
    })
    return { sub: String(payload.sub), jkt: (payload.cnf as { jkt?: string } | undefined)?.jkt }
  }

  const verifyProof = async (proof: string, token: string, context: Context<Vars>): Promise<string> => {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' }).catch(() => {
      throw new Refusal('invalid_dpop_proof', 'DPoP')
    })
    const { htm, htu, ath, jti, iat, nonce: given } = payload
    const isFit =
      htm === context.req.method &&
      htu === context.req.url.split('?')[0] &&
      ath === createHash('sha256').update(token).digest('base64url') &&
      Math.abs(Date.now() / 1000 - Number(iat)) < 60 &&
      typeof jti === 'string' &&
      !proofs.has(jti)
    if (!isFit) throw new Refusal('invalid_dpop_proof', 'DPoP')
    if (!nonces.includes(String(given))) throw new Refusal('use_dpop_nonce', 'DPoP')
    proofs.add(jti)
    return calculateJwkThumbprint(protectedHeader.jwk ?? {})
  }

  const admit = async (context: Context<Vars>): Promise<string> => {
    const [scheme = '', token = ''] = (context.req.header('authorization') ?? '').split(' ')
    const proof = context.req.header('dpop')
    if (!token) throw new Refusal('', 'Bearer')
    if (refused.has(token)) throw new Refusal('invalid_token', scheme)
    const { sub, jkt } = await verify(token, scheme)
    if (scheme === 'DPoP' ? !jkt || !proof : jkt) throw new Refusal('invalid_token', scheme)
    if (proof && jkt && (await verifyProof(proof, token, context)) !== jkt) throw new Refusal('invalid_token', 'DPoP')
    return sub
  }

  app.use(
    cors({
      origin: page,
      allowHeaders: ['authorization', 'dpop', 'content-type'],
      exposeHeaders: ['WWW-Authenticate', 'DPoP-Nonce'],
      maxAge: 600,
    }),
  )
  app.use(async (context, next) => {
    await next()
    const [scheme, token] = (context.req.header('authorization') ?? '').split(' ')
    const proof = context.req.header('dpop')
    calls.push({
      path: context.req.path,
      scheme: scheme || undefined,
      token,
      proof:
        proof === undefined ? undefined : JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString()),
      status: context.res.status,
      error: context.get('error'),
    })
    if (scheme === 'DPoP') {
      // A new one with each answer.
      nonces = [nonce(), ...nonces].slice(0, GOOD_NONCES)
      context.res.headers.set('DPoP-Nonce', nonces[0] ?? '')
    }
  })
  app.get('/moved', (context) => context.redirect(context.req.query('to') ?? '/'))
  app.all('*', async (context) => {
    try {
      return context.json({ sub: await admit(context) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      context.set('error', error.message)
      const challenge = error.message ? ` error="${error.message}"` : ''
      return context.json({ error: error.message }, 401, {
        'WWW-Authenticate': `${error.scheme || 'Bearer'}${challenge}`,
      })
    }
  })

  return {
    origin: server.origin,
    resource,
    calls,
    refused,
    changeNonce() {
      nonces = [nonce()]
    },
    close: server.close,
  }
}
