import { AuthClient, jsonBackend, memoryStorage, type RefreshOptions, webStorage } from 'latchkey'
import { networkFetch } from './network.ts'

/** What the sign-in form sends. */
export interface Credentials {
  username: string
  password: string
}

/** Who the server says is signed in. */
export interface User {
  username: string
  name: string
  roles: readonly string[]
}

export type Auth = AuthClient<Credentials, User>

/** Where the refresh token lives: in a record of this page, or in an HttpOnly cookie that no script can read. */
export type Mode = 'body' | 'cookie'

const address = new URLSearchParams(location.search)

/** The mode is part of the address, so that a reload and a second tab keep it. */
export const mode: Mode = address.get('mode') === 'cookie' ? 'cookie' : 'body'

/** Who makes the refresh calls: each page for itself, or a worker for all. Part of the address, too. */
export const usesWorker = address.get('worker') === 'on'

/** The address of this page in another mode, or with the worker or without it. */
export function addressOf(wanted: { mode?: Mode; worker?: boolean }): string {
  return `?mode=${wanted.mode ?? mode}&worker=${(wanted.worker ?? usesWorker) ? 'on' : 'off'}`
}

/** The address of the API: one example server for each mode. */
export const apiUrl = __API__[mode]

/** A worker outlives the tab that asks it for new tokens: a tab that dies meanwhile does not take them with it. */
const refresh: RefreshOptions = {
  worker: () =>
    new SharedWorker(new URL('./refresh.worker.ts', import.meta.url), {
      type: 'module',
      name: `latchkey-demo-${mode}`,
      extendedLifetime: true, // where the browser knows it, for the last tab's sake
    }),
}

/** The whole set-up. Only `baseUrl` and `storage` (or `backend`) matter in an app; the rest makes a demo of it. */
export function createAuth(): Auth {
  const demo = {
    storageKey: `latchkey-demo-${mode}`,
    fetch: networkFetch,
    http: { retry: 0 }, // each click is one call, and each answer is shown as it is
    ...(usesWorker && { refresh }),
  }
  if (mode === 'body') {
    return new AuthClient<Credentials, User>({ baseUrl: apiUrl, storage: webStorage('local'), ...demo })
  }
  return new AuthClient<Credentials, User>({
    baseUrl: apiUrl,
    backend: jsonBackend({ baseUrl: apiUrl, refreshVia: 'cookie', user: 'me' }), // a reload starts without a user
    storage: memoryStorage(),
    ...demo,
  })
}
