/** As much of the peers' types as we use: `npm run bench` and `npm run storm:peers` install the packages, types are checked by all. */
declare module 'axios-auth-refresh' {
  export function createAuthRefresh(
    instance: import('axios').AxiosInstance,
    refresh: (failed: { response: { config: { headers: Record<string, string> } } }) => Promise<void>,
  ): number
}

declare module 'axios-jwt' {
  interface Tokens {
    accessToken: string
    refreshToken: string
  }
  interface Storage {
    get(key: string): Promise<string | null>
    set(key: string, value: string): Promise<void>
    remove(key: string): Promise<void>
  }
  export function applyAuthTokenInterceptor(
    instance: import('axios').AxiosInstance,
    config: { requestRefresh: (refreshToken: string) => Promise<Tokens>; getStorage?: () => Storage },
  ): void
  export function setAuthTokens(tokens: Tokens): Promise<void>
  export function getAccessToken(): Promise<string | undefined>
  export function isLoggedIn(): Promise<boolean>
}

declare module '@badgateway/oauth2-client' {
  interface OAuth2Token {
    accessToken: string
    refreshToken: string
    expiresAt: number
  }
  export class OAuth2Client {
    constructor(settings: { server: string; clientId: string; tokenEndpoint: string })
  }
  export class OAuth2Fetch {
    constructor(options: { client: OAuth2Client; getNewToken: () => null; getStoredToken: () => OAuth2Token })
    fetch(input: string, init: RequestInit): Promise<Response>
    getAccessToken(): Promise<string>
  }
}

declare module '@supabase/auth-js' {
  interface AuthError extends Error {
    readonly status?: number
    readonly code?: string
  }
  export class AuthClient {
    constructor(options: { url: string; storageKey: string; autoRefreshToken: boolean; persistSession: boolean })
    initialize(): Promise<unknown>
    signInWithPassword(credentials: { email: string; password: string }): Promise<{ error: AuthError | null }>
    getSession(): Promise<{ data: { session: { access_token: string } | null }; error: AuthError | null }>
  }
}

declare module 'oidc-client-ts' {
  interface User {
    readonly access_token: string
    readonly expired: boolean | undefined
  }
  export class InMemoryWebStorage {}
  export class WebStorageStateStore {
    constructor(options: { store: Storage | InMemoryWebStorage })
  }
  export class UserManager {
    constructor(settings: {
      authority: string
      client_id: string
      redirect_uri: string
      scope: string
      metadata?: { issuer: string; authorization_endpoint: string; token_endpoint: string }
      userStore?: WebStorageStateStore
      stateStore?: WebStorageStateStore
    })
    getUser(): Promise<User | null>
    signinSilent(): Promise<User | null>
    signinResourceOwnerCredentials(credentials: {
      username: string
      password: string
      skipUserInfo: boolean
    }): Promise<User>
  }
}

declare module '@auth0/auth0-spa-js' {
  interface Options {
    domain: string
    clientId: string
    cache?: object
    cacheLocation?: 'localstorage'
    useRefreshTokens: boolean
    authorizationParams: { redirect_uri: string }
  }
  export class InMemoryCache {
    readonly enclosedCache: object
  }
  export class Auth0Client {
    constructor(options: Options)
    loginWithCustomTokenExchange(options: { subject_token: string; subject_token_type: string }): Promise<unknown>
    getTokenSilently(): Promise<string>
    isAuthenticated(): Promise<boolean>
  }
  export function createAuth0Client(options: Options): Promise<Auth0Client>
}

declare module 'keycloak-js' {
  class Keycloak {
    constructor(config: { url: string; realm: string; clientId: string })
    init(options: { token: string; refreshToken: string; idToken: string; checkLoginIframe: boolean }): Promise<boolean>
    updateToken(minValidity: number): Promise<boolean>
    readonly token: string | undefined
  }
  // biome-ignore lint/style/noDefaultExport: so does the real one
  export default Keycloak
}

declare module '@azure/msal-browser' {
  interface Configuration {
    auth: { clientId: string; authority: string }
  }
  export class PublicClientApplication {
    constructor(configuration: Configuration)
    initialize(): Promise<void>
    getAllAccounts(): object[]
    acquireTokenSilent(request: { scopes: string[]; account: object }): Promise<{ accessToken: string }>
  }
  export function loadExternalTokens(
    configuration: Configuration,
    request: { scopes: string[]; authority: string },
    response: object,
    options: { clientInfo: string; expiresOn: number },
  ): Promise<unknown>
}
