import { randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import { type ClientMetadata, type Configuration, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { memoryAdapter } from './adapter.ts'
import { logoutPage, page } from './login-page.ts'

/** How somebody has signed in: by password, or with a second factor too. */
export const ONE_FACTOR = 'urn:example:one-factor'
export const TWO_FACTORS = 'urn:example:two-factors'

/** Who may use the provider: public clients, the second with DPoP alone. */
export const PAGE_CLIENT = 'page'
export const DPOP_CLIENT = 'page-dpop'

export interface ProviderOptions {
  /** The origin of the page whose client may sign in. */
  readonly page: string
  /** The identifier of the resource for which access tokens are JWTs; without it they are opaque. */
  readonly resource: string
  /** How long access tokens live, in seconds. */
  readonly lifetime: number
  /** Whether authorize requests have to be pushed, may be, or cannot. */
  readonly par: 'required' | 'offered' | 'missing'
}

const HOUR = 3600

/** What makes `oidc-provider` as strict as providers are to single-page apps. */
export function configuration(
  { page: origin, resource, par }: ProviderOptions,
  behaviour: { readonly lifetime: number },
  key: JWK,
): Configuration {
  return {
    adapter: memoryAdapter(),
    jwks: { keys: [{ ...key, alg: 'RS256', use: 'sig', kid: 'of-this-run' }] },
    clients: [client(PAGE_CLIENT, origin), { ...client(DPOP_CLIENT, origin), dpop_bound_access_tokens: true }],
    clientBasedCORS: (_, from) => from === origin,
    scopes: ['openid', 'offline_access', 'read'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'], acr: null, auth_time: null },
    acrValues: [ONE_FACTOR, TWO_FACTORS],
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, name: `${sub[0]?.toUpperCase()}${sub.slice(1)}`, email: `${sub}@example.com` }),
    }),
    interactions: { policy: loginOnly(), url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: grantAll,
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    // That a token is dead after a sign-out is to be the work of the revocation.
    expiresWithSession: () => false,
    cookies: { keys: [randomBytes(16)], names: ownCookies() },
    ttl: {
      AccessToken: () => behaviour.lifetime,
      AuthorizationCode: 60,
      Grant: HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: HOUR,
      Session: HOUR,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_, { clientId }, token) => token.clientId === clientId },
      claimsParameter: { enabled: true },
      dPoP: { nonceSecret: randomBytes(32), requireNonce: () => true },
      pushedAuthorizationRequests: {
        enabled: par !== 'missing',
        requirePushedAuthorizationRequests: par === 'required',
      },
      resourceIndicators: {
        useGrantedResource: () => true,
        getResourceServerInfo: (_, indicator) => ({
          scope: 'read',
          audience: indicator,
          accessTokenTTL: behaviour.lifetime,
          accessTokenFormat: 'jwt',
        }),
      },
      rpInitiatedLogout: {
        logoutSource: (ctx, form) => {
          ctx.body = logoutPage(form)
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = page('Signed out')
        },
      },
    },
    renderError: (ctx, { error, error_description }) => {
      ctx.type = 'html'
      ctx.body = page('No', `<p>${error}: ${error_description}</p>`)
    },
  }

  async function grantAll(ctx: KoaContextWithOIDC) {
    const { oidc } = ctx
    // A grant for each sign-in: what happens to one person's tab must not end another's.
    const grant = new oidc.provider.Grant({
      clientId: clientOf(ctx).clientId,
      accountId: oidc.session?.accountId ?? '',
    })
    grant.addOIDCScope([...oidc.requestParamScopes].join(' '))
    grant.addResourceScope(resource, 'read')
    await grant.save()
    return grant
  }
}

function client(id: string, origin: string): ClientMetadata {
  return {
    client_id: id,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [`${origin}/callback`],
    post_logout_redirect_uris: [`${origin}/signed-out`],
  }
}

function clientOf({ oidc }: KoaContextWithOIDC) {
  if (!oidc.client) throw new Error('There is no client.')
  return oidc.client
}

/** No consent; and a login anew where a better one is asked for than there was. */
function loginOnly(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  policy.remove('consent')
  const isTooWeak = ({ oidc }: KoaContextWithOIDC): boolean =>
    String(oidc.params?.acr_values ?? '').includes(TWO_FACTORS) && oidc.acr !== TWO_FACTORS
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check(
        'acr_values',
        'a second factor is missing',
        'unmet_authentication_requirements',
        isTooWeak,
      ),
    )
  return policy
}

/** Cookies know no ports: providers on one host would overwrite each other's. */
function ownCookies(): { session: string; interaction: string; resume: string } {
  const id = randomBytes(4).toString('hex')
  return { session: `session-${id}`, interaction: `interaction-${id}`, resume: `resume-${id}` }
}
