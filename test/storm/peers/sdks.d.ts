/** As much of the peers' types as their pages use: the packages are installed by `run.ts` only, types are checked by all. */
declare module '@auth0/auth0-spa-js' {
  interface Auth0Client {
    loginWithCustomTokenExchange(options: { subject_token: string; subject_token_type: string }): Promise<unknown>
    getTokenSilently(): Promise<string>
    isAuthenticated(): Promise<boolean>
  }
  export function createAuth0Client(options: {
    domain: string
    clientId: string
    cacheLocation: 'localstorage'
    useRefreshTokens: boolean
    authorizationParams: { redirect_uri: string }
  }): Promise<Auth0Client>
}

declare module '@supabase/auth-js' {
  interface AuthError {
    readonly name: string
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
  export class WebStorageStateStore {
    constructor(options: { store: Storage })
  }
  export class UserManager {
    constructor(settings: {
      authority: string
      client_id: string
      redirect_uri: string
      scope: string
      userStore: WebStorageStateStore
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

declare module 'axios-jwt' {
  interface Tokens {
    accessToken: string
    refreshToken: string
  }
  interface Config {
    requestRefresh: (refreshToken: string) => Promise<Tokens>
  }
  export function applyAuthTokenInterceptor(instance: object, config: Config): void
  export function setAuthTokens(tokens: Tokens): Promise<void>
  export function isLoggedIn(): Promise<boolean>
}
