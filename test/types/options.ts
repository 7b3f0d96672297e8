// Options, storages, backends and frameworks, as TypeScript sees them: compiled by `tsc -p test`, never run.
import {
  type AuthBackend,
  AuthClient,
  type AuthClientOptions,
  AuthError,
  type AuthErrorCode,
  type AuthState,
  type BackendContext,
  type Claims,
  type CookieOptions,
  cookieStorage,
  type Environment,
  isAuthError,
  jsonBackend,
  memoryStorage,
  readTokens,
  type TokenResponse,
  type TokenSet,
  type TokenStorage,
  webStorage,
} from 'latchkey'
import { useSyncExternalStore } from 'react'
import { expectTypeOf } from 'vitest'
import { shallowRef } from 'vue'

declare module 'latchkey' {
  interface Claims {
    readonly roles?: readonly string[]
  }
}

interface Form {
  email: string
  password: string
}

interface User {
  id: number
}

const baseUrl = 'https://api.example.com'

// --- every optional member takes undefined, under exactOptionalPropertyTypes too ---
const settings: { [key: string]: string | undefined } = {}
const all: Required<AuthClientOptions<Form, User>> = {
  baseUrl: settings.API,
  backend: undefined,
  attachTo: undefined,
  storage: undefined,
  storageKey: undefined,
  initial: undefined,
  refresh: { before: undefined, spread: undefined, when: undefined, timeout: undefined },
  http: undefined,
  fetch: undefined,
  allowInsecure: undefined,
  environment: undefined,
}
void new AuthClient(all)
void new AuthClient({ ...all, refresh: undefined, baseUrl: new URL(baseUrl) })
void new AuthClient({ baseUrl, attachTo: [new URL(baseUrl), 'https://files.example.com'] as const })
void cookieStorage({ path: undefined, domain: undefined, maxAge: undefined, sameSite: undefined, secure: undefined })
void jsonBackend({
  baseUrl,
  login: undefined,
  refresh: undefined,
  logout: undefined,
  user: undefined,
  refreshVia: undefined,
})
void jsonBackend({ baseUrl, csrfHeader: undefined, readTokens: undefined, isFinal: undefined })
const ownReader: AuthBackend<Form, User> = jsonBackend({ baseUrl, readTokens: () => ({ user: { id: 1 } }) })
void ownReader
void jsonBackend({
  baseUrl,
  login: { path: 'login', method: undefined, encoding: undefined, body: undefined, headers: undefined },
})

// @ts-expect-error: not a moment that is known
void new AuthClient({ baseUrl, refresh: { when: 'never' } })
// @ts-expect-error: there is no such option
void new AuthClient({ baseUrl, baseURL: '' })
// @ts-expect-error: not a value that browsers know
const cookies: CookieOptions = { sameSite: 'none-of-these' }
void cookies

// --- storages fit as they are ---
void new AuthClient({ baseUrl, storage: localStorage })
void new AuthClient({ baseUrl, storage: sessionStorage })
expectTypeOf<Storage>().toExtend<TokenStorage>()
expectTypeOf(webStorage('local')).toEqualTypeOf<TokenStorage>()
expectTypeOf(memoryStorage()).toEqualTypeOf<TokenStorage>()

/** The shape of React Native's AsyncStorage. */
interface AsyncStorageStatic {
  getItem: (key: string, callback?: (error?: Error | null, result?: string | null) => void) => Promise<string | null>
  setItem: (key: string, value: string, callback?: (error?: Error | null) => void) => Promise<void>
  removeItem: (key: string, callback?: (error?: Error | null) => void) => Promise<void>
  clear: () => Promise<void>
}
declare const AsyncStorage: AsyncStorageStatic
void new AuthClient({ baseUrl, storage: AsyncStorage })
// @ts-expect-error: a Map has other methods
void new AuthClient({ baseUrl, storage: new Map<string, string>() })
// @ts-expect-error: there is no such area
void webStorage('indexed')

// --- frameworks take subscribe and state as they are ---
export function useAuth(auth: AuthClient<Form, User>): AuthState<User> {
  return useSyncExternalStore(auth.subscribe, () => auth.state)
}
export function useAuthInVue(auth: AuthClient<Form, User>): Readonly<{ value: AuthState<User> }> {
  const state = shallowRef(auth.state)
  auth.subscribe((next) => {
    state.value = next
  })
  return state
}

// --- a backend of one's own ---
const backend: AuthBackend<Form, User> = {
  id: 'https://id.example.com/token',
  origin: 'https://id.example.com',
  refreshVia: 'body',
  async login({ email, password }, { fetch, signal }) {
    expectTypeOf(email).toEqualTypeOf<string>()
    const body = new URLSearchParams({ email, password })
    const response = await fetch('https://id.example.com/token', { method: 'POST', body, signal })
    return { ...readTokens<User>(await response.json(), response), tokenType: 'Bearer' }
  },
  async refresh({ refreshToken = '' }, { fetch }) {
    expectTypeOf(refreshToken).toEqualTypeOf<string>()
    return readTokens(await (await fetch('https://id.example.com/token')).json())
  },
  async logout(_tokens, { logoutOptions }) {
    expectTypeOf(logoutOptions?.returnTo).toEqualTypeOf<string | undefined>()
  },
  resume: async () => ({ accessToken: 'token', returnTo: '/inbox' }),
  user: async () => ({ id: 1 }),
  authorize: (request, tokens) => {
    expectTypeOf(request).toEqualTypeOf<Request>()
    expectTypeOf(tokens).toEqualTypeOf<TokenSet>()
    return request
  },
  retry: ({ headers }) => headers.has('DPoP-Nonce'),
  isFinal: ({ status, body }) => status === 401 && body !== undefined,
}
void new AuthClient({ backend }).login({ email: '', password: '' })
expectTypeOf<BackendContext['fetch']>().toEqualTypeOf<typeof globalThis.fetch>()

// The least that a backend has to have.
const least: AuthBackend<{ code?: string }> = {
  id: 'device',
  origin: undefined,
  refreshVia: 'none',
  login: async () => ({ accessToken: 'token' }),
}
void new AuthClient({ backend: least }).login()
// @ts-expect-error: this backend has no login
const incomplete: AuthBackend<Form, User> = { id: '', origin: undefined, refreshVia: 'none' }
void incomplete

const django = jsonBackend<Form, User>({
  baseUrl,
  login: { path: 'token/', encoding: 'form', body: ({ email, password }) => ({ username: email, password }) },
  refresh: { path: 'token/refresh/', body: ({ refreshToken }) => ({ refresh: refreshToken }) },
  logout: false,
  csrfHeader: ['X-CSRF-Token', () => document.title],
})
expectTypeOf(django).toExtend<AuthBackend<Form, User>>()
// @ts-expect-error: the form has no such field
void jsonBackend<Form, User>({ baseUrl, login: { path: 'token/', body: ({ username }) => ({ username }) } })

// --- tokens and claims ---
const tokens: TokenResponse<User> = readTokens<User>({})
expectTypeOf(tokens.user).toEqualTypeOf<User | undefined>()
declare const claims: Claims
expectTypeOf(claims.roles).toEqualTypeOf<readonly string[] | undefined>()
expectTypeOf(claims.exp).toEqualTypeOf<number | undefined>()
expectTypeOf(claims.aud).toEqualTypeOf<string | readonly string[] | undefined>()
expectTypeOf(claims['https://example.com/tenant']).toEqualTypeOf<unknown>()
// @ts-expect-error: claims are read only
claims.sub = 'somebody'

// --- errors ---
declare const error: unknown
if (isAuthError(error)) {
  expectTypeOf(error).toEqualTypeOf<AuthError>()
  expectTypeOf(error.code).toEqualTypeOf<AuthErrorCode>()
  expectTypeOf(error.retryAt).toEqualTypeOf<number | undefined>()
  if (error.code === 'rate_limited') void error.retryAt
  // @ts-expect-error: no code that exists
  if (error.code === 'rate-limited') void error.retryAt
}
void new AuthError('refresh_rejected', 'The card was revoked.', { status: 401 })
// @ts-expect-error: no code that exists
void new AuthError('whatever', '')

// --- the edges of the browser ---
const edges: Partial<Environment> = {
  clock: { now: () => 0, monotonic: () => 0 },
  timers: { set: (callback, delay) => setTimeout(callback, delay), clear: (timer) => clearTimeout(timer as number) },
  lifecycle: {
    isOnline: () => true,
    listen: (listener) => {
      listener('online')
      // @ts-expect-error: no event that wakes a page
      listener('click')
      return () => {}
    },
  },
  random: () => 0.5,
}
void new AuthClient({ baseUrl, environment: edges })
