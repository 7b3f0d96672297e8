// What an app's developer writes, as TypeScript sees it: compiled by `tsc -p test`, never run.
import { AuthClient, type AuthEvents, type AuthState, jsonBackend, type LogoutReason, type StartResult } from 'latchkey'
import { AuthClient as CoreClient, type AuthClientOptions as CoreOptions } from 'latchkey/core'
import { expectTypeOf } from 'vitest'

interface Form {
  username: string
  password: string
  remember?: boolean
}

interface User {
  id: number
  name: string
}

const baseUrl = 'https://api.example.com'
const untyped = new AuthClient({ baseUrl })
const auth = new AuthClient<Form, User>({ baseUrl })

// --- login: a typed form, an interface too ---
declare const form: Form
void auth.login(form)
void auth.login({ username: 'johndoe', password: 'password123' })
void auth.login(form, { signal: new AbortController().signal })
// @ts-expect-error: the password is missing
void auth.login({ username: 'johndoe' })
// @ts-expect-error: there is no such field
void auth.login({ username: 'johndoe', password: 'password123', pasword: '' })
// @ts-expect-error: it needs credentials
void auth.login()
// @ts-expect-error: a text is no form
void auth.login('johndoe')

// Without a type argument any object will do, but there has to be one.
void untyped.login({ username: 'johndoe', password: 'password123' })
void untyped.login(form)
// @ts-expect-error: it needs credentials
void untyped.login()
// @ts-expect-error: a text is no form
void untyped.login('johndoe')

// Where every credential is optional, none has to be given.
const provider = new AuthClient<{ prompt?: 'login'; returnTo?: string }, User>({ baseUrl })
void provider.login()
void provider.login({ prompt: 'login' })
void provider.login(undefined, { signal: new AbortController().signal })
// @ts-expect-error: not this value
void provider.login({ prompt: 'never' })

expectTypeOf(auth.login).returns.resolves.toEqualTypeOf<AuthState<User>>()

// --- state narrows by its status ---
const { state } = auth
expectTypeOf(state.status).toEqualTypeOf<'loading' | 'unauthenticated' | 'authenticated'>()
// @ts-expect-error: who knows whether somebody is signed in
void state.user
if (state.status === 'authenticated') {
  expectTypeOf(state.user).toEqualTypeOf<User | undefined>()
  expectTypeOf(state.expiresAt).toEqualTypeOf<number | undefined>()
  expectTypeOf(state.freshness).toEqualTypeOf<'fresh' | 'stale'>()
  expectTypeOf(state.claims?.sub).toEqualTypeOf<string | undefined>()
  expectTypeOf(state.idClaims?.exp).toEqualTypeOf<number | undefined>()
  // @ts-expect-error: the access token is no part of the state
  void state.accessToken
  // @ts-expect-error: nobody writes to the state
  state.freshness = 'stale'
} else if (state.status === 'unauthenticated') {
  expectTypeOf(state.reason).toEqualTypeOf<'never' | LogoutReason>()
  // @ts-expect-error: nobody is signed in
  void state.user
} else {
  expectTypeOf(state).toEqualTypeOf<{ readonly status: 'loading' }>()
}
// @ts-expect-error: the client alone sets the state
auth.state = { status: 'loading' }

function label(state: AuthState<User>): string {
  switch (state.status) {
    case 'loading':
      return '…'
    case 'unauthenticated':
      return 'Sign in'
    case 'authenticated':
      return state.user?.name ?? 'Somebody'
  }
}
void label(state)

expectTypeOf(untyped.state).toEqualTypeOf<AuthState<unknown>>()

// --- start ---
expectTypeOf(auth.start).returns.resolves.toEqualTypeOf<StartResult<User>>()
void auth.start({ probe: true })
void auth.start({ probe: undefined })
void auth.start().then((result) => {
  expectTypeOf(result.returnTo).toEqualTypeOf<string | undefined>()
  if (result.status === 'authenticated') expectTypeOf(result.user).toEqualTypeOf<User | undefined>()
})

// --- on infers the event ---
auth.on('login', (event) => expectTypeOf(event.user).toEqualTypeOf<User | undefined>())
auth.on('logout', ({ reason, error }) => {
  expectTypeOf(reason).toEqualTypeOf<LogoutReason>()
  expectTypeOf(error?.status).toEqualTypeOf<number | undefined>()
})
auth.on('refresh', ({ expiresAt }) => expectTypeOf(expiresAt).toEqualTypeOf<number | undefined>())
auth.on('refreshFailed', ({ attempt, retryAt, error }) => {
  expectTypeOf(attempt).toEqualTypeOf<number>()
  expectTypeOf(retryAt).toEqualTypeOf<number | undefined>()
  expectTypeOf(error.retryable).toEqualTypeOf<boolean>()
})
auth.on('expiring', ({ expiresAt }) => expectTypeOf(expiresAt).toEqualTypeOf<number>())
auth.on('storageDegraded', ({ error }) => expectTypeOf(error.message).toEqualTypeOf<string>())
auth.on('refresh', ({ at, origin, generation }) => {
  expectTypeOf(at).toEqualTypeOf<number>()
  expectTypeOf(origin).toEqualTypeOf<'this-tab' | 'other-tab'>()
  expectTypeOf(generation).toEqualTypeOf<number>()
})
auth.on('login', async () => {})
auth.on('login', () => {}, { signal: new AbortController().signal })
auth.on('login', () => {}, { signal: undefined })
expectTypeOf(auth.on('login', () => {})).toEqualTypeOf<() => void>()
expectTypeOf<keyof AuthEvents>().toEqualTypeOf<
  'login' | 'logout' | 'refresh' | 'refreshFailed' | 'expiring' | 'storageDegraded'
>()
// @ts-expect-error: there is no such event
auth.on('signin', () => {})
// @ts-expect-error: this event has no reason
auth.on('login', ({ reason }) => reason)

// --- the user ---
auth.setUser({ id: 1, name: 'John' })
// @ts-expect-error: a user has a name
auth.setUser({ id: 1 })
void auth.setTokens({ accessToken: 'token', user: { id: 1, name: 'John' } })
// @ts-expect-error: that is no user
void auth.setTokens({ accessToken: 'token', user: 'John' })
void auth.setTokens({ accessToken: 'a', refreshToken: undefined, idToken: undefined, lifetime: 1, scope: undefined })

// --- tokens ---
expectTypeOf(auth.getAccessToken).returns.resolves.toEqualTypeOf<string>()
void auth.getAccessToken({ rejected: 'token', minValidity: 60_000, forceRefresh: true })
void auth.getAccessToken({ rejected: undefined, minValidity: undefined, forceRefresh: undefined, signal: undefined })
// @ts-expect-error: milliseconds, not a text
void auth.getAccessToken({ minValidity: '60s' })
void auth.logout({ returnTo: '/' })
void auth.logout({ returnTo: undefined })

// --- fetch and http fit where a fetch and a ky are wanted ---
expectTypeOf(auth.fetch).toEqualTypeOf<typeof globalThis.fetch>()
const { fetch, getAccessToken, login, logout } = auth
void [fetch, getAccessToken, login, logout]
expectTypeOf(auth.http.get('todos').json<User[]>()).resolves.toEqualTypeOf<User[]>()

// --- explain ---
const [entry] = auth.explain()
expectTypeOf(entry?.why).toEqualTypeOf<string | undefined>()
// @ts-expect-error: a copy to read, not to write
auth.explain().push()

// --- using, where the engine has it ---
{
  using scoped = new AuthClient({ baseUrl })
  void scoped
}

// --- the core is the same class without http ---
const core = new CoreClient<Form, User>({ baseUrl })
void core.login(form)
expectTypeOf(core.state).toEqualTypeOf(auth.state)
expectTypeOf(auth).toExtend<CoreClient<Form, User>>()
// @ts-expect-error: the core has no http
void core.http
// @ts-expect-error: nor ky's options
const withKy: CoreOptions<Form, User> = { baseUrl, http: { timeout: 1000 } }
void withKy
void new AuthClient({ baseUrl, http: { timeout: 1000, retry: 0 } })

// --- credentials and user come from the backend where the client is told nothing else ---
const inferred = new AuthClient({ backend: jsonBackend<Form, User>({ baseUrl }) })
void inferred.login(form)
// @ts-expect-error: the backend wants a password
void inferred.login({ username: 'johndoe' })
expectTypeOf(inferred.state).toEqualTypeOf<AuthState<User>>()
