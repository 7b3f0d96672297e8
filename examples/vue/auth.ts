import { type App, type ComputedRef, computed, type InjectionKey, inject, shallowRef } from 'vue'
import type { NavigationGuard } from 'vue-router'
import type { Client } from './client.ts' // yours: user, claims and credentials are typed by it

type State = Client['state']
type SignedIn = Extract<State, { status: 'authenticated' }>

/** All that the client can do, its methods free to be destructured; what changes are readonly refs. */
export interface Auth extends Omit<Client, 'state' | symbol> {
  /** The client itself, for `<latchkey-devtools>` and the like. */
  readonly client: Client
  /** Everything; the same object until something in it changes, at least with each renewal. */
  readonly state: ComputedRef<State>
  /** `loading`, `authenticated` or `unauthenticated`; a renewal is no change to it. */
  readonly status: ComputedRef<State['status']>
  /** Who is signed in, as the server told; a renewal is no change to it. */
  readonly user: ComputedRef<SignedIn['user']>
  /** What the access token says, not verified; new with each renewal. */
  readonly claims: ComputedRef<SignedIn['claims']>
  /** Whether the claim `roles` has it: good for hiding a button, while the server decides. A renewal is no change to it. */
  readonly hasRole: (role: string) => boolean
  /** For `app.use()`: starts the client and follows it until the app is unmounted. */
  readonly install: (app: App) => void
}

const KEY: InjectionKey<Auth> = Symbol('auth')

/** Makes the plugin of one app. On a server make one for each request, of a client for each request. */
export function createAuth(client: Client): Auth {
  const latest = shallowRef(client.state)
  const signedIn = computed(() => (latest.value.status === 'authenticated' ? latest.value : undefined))
  const roles = computed<readonly string[]>((before = []) => {
    const now = signedIn.value?.claims?.roles ?? []
    return JSON.stringify(before) === JSON.stringify(now) ? before : now
  })
  const auth: Auth = {
    ...client,
    client,
    state: computed(() => latest.value),
    status: computed(() => latest.value.status),
    user: computed(() => signedIn.value?.user),
    claims: computed(() => signedIn.value?.claims),
    hasRole: (role) => roles.value.includes(role),
    install(app) {
      app.provide(KEY, auth)
      latest.value = client.state
      app.onUnmount(client.subscribe((state) => (latest.value = state)))
      void client.start()
    },
  }
  return auth
}

/** The session, in a component, a composable or a Pinia store. */
export function useAuth(): Auth {
  const auth = inject(KEY, undefined)
  if (!auth) throw new Error('useAuth() needs app.use(createAuth(client)).')
  return auth
}

declare module 'vue-router' {
  interface RouteMeta {
    /** Whether the page is for people who are signed in; others are sent to sign in. */
    requiresAuth?: boolean
    /** The page is for people who have one of these roles; others are told so. */
    roles?: readonly string[]
  }
}

/** For `router.beforeEach()`: waits until it is known who is there, and sends those elsewhere who may not enter. */
export function authGuard(auth: Auth, { signIn = '/sign-in', forbidden = '/forbidden' } = {}): NavigationGuard {
  return async ({ meta: { requiresAuth, roles }, fullPath }) => {
    if (!requiresAuth && !roles) return true
    await auth.start().catch(() => undefined) // the page that handles redirect logins shows what one failed with
    if (auth.status.value !== 'authenticated') return { path: signIn, query: { to: fullPath } }
    return !roles || roles.some(auth.hasRole) || { path: forbidden, query: { to: fullPath } }
  }
}
