/**
 * As much of the former libraries' types as the tests touch: `run.ts` installs the packages, types are checked by all. Their
 * names are those of `vitest.config.ts`.
 */
declare module 'former/axios' {
  export interface AxiosInstance {
    get(path: string): Promise<{ status: number; data: unknown }>
    post(path: string, body?: unknown): Promise<{ status: number; data: Record<string, string> }>
    interceptors: { request: { use(change: (config: { headers: Record<string, string> }) => object): void } }
  }
  const axios: {
    create(config: { baseURL: string; adapter: 'fetch'; env?: { fetch: typeof globalThis.fetch } }): AxiosInstance
  }
  // biome-ignore lint/style/noDefaultExport: so does the real one
  export default axios
}

declare module 'former/axios-auth-refresh' {
  export function createAuthRefresh(
    instance: import('former/axios').AxiosInstance,
    refresh: (failed: { response: { config: { headers: Record<string, string> } } }) => Promise<void>,
  ): number
}

declare module 'former/axios-jwt' {
  interface Tokens {
    accessToken: string
    refreshToken: string
  }
  export function applyAuthTokenInterceptor(
    instance: import('former/axios').AxiosInstance,
    config: { requestRefresh: (refreshToken: string) => Promise<Tokens> },
  ): void
  export function setAuthTokens(tokens: Tokens): Promise<void>
  export function clearAuthTokens(): Promise<void>
}

declare module 'former/oidc-client-ts' {
  interface User {
    readonly access_token: string
  }
  interface Navigator {
    prepare(): Promise<{ navigate(to: { url: string }): Promise<void>; close(): void }>
  }
  export class IndexedDbDPoPStore {}
  export class UserManager {
    constructor(
      settings: {
        authority: string
        client_id: string
        redirect_uri: string
        scope: string
        dpop?: { store: IndexedDbDPoPStore }
      },
      redirects: Navigator,
      popups?: undefined,
      frames?: Navigator,
    )
    signinRedirect(): Promise<void>
    signinCallback(url: string): Promise<User | undefined>
    signinSilent(): Promise<User | null>
    getUser(): Promise<User | null>
    storeUser(user: User | null): Promise<void>
    removeUser(): Promise<void>
    stopSilentRenew(): void
  }
}

declare module 'former/auth0-spa-js' {
  export class Auth0Client {
    constructor(options: {
      domain: string
      clientId: string
      cacheLocation: 'localstorage'
      useRefreshTokens: boolean
      authorizationParams: { redirect_uri: string; audience: string }
    })
    loginWithRedirect(options: { openUrl: (url: string) => Promise<void> }): Promise<void>
    handleRedirectCallback(url: string): Promise<unknown>
    getTokenSilently(): Promise<string>
    logout(options: { openUrl: false }): Promise<void>
  }
}

declare module 'former/supabase' {
  export class AuthClient {
    constructor(options: { url: string; storageKey: string; autoRefreshToken: boolean; persistSession: boolean })
    initialize(): Promise<unknown>
    signInWithPassword(credentials: { email: string; password: string }): Promise<{ error: Error | null }>
    getSession(): Promise<{ data: { session: { access_token: string } | null }; error: Error | null }>
    signOut(options: { scope: 'local' }): Promise<unknown>
    stopAutoRefresh(): Promise<void>
  }
}

declare module 'former/keycloak-js' {
  class Keycloak {
    constructor(config: { url: string; realm: string; clientId: string })
    init(options: { checkLoginIframe: boolean; responseMode: 'query'; redirectUri: string }): Promise<boolean>
    login(): Promise<void>
    readonly authenticated: boolean | undefined
    readonly token: string | undefined
    readonly refreshToken: string | undefined
    readonly idToken: string | undefined
  }
  // biome-ignore lint/style/noDefaultExport: so does the real one
  export default Keycloak
}

/** The blocks of the document, as `quoted.ts` imports them. */
declare module 'MIGRATING.md/*' {
  export function run(app: {
    auth: import('latchkey').AuthClient
    settings?: { authority: string; client_id: string }
    clientId?: string
    audience?: string
    keycloak?: unknown
  }): Promise<{ get(path: string): Promise<{ status: number; data: unknown }> } | undefined>
}
