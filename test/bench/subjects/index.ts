/** Everybody who is measured, in the order of the tables; each is loaded only where it runs. */
import type { Subject } from './subject.ts'

const axios = () => import('./axios.ts')
const byHand = () => import('./by-hand.ts')
const latchkey = () => import('./latchkey.ts')

export const FLOOR = 'bare fetch'
export const KY = 'ky alone'
export const KY_AGAIN = 'ky alone, again'
export const SHARED = 'ky + hook, shared promise'
export const AUTH_FETCH = 'Latchkey auth.fetch'
export const AUTH_HTTP = 'Latchkey auth.http'
export const CORE = 'latchkey/core auth.fetch'

export const subjects: readonly Subject[] = [
  { name: FLOOR, packages: [], how: 'the header in `init`.', open: async () => (await byHand()).openFetch },
  {
    name: KY,
    packages: ['ky'],
    how: 'the header as an option of the instance (ky merges it at each call: without it, it is faster).',
    open: async () => (await byHand()).openKy,
  },
  { name: KY_AGAIN, packages: ['ky'], how: 'the noise.', open: async () => (await byHand()).openKy },
  {
    name: 'ky + hook, naive',
    packages: ['ky'],
    how: "the hook of ky's README: each 401 refreshes. A hook after the response makes ky clone it.",
    open: async () => (await byHand()).openNaive,
  },
  {
    name: SHARED,
    packages: ['ky'],
    how: 'the same hook; while a refresh is under way, others wait for it.',
    open: async () => (await byHand()).openShared,
  },
  {
    name: 'axios + axios-auth-refresh',
    packages: ['axios', 'axios-auth-refresh'],
    how: '`createAuthRefresh` with its defaults, which reject what is in flight when the first 401 comes. All axios on its fetch adapter.',
    open: async () => (await axios()).openAuthRefresh,
  },
  {
    name: 'axios-jwt',
    packages: ['axios', 'axios-jwt'],
    how: '`applyAuthTokenInterceptor`; localStorage, in Node memory. Does nothing about a 401.',
    open: async () => (await axios()).openAxiosJwt,
  },
  {
    name: 'badgateway OAuth2Fetch',
    packages: ['@badgateway/oauth2-client'],
    how: '`wrapper.fetch`, `getAccessToken()`.',
    open: async () => (await import('./badgateway.ts')).openBadgateway,
  },
  {
    name: 'supabase auth-js',
    packages: ['@supabase/auth-js'],
    how: '`getSession()`.',
    open: async () => (await import('./supabase.ts')).openSupabase,
  },
  {
    name: 'oidc-client-ts',
    packages: ['oidc-client-ts'],
    how: '`getUser()`, and `signinSilent()` if that has expired: each caller by itself, as nothing in it shares one.',
    open: async () => (await import('./oidc-client-ts.ts')).openOidcClientTs,
  },
  {
    name: 'auth0-spa-js',
    packages: ['@auth0/auth0-spa-js'],
    how: '`getTokenSilently()`, cache in memory, refresh tokens.',
    needsWindow: true,
    open: async () => (await import('./auth0.ts')).openAuth0,
  },
  {
    name: 'keycloak-js',
    packages: ['keycloak-js'],
    how: '`updateToken(5)`, then `token`.',
    needsWindow: true,
    open: async () => (await import('./keycloak.ts')).openKeycloak,
  },
  {
    name: 'msal-browser',
    packages: ['@azure/msal-browser'],
    how: '`acquireTokenSilent` with an account, tokens in sessionStorage.',
    needsWindow: true,
    open: async () => (await import('./msal.ts')).openMsal,
  },
  {
    name: AUTH_FETCH,
    packages: [],
    how: '`auth.fetch(url, init)`, memory storage.',
    open: async () => (await latchkey()).openFetch,
  },
  {
    name: AUTH_HTTP,
    packages: ['ky'],
    how: '`auth.http.get(path).json()`, memory storage.',
    open: async () => (await latchkey()).openHttp,
  },
  {
    name: CORE,
    packages: [],
    how: '`auth.fetch(url, init)`, memory storage.',
    open: async () => (await import('./latchkey-core.ts')).openCore,
  },
]
