/**
 * What each import pulls into an app's bundle: files of `src` by their path, rooms of it by a slash at the end, packages
 * by `npm:`. What is not named here must not come along.
 */

/** What every client is made of. */
const client = `
  auth-client create-client options environment browser errors events trace transact startup sign-in inspection
  session/ refresh/ http/ tabs/ storage/memory storage/web backends/json backends/read-tokens backends/failure
  npm:jwt-decode`

export const entries: Readonly<Record<string, string>> = {
  // Each entry, whole.
  "* from 'latchkey'": `${client} http-client storage/cookie npm:ky`,
  "* from 'latchkey/core'": `${client} storage/cookie`,
  "* from 'latchkey/backends'": 'backends/ errors session/json',
  "* from 'latchkey/oidc'": `
    oidc/ backends/failure browser environment errors transact session/claims session/json session/tokens
    npm:jwt-decode npm:oauth4webapi`,
  "* from 'latchkey/worker'": `
    worker/ backends/failure backends/json backends/read-tokens browser environment errors transact session/json
    http/destinations http/token-calls`,
  "* from 'latchkey/testing'": `
    testing/ backends/json backends/read-tokens errors inspection session/json storage/web
    npm:msw npm:@msw/url npm:@mswjs/interceptors npm:cookie npm:is-node-process npm:outvariant npm:rettime npm:tldts
    npm:tldts-core npm:tough-cookie`,
  "* from 'latchkey/devtools'": `
    devtools/ browser errors inspection transact refresh/plan session/claims session/json session/tokens npm:jwt-decode`,

  // One name alone.
  "{ AuthClient } from 'latchkey'": `${client} http-client npm:ky`,
  "{ AuthClient } from 'latchkey/core'": client,
  "{ jsonBackend } from 'latchkey'": 'backends/json backends/read-tokens errors session/json',
  "{ readTokens } from 'latchkey'": 'backends/read-tokens errors session/json',
  "{ memoryStorage } from 'latchkey'": 'storage/memory',
  "{ webStorage } from 'latchkey'": 'storage/web',
  "{ cookieStorage } from 'latchkey'": 'storage/cookie errors',
  "{ isAuthError, AuthError } from 'latchkey'": 'errors',
  "{ HTTPError } from 'latchkey'": 'npm:ky',
  "{ simpleJwt } from 'latchkey/backends'":
    'backends/simple-jwt backends/json backends/read-tokens errors session/json',
  "{ dpop } from 'latchkey/oidc'": 'oidc/dpop oidc/page browser environment errors transact npm:oauth4webapi',
  "{ hostRefresh } from 'latchkey/worker'": `
    worker/host backends/failure backends/read-tokens browser environment errors transact session/json
    http/destinations http/token-calls`,
  "{ virtualBrowser } from 'latchkey/testing'": 'testing/virtual/',
  "{ watchFetch } from 'latchkey/devtools'": 'devtools/recording/ browser transact',
  "{ audit } from 'latchkey/devtools'": `
    devtools/index devtools/audit/ devtools/duration inspection refresh/plan session/claims session/json session/tokens
    npm:jwt-decode`,
}
