/** What everybody weighs: create a client, get a token, subscribe to the logout. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { aliases } from '../../support/aliases.ts'
import { AUTH_HTTP, CORE, KY, SHARED } from '../subjects/index.ts'

const API = `'https://api.example.com'`
const latchkey = (from: string): string => `
  import { AuthClient } from '${from}'
  export const auth = new AuthClient({ baseUrl: ${API} })
  export const token = () => auth.getAccessToken()
  export const onLogout = (listener) => auth.on('logout', listener)`

/** By subject; those that have nothing to subscribe to leave that out. */
const SNIPPETS: Readonly<Record<string, string>> = {
  [KY]: `export { openKy } from './subjects/by-hand.ts'`,
  'ky + hook, naive': `export { openNaive } from './subjects/by-hand.ts'`,
  [SHARED]: `export { openShared } from './subjects/by-hand.ts'`,
  'axios + axios-auth-refresh': `
    import axios from 'axios'
    import { createAuthRefresh } from 'axios-auth-refresh'
    export const api = axios.create({ baseURL: ${API} })
    export const healBy = (refresh) => createAuthRefresh(api, refresh)`,
  'axios-jwt': `
    import axios from 'axios'
    import { applyAuthTokenInterceptor, getAccessToken } from 'axios-jwt'
    export const api = axios.create({ baseURL: ${API} })
    export const healBy = (requestRefresh) => applyAuthTokenInterceptor(api, { requestRefresh })
    export const token = () => getAccessToken()`,
  'badgateway OAuth2Fetch': `
    import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
    const client = new OAuth2Client({ server: ${API}, clientId: 'app' })
    export const open = (getNewToken, onError) => new OAuth2Fetch({ client, getNewToken, onError })
    export const token = (wrapper) => wrapper.getAccessToken()`,
  'supabase auth-js': `
    import { AuthClient } from '@supabase/auth-js'
    export const auth = new AuthClient({ url: ${API} })
    export const token = () => auth.getSession()
    export const onLogout = (listener) => auth.onAuthStateChange(listener)`,
  'oidc-client-ts': `
    import { UserManager } from 'oidc-client-ts'
    export const auth = new UserManager({ authority: ${API}, client_id: 'app', redirect_uri: '/callback' })
    export const token = () => auth.getUser()
    export const onLogout = (listener) => auth.events.addUserUnloaded(listener)`,
  'auth0-spa-js': `
    import { Auth0Client } from '@auth0/auth0-spa-js'
    export const auth = new Auth0Client({ domain: 'id.example.com', clientId: 'app' })
    export const token = () => auth.getTokenSilently()`,
  'keycloak-js': `
    import Keycloak from 'keycloak-js'
    export const auth = new Keycloak({ url: ${API}, realm: 'app', clientId: 'app' })
    export const token = () => auth.updateToken(5).then(() => auth.token)
    export const onLogout = (listener) => { auth.onAuthLogout = listener }`,
  'msal-browser': `
    import { PublicClientApplication } from '@azure/msal-browser'
    export const auth = new PublicClientApplication({ auth: { clientId: 'app' } })
    export const token = (account) => auth.acquireTokenSilent({ scopes: ['api'], account })
    export const onLogout = (listener) => auth.addEventCallback(listener)`,
  [AUTH_HTTP]: latchkey('latchkey'),
  [CORE]: latchkey('latchkey/core'),
}

/** Bytes of each snippet and all that it needs: minified by esbuild, gzip level 9. */
export async function measureSizes(): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  for (const [name, contents] of Object.entries(SNIPPETS)) {
    const { outputFiles } = await build({
      stdin: { contents, loader: 'ts', resolveDir: join(import.meta.dirname, '..') },
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      write: false,
      legalComments: 'none',
      define: { 'process.env.NODE_ENV': '"production"' },
      alias: { ...aliases },
      logLevel: 'error',
    })
    sizes.set(name, gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length)
  }
  return sizes
}
