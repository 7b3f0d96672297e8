import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PageOptions } from '../stage.ts'

/** Who goes through the storms. */
export interface Client {
  readonly name: string
  readonly page: string
  readonly options?: PageOptions
  /** Takes no need: the clock has to be put on, so that its token expires. */
  readonly isPeer: boolean
  /** What it is, and what server it is meant for. */
  readonly about: string
}

const here = import.meta.dirname
const json = (...path: string[]): Record<string, Record<string, string>> & { version: string } =>
  JSON.parse(readFileSync(join(here, ...path), 'utf8'))
const pinned = json('package.json').dependencies ?? {}
const ours = json('../../../package.json').version
const named = (name: string): string => `${name}@${pinned[name]}`

/** The page of each peer. */
export const peerPages = ['auth0', 'supabase', 'oidc', 'axios-jwt'].map((name) => join(here, `pages/${name}.ts`))

export const clients: readonly Client[] = [
  {
    name: `latchkey@${ours}, worker`,
    page: 'latchkey',
    options: { worker: true },
    isPeer: false,
    about: 'any server, strict or with a grace; the refresh runs in a SharedWorker (`latchkey/worker`).',
  },
  {
    name: `latchkey@${ours}, lock`,
    page: 'latchkey',
    isPeer: false,
    about: 'any server, strict or with a grace; the tabs take turns by a Web Lock, which is the default.',
  },
  {
    name: 'lock and re-read',
    page: 'naive',
    isPeer: false,
    about: 'the recipe that people copy: a Web Lock, and the record read again under it.',
  },
  {
    name: named('@auth0/auth0-spa-js'),
    page: 'auth0',
    isPeer: true,
    about:
      'Auth0: rotation is strict by default (reuse ends the family), and a leeway of some seconds can be set. `cacheLocation: "localstorage"`, `useRefreshTokens: true`, `getTokenSilently()`.',
  },
  {
    name: named('@supabase/auth-js'),
    page: 'supabase',
    isPeer: true,
    about:
      'Supabase Auth, which forgives a reuse for 10 s by default: "grace" is the server that it is meant for. Defaults (`autoRefreshToken`, `persistSession`), `getSession()`.',
  },
  {
    name: named('oidc-client-ts'),
    page: 'oidc',
    isPeer: true,
    about:
      "any OpenID provider; what it does with a reuse is the provider's affair. `userStore` in localStorage, `automaticSilentRenew` by default, `getUser()`, `signinSilent()` if that has expired.",
  },
  {
    name: named('axios-jwt'),
    page: 'axios-jwt',
    isPeer: true,
    about: `any server with a refresh endpoint; rotation is optional, its own example has none. \`applyAuthTokenInterceptor\` with ${named('axios')}, a request.`,
  },
]
