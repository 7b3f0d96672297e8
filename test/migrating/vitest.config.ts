import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { aliases } from '../support/aliases.ts'
import { quoted } from './quoted.ts'

const here = import.meta.dirname
const root = join(here, '../..')

/** Apart from the other tests: these need packages of their own, which `run.ts` brings. */
export default defineConfig({
  root,
  plugins: [quoted()],
  resolve: {
    alias: {
      ...aliases,
      axios: `${here}/node_modules/axios/index.js`,
      'former/axios': `${here}/node_modules/axios/index.js`,
      'former/axios-auth-refresh': `${here}/node_modules/axios-auth-refresh/dist/index.esm.js`,
      'former/axios-jwt': `${here}/node_modules/axios-jwt/dist/index.js`,
      'former/oidc-client-ts': `${here}/node_modules/oidc-client-ts/dist/esm/oidc-client-ts.js`,
      'former/auth0-spa-js': `${here}/node_modules/@auth0/auth0-spa-js/dist/lib/auth0-spa-js.cjs.js`,
      'former/supabase': `${here}/node_modules/@supabase/auth-js/dist/main/index.js`,
      'former/keycloak-js': `${here}/node_modules/keycloak-js/lib/keycloak.js`,
    },
  },
  test: {
    globalSetup: './test/browser/ensure-browser.ts',
    environment: './test/happy-dom.ts',
    environmentOptions: {
      happyDOM: { url: 'http://localhost:3000/' },
    },
    include: ['test/migrating/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
