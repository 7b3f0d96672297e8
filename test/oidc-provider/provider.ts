import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { listen } from '../support/listen.ts'
import { interactions } from './interactions.ts'
import type { Act } from './login-page.ts'
import { configuration, type ProviderOptions } from './provider-configuration.ts'

/** What can be changed while it runs. */
export interface ProviderBehaviour {
  /** How long access tokens live, in seconds. */
  lifetime: number
  /** Milliseconds between the work of an endpoint and its answer. */
  latency: Readonly<Record<string, number>>
  /** Whether its login page breaks with whoever has opened it, as those of large providers do. */
  isolates: boolean
  /** What people do at the next login pages, one after the other, where no driver reaches: in a popup, say. */
  readonly acts: Act[]
}

/** A call that the provider has worked on. */
export interface ProviderCall {
  /** Its own name of the endpoint: `authorization`, `pushed_authorization_request`, `token`, `userinfo`, … */
  readonly endpoint: string
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly params: Readonly<Record<string, unknown>>
  readonly status: number
  /** The OAuth error of the answer. */
  readonly error: string | undefined
  /** Where the answer leads. */
  readonly location: string | undefined
}

/** A real OpenID provider. */
export interface OpenIdProvider {
  readonly issuer: string
  readonly behaviour: ProviderBehaviour
  /** The calls of an endpoint, in the order of their answers. */
  calls(endpoint: string): readonly ProviderCall[]
  /** The token calls with this grant type. */
  grants(type: 'authorization_code' | 'refresh_token'): readonly ProviderCall[]
  /** All of it in one line, for messages. */
  story(): string
  /** How many times somebody has come with a refresh token or code that was spent, and lost the whole grant for it. */
  reuses(): number
  /** What an opaque access token stands for, if it is good. */
  find(token: string): Promise<{ sub: string; jkt: string | undefined } | undefined>
  close(): Promise<void>
}

let signingKey: Promise<JWK> | undefined

/** Starts `oidc-provider` on a free port: with a login page, rotation with reuse detection, PAR, and DPoP nonces. */
export async function startProvider(options: ProviderOptions): Promise<OpenIdProvider> {
  signingKey ??= generateKeyPair('RS256', { extractable: true }).then(({ privateKey }) => exportJWK(privateKey))
  const key = await signingKey
  const behaviour: ProviderBehaviour = { lifetime: options.lifetime, latency: {}, isolates: false, acts: [] }
  const book: ProviderCall[] = []
  let reuses = 0

  let answer: ReturnType<Provider['callback']> | undefined
  const server = await listen((request, response) => void answer?.(request, response))
  const provider = new Provider(server.origin, configuration(options, behaviour, key))
  provider.on('grant.error', (_, { error_detail }) => {
    if (/already (used|consumed)/.test(error_detail ?? '')) reuses += 1
  })
  provider.use(async (ctx, next) => {
    await next()
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    const endpoint = oidc?.route ?? ctx.path
    book.push({
      endpoint,
      method: ctx.method,
      url: new URL(ctx.href),
      headers: ctx.headers,
      params: { ...oidc?.params },
      status: ctx.status,
      error: (Object(ctx.body) as { error?: string }).error,
      location: ctx.response.get('location') || undefined,
    })
    const latency = behaviour.latency[endpoint]
    if (latency) await sleep(latency)
  })
  provider.use(interactions(provider, behaviour))
  answer = provider.callback()

  const calls: OpenIdProvider['calls'] = (endpoint) => book.filter((call) => call.endpoint === endpoint)
  return {
    issuer: server.origin,
    behaviour,
    calls,
    grants: (type) => calls('token').filter(({ params }) => params.grant_type === type),
    story: () => book.map(({ endpoint, status, error }) => `${endpoint} ${error ?? status}`).join(', '),
    reuses: () => reuses,
    async find(token) {
      const found = await provider.AccessToken.find(token)
      return found && { sub: found.accountId, jkt: found.jkt }
    },
    close: server.close,
  }
}
