import type { AuthBackend } from './backends/contract.js'
import { jsonBackend } from './backends/json.js'
import { browserEnvironment } from './browser.js'
import type { Environment } from './environment.js'
import { AuthError } from './errors.js'
import type { RefreshWorker } from './refresh/exchange.js'
import { checkUser } from './session/record.js'
import { isToken, type TokenResponse } from './session/tokens.js'
import type { TokenStorage } from './storage/contract.js'
import { memoryStorage } from './storage/memory.js'

/** When and how tokens are renewed. */
export interface RefreshOptions {
  /**
   * The latest moment for a renewal, in milliseconds before expiry; half the lifetime at most. By `spread` renewals come
   * earlier, and can come from 30 % of the lifetime on.
   *
   * @default a tenth of the lifetime, 60_000 at most
   */
  before?: number | undefined
  /**
   * Spread renewals at random over the lifetime, so that many clients do not renew in the same second. With `false` they
   * happen exactly `before` expiry.
   *
   * @default true
   */
  spread?: boolean | undefined
  /**
   * `'always'`: by a timer, before expiry. `'on-demand'`: no timer, only when a request needs a token; then nothing tells
   * `expiring` either.
   *
   * @default 'always'
   */
  when?: 'always' | 'on-demand' | undefined
  /** The deadline of each call to a token endpoint, logins included, body and all, in milliseconds. @default 10_000 */
  timeout?: number | undefined
  /**
   * Makes the calls in a SharedWorker, which outlives the tab that asked: a tab that is closed, or left, in the middle of a
   * refresh does not take the new tokens with it. Its file calls `hostRefresh` of `latchkey/worker`. A worker that does not
   * answer is done without.
   *
   * With `extendedLifetime` (Chromium) it finishes its work even if that was the only tab. Leave it out in cookie mode, and
   * the worker is worse than none: it dies with the last tab, and the call that the page itself would keep alive with it.
   *
   * @example
   * worker: () => new SharedWorker(new URL('./refresh.worker.ts', import.meta.url), {
   *   type: 'module', name: 'auth', extendedLifetime: true,
   * })
   * @default the calls are made by the page
   */
  worker?: (() => RefreshWorker) | undefined
}

/** The options of the client. One of `baseUrl` and `backend` is needed. */
export interface CoreOptions<Credentials extends object, User> {
  /**
   * Your API, which always gets the token; may be relative to the page (`'/api'`). Without `backend` it also has the
   * endpoints `login`, `refresh` and `logout` of {@link jsonBackend}.
   */
  baseUrl?: string | URL | undefined
  /** How the server does login, refresh and logout. @default jsonBackend({ baseUrl }) */
  backend?: AuthBackend<Credentials, User> | undefined
  /** Further origins or URL prefixes that get the token, by `fetch`. @default none */
  attachTo?: readonly (string | URL)[] | undefined
  /** Where the session is kept. @default memoryStorage() */
  storage?: TokenStorage | undefined
  /** The key of the stored record; one for each session that a page has at a time. @default 'latchkey' */
  storageKey?: string | undefined
  /**
   * Tokens that are known already, as at server-side rendering: the first `state` is then right. A session in the
   * storage wins over them when the client starts.
   */
  initial?: TokenResponse<User> | undefined
  /** When and how tokens are renewed. */
  refresh?: RefreshOptions | undefined
  /** What sends the requests. @default globalThis.fetch, looked up at each call */
  fetch?: typeof globalThis.fetch | undefined
  /**
   * Hosts (`'192.168.0.7'`, `'192.168.0.7:8080'`) that may get a token over plain `http:`: a phone on the LAN during
   * development. Loopback always may.
   *
   * @default none
   */
  allowInsecure?: readonly string[] | undefined
  /** The edges of the browser, for tests: several virtual tabs, or virtual time. @default the browser's */
  environment?: Partial<Environment> | undefined
}

/** Options with every gap filled. */
export interface Settings<Credentials extends object, User> {
  readonly backend: AuthBackend<Credentials, User>
  readonly inCookie: boolean
  readonly baseUrl: string | URL | undefined
  /** Where the token goes: `baseUrl`, if there is one, then `attachTo`. */
  readonly prefixes: readonly (string | URL)[]
  readonly storage: TokenStorage
  readonly storageKey: string
  readonly initial: TokenResponse<User> | undefined
  readonly refresh: RefreshOptions & { timeout: number }
  readonly fetch: typeof globalThis.fetch
  /** What `fetch` hands on to: the app's, or the global one where there is none. */
  readonly wire: { fetch: typeof globalThis.fetch | undefined }
  readonly allowInsecure: readonly string[]
  readonly environment: Environment
}

function check(isSound: unknown, option: string, need: string): void {
  if (!isSound) throw new AuthError('invalid_option', `\`${option}\` must be ${need}.`)
}

/** Fills the gaps, and refuses at the door what cannot work later. */
export function resolveOptions<Credentials extends object, User>(
  options: CoreOptions<Credentials, User>,
): Settings<Credentials, User> {
  const {
    baseUrl,
    attachTo = [],
    allowInsecure = [],
    initial,
    storage = memoryStorage(),
    storageKey = 'latchkey',
  } = options
  const refresh = { ...options.refresh, timeout: options.refresh?.timeout ?? 10_000 }
  const { before = 0, timeout, when = 'always', worker } = refresh
  check(baseUrl || options.backend, 'baseUrl', 'given, or else `backend`')
  check(!/^(?!https?:)[\w+.-]+:/i.test(String(baseUrl)), 'baseUrl', 'an http(s) URL, or a path')
  check(before >= 0, 'refresh.before', 'zero or more milliseconds')
  check(timeout > 0 && timeout < 2 ** 31, 'refresh.timeout', 'a number of milliseconds')
  check(['always', 'on-demand'].includes(when), 'refresh.when', "'always' or 'on-demand'")
  check(!worker || typeof worker === 'function', 'refresh.worker', 'a function that makes a SharedWorker')
  check(!initial || isToken(initial.accessToken), 'initial', 'tokens with an access token')
  checkUser(initial?.user)
  check(storageKey, 'storageKey', 'a text that is not empty')
  check(storage?.getItem, 'storage', 'an object with getItem, setItem and removeItem')
  const backend = options.backend ?? jsonBackend({ baseUrl: baseUrl as string | URL })
  const wire = { fetch: options.fetch }
  return {
    backend,
    inCookie: backend.refreshVia === 'cookie',
    prefixes: baseUrl ? [baseUrl, ...attachTo] : attachTo,
    baseUrl,
    storage,
    storageKey,
    initial,
    allowInsecure,
    refresh,
    fetch: (input, init) => (wire.fetch ?? globalThis.fetch)(input, init),
    wire,
    environment: { ...browserEnvironment, ...options.environment },
  }
}
