import {
  AuthClient,
  type AuthEvents,
  type AuthState,
  cookieStorage,
  isAuthError,
  jsonBackend,
  memoryStorage,
  type TraceEntry,
  webStorage,
} from 'latchkey'
import { formsOf } from '../support/addresses.ts'

/** How a page sets up its client; all of it stands in its address. */
export interface PageOptions {
  readonly via: 'body' | 'cookie'
  readonly storage: 'memory' | 'local' | 'session' | 'cookie'
  readonly worker: boolean
  readonly baseUrl: string
  readonly attachTo: string
  readonly allowInsecure: string
  readonly when: 'always' | 'on-demand'
  /** `strict`, or the name of the Trusted Types policy that may make the worker's URL. */
  readonly csp: string
}

/** What a call came to. */
export type Outcome =
  | { readonly status: number; readonly url: string; readonly isRedirected: boolean }
  | { readonly code: string; readonly message: string; readonly cause: string | undefined }

/** What a client says of itself. */
export interface Look {
  readonly state: AuthState
  readonly events: readonly { readonly name: string; readonly origin: string; readonly reason: string | undefined }[]
  readonly trace: readonly TraceEntry[]
}

export type Hands = typeof hands

const given = Object.fromEntries(new URLSearchParams(location.search)) as Record<string, string | undefined>
const { baseUrl = 'https://api.test/v1', via = 'body', storage: area = 'memory' } = given
const refreshVia = via === 'cookie' ? 'cookie' : 'body'

/** What a page under Trusted Types has to do to start a worker; `trustedTypes` is in no library of TypeScript yet. */
function startWorker(): SharedWorker {
  const url = `/threat-worker.js?${new URLSearchParams({ baseUrl, via })}`
  const { trustedTypes } = window as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } }
  }
  const policy = given.csp
    ? trustedTypes?.createPolicy(given.csp, { createScriptURL: (text: string) => text })
    : undefined
  return new SharedWorker(policy?.createScriptURL(url) ?? url, { type: 'module', name: 'threats' })
}

const storages = {
  memory: memoryStorage,
  local: () => webStorage('local'),
  session: () => webStorage('session'),
  cookie: cookieStorage,
}
const auth = new AuthClient<{ username: string; password: string }>({
  baseUrl,
  backend: jsonBackend({ baseUrl, refreshVia, user: 'me' }),
  storage: storages[area as keyof typeof storages](),
  refresh: { when: given.when === 'on-demand' ? 'on-demand' : 'always', ...(given.worker && { worker: startWorker }) },
  ...(given.attachTo && { attachTo: [given.attachTo] }),
  ...(given.allowInsecure && { allowInsecure: [given.allowInsecure] }),
})

const events: Look['events'][number][] = []
const names: (keyof AuthEvents)[] = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded']
for (const name of names) {
  auth.on(name, (event) => {
    events.push({ name, origin: event.origin, reason: 'reason' in event ? event.reason : undefined })
  })
}
const violations: string[] = []
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  violations.push(`${violatedDirective} ${blockedURI}`)
})

async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    const answer = await call
    if (!(answer instanceof Response)) return { status: 0, url: '', isRedirected: false }
    return { status: answer.status, url: answer.url, isRedirected: answer.redirected }
  } catch (error) {
    const { message, cause } = error as Error
    return {
      code: isAuthError(error) ? error.code : String(error),
      message,
      cause: isAuthError(cause) ? cause.code : undefined,
    }
  }
}

/** Does `work` with each of `list`, ten at a time. */
async function each<T>(list: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...list]
  // What the platform refuses may throw: userinfo, another scheme, no URL at all.
  const attempt = async (item: T): Promise<unknown> => work(item)
  const next = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await attempt(item).catch(() => undefined)
  }
  await Promise.all(Array.from({ length: 10 }, next))
}

/** What a test may do here: functions only, so that a search of `window` finds no token by way of them. */
export const hands = {
  start: async (): Promise<string> => (await auth.start()).status,
  login: (username = 'ann', password = 'secret'): Promise<Outcome> => outcomeOf(auth.login({ username, password })),
  logout: (): Promise<void> => auth.logout(),
  setTokens: (tokens: { accessToken: string; refreshToken?: string; lifetime?: number }): Promise<Outcome> =>
    outcomeOf(auth.setTokens(tokens)),
  renew: (): Promise<Outcome> => outcomeOf(auth.getAccessToken({ forceRefresh: true })),
  token: (): Promise<string> => auth.getAccessToken(),
  fetch: (url: string, init?: RequestInit): Promise<Outcome> => outcomeOf(auth.fetch(url, init)),
  get: (path: string): Promise<Outcome> => outcomeOf(auth.http.get(path, { retry: 0, throwHttpErrors: false })),
  look: (): Look => JSON.parse(JSON.stringify({ state: auth.state, events, trace: auth.explain() })),
  violations: (): readonly string[] => violations,
  /** Asks for each address in each form; hands back how many requests that were. `naively`: as an interceptor does. */
  async knock(addresses: readonly string[], way: 'fetch' | 'http' | 'naively'): Promise<number> {
    const forms = addresses.flatMap(formsOf)
    const headers = { authorization: 'Bearer of-a-careless-client' }
    await each(forms, (form) => {
      if (way === 'naively') return fetch(form, { headers })
      return way === 'fetch' ? auth.fetch(form) : auth.http(form, { retry: 0, throwHttpErrors: false })
    })
    return forms.length
  },
}

Object.assign(window, { hands })
