import { Auth0Client } from 'former/auth0-spa-js'
import { UserManager } from 'former/oidc-client-ts'
import { oidcBackend } from 'latchkey/oidc'
import { onTestFinished } from 'vitest'
import { CLIENT, createProvider, type Provider } from '../oidc/provider.ts'
import { network } from '../support/network.ts'
import { API, CALLBACK } from './browser.ts'
import type { Former, FormerServer, Library } from './former.ts'

export const ISSUER = 'https://id.test'
export const AUDIENCE = API

/** What the tests look at in a provider. */
export function serverOf(provider: Provider): FormerServer {
  return {
    get logins() {
      return provider.to('token').filter(({ form }) => form.get('grant_type') === 'authorization_code').length
    },
    get refreshes() {
      return provider.refreshes
    },
    expireAccessTokens: provider.expireAccessTokens,
    disconnect: (times) => provider.failNext('token', 'network-error', times),
  }
}

/** A provider as Auth0 is: with a slash in its issuer, and RS256 on its ID tokens, which nobody verifies here. */
async function createAuth0(): Promise<Provider> {
  const provider = await createProvider({
    issuer: `${ISSUER}/`,
    document: (document) => ({ ...document, id_token_signing_alg_values_supported: ['RS256'] }),
  })
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'of-this-run' })).toString('base64url')
  provider.lie({
    tokens: ({ id_token, ...others }) => ({ ...others, id_token: String(id_token).replace(/^[^.]+/, header) }),
  })
  return provider
}

type OidcSettings = ConstructorParameters<typeof UserManager>[0]

export async function useOidcClientTs(
  settings: Partial<OidcSettings> = {},
): Promise<Former & { begin(): Promise<string> }> {
  const provider = await createProvider()
  network.use(...provider.handlers)
  let asked = ''
  const navigate = async ({ url }: { url: string }): Promise<void> => {
    asked = url
  }
  const manager = new UserManager(
    { authority: ISSUER, client_id: CLIENT, redirect_uri: CALLBACK, scope: 'openid offline_access', ...settings },
    { prepare: async () => ({ navigate, close: () => undefined }) },
    undefined,
    { prepare: () => Promise.reject(new Error('No frames here.')) }, // to which browsers give no cookie of the provider
  )
  onTestFinished(() => manager.stopSilentRenew())
  const begin = async (): Promise<string> => {
    await manager.signinRedirect()
    return provider.authorize(asked).href
  }
  return {
    server: serverOf(provider),
    options: { backend: oidcBackend({ issuer: ISSUER, clientId: CLIENT, redirectUri: '/callback' }) },
    token: (): string | undefined => {
      const record = sessionStorage.getItem(`oidc.user:${ISSUER}:${CLIENT}`)
      return JSON.parse(record ?? '{}').access_token
    },
    /** Somebody goes to the provider; resolves with where that leads back to. */
    begin,
    signIn: async (): Promise<void> => void (await manager.signinCallback(await begin())),
    signOut: () => manager.removeUser(),
    ask: () => manager.signinSilent(),
  }
}

export async function useAuth0(): Promise<Former & { revoke(): void }> {
  const provider = await createAuth0()
  network.use(...provider.handlers)
  const client = new Auth0Client({
    domain: 'id.test',
    clientId: CLIENT,
    cacheLocation: 'localstorage',
    useRefreshTokens: true,
    authorizationParams: { redirect_uri: CALLBACK, audience: AUDIENCE },
  })
  const isEntry = (key: string): boolean => key.startsWith(`@@auth0spajs@@::${CLIENT}::${AUDIENCE}::`)
  return {
    server: serverOf(provider),
    options: { backend: oidcBackend({ issuer: `${ISSUER}/`, clientId: CLIENT, redirectUri: '/callback' }) },
    token(): string | undefined {
      const [, text = '{}'] = Object.entries({ ...localStorage }).find(([key]) => isEntry(key)) ?? []
      return JSON.parse(text).body?.access_token
    },
    async signIn(): Promise<void> {
      let asked = ''
      await client.loginWithRedirect({
        async openUrl(url) {
          asked = url
        },
      })
      await client.handleRedirectCallback(provider.authorize(asked).href)
    },
    signOut: () => client.logout({ openUrl: false }),
    ask: () => client.getTokenSilently(),
    /** The provider ends the session. */
    revoke(): void {
      provider.failNext('token', Response.json({ error: 'invalid_grant' }, { status: 403 }), 9)
    },
  }
}

export const oidcClientTs: Library = { name: 'oidc-client-ts', block: 'oidc-client-ts.ts', use: useOidcClientTs }
export const auth0: Library = { name: 'auth0-spa-js', block: 'auth0-spa-js.ts', use: useAuth0 }
