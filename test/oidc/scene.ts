import { IDBFactory } from 'fake-indexeddb'
import { AuthClient, type AuthClientOptions, type AuthEvents, type AuthState, type StartResult } from 'latchkey'
import { type OidcLogin, type OidcOptions, oidcBackend } from 'latchkey/oidc'
import { onTestFinished, vi } from 'vitest'
import { createLockQueue } from '../../src/testing/virtual/lock-queue.ts'
import { createStorageArea } from '../../src/testing/virtual/storage-area.ts'
import { createTabLife, type TabLife } from '../../src/testing/virtual/tab-life.ts'
import type { HeardEvent } from '../support/client.ts'
import { type Outcome, settle, watch } from '../support/clock.ts'
import { network } from '../support/network.ts'
import { API, CLIENT, createProvider, type ProviderOptions, type Visit } from './provider.ts'

export const HOME = 'http://localhost:3000/'
export const CALLBACK = `${HOME}callback`

const { now } = Date
const EVENTS = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded'] as const

type Options = AuthClientOptions<OidcLogin>
/** What differs from the defaults. */
export interface SceneOptions {
  provider?: ProviderOptions
  oidc?: Partial<OidcOptions<unknown>> | (() => Partial<OidcOptions<unknown>>)
  client?: Partial<Options>
}

/** A request as the client handed it to `fetch`. */
export interface Sent {
  readonly url: string
  readonly redirect: RequestRedirect
  readonly headers: Headers
}

/** A page that has been loaded, and its client. */
export interface Page {
  readonly client: AuthClient<OidcLogin>
  /** All events in the order in which they came. */
  readonly events: HeardEvent[]
  /** The events of one name. */
  readonly heard: <Name extends keyof AuthEvents>(name: Name) => AuthEvents[Name][]
  readonly states: AuthState[]
  /** What went to `reportError`. */
  readonly reported: unknown[]
  readonly life: TabLife
  /** What `explain()` says, in one text. */
  why(): string
}

export type Scene = Awaited<ReturnType<typeof createScene>>

let scenes = 0

/** Waits for a condition; the time that tests stop does not pass meanwhile. */
export async function until(isTrue: () => unknown, what = String(isTrue)): Promise<void> {
  const since = now()
  while (!isTrue()) {
    if (now() - since > 10_000) throw new Error(`Waited in vain: ${what}`)
    await settle(1)
  }
}

/** What became of `promise`, once it is settled. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<Outcome<T>> {
  const outcome = watch(promise)
  await until(() => outcome.status !== 'pending', 'a promise to be settled')
  return outcome
}

/** A browser at the app's home page, the app's provider, and what the app makes of both. */
export async function createScene({ provider: how, oidc = {}, client: which = {} }: SceneOptions = {}) {
  const provider = await createProvider(how)
  network.use(...provider.handlers)
  vi.stubGlobal('indexedDB', new IDBFactory())
  sessionStorage.clear()
  localStorage.clear()
  history.replaceState(null, '', HOME)
  const assign = vi.spyOn(location, 'assign').mockImplementation(() => undefined)
  onTestFinished(() => {
    assign.mockRestore()
    vi.unstubAllGlobals()
  })
  scenes += 1
  const storageKey = `scene-${scenes}`
  const area = createStorageArea()
  const locks = createLockQueue()
  const sent: Sent[] = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { url, redirect, headers } = new Request(input instanceof Request ? input.clone() : input, init)
    sent.push({ url, redirect, headers })
    return globalThis.fetch(input, init)
  }
  const left = (): URL[] => assign.mock.calls.map(([url]) => new URL(url))

  const backend = (more: Partial<OidcOptions<unknown>> = {}) =>
    oidcBackend<unknown>({
      issuer: provider.issuer,
      clientId: CLIENT,
      redirectUri: '/callback',
      ...(typeof oidc === 'function' ? oidc() : oidc),
      ...more,
    })

  const open = ({ oidc: others, ...more }: Partial<Options> & { oidc?: Partial<OidcOptions<unknown>> } = {}): Page => {
    const life = createTabLife()
    const door = area.join(life)
    const reported: unknown[] = []
    const client = new AuthClient<OidcLogin>({
      baseUrl: API,
      backend: backend(others),
      storage: door.storage,
      storageKey,
      fetch,
      ...which,
      ...more,
      environment: {
        ...life.environment,
        random: () => 0.5,
        locks: locks.of(life),
        watchStorage: door.watch,
        marks: door.storage,
        reportError: (error) => void reported.push(error),
        ...more.environment,
      },
    })
    onTestFinished(() => client.dispose())
    const events: HeardEvent[] = []
    for (const name of EVENTS) client.on(name, (event) => events.push({ name, ...event } as HeardEvent))
    const states: AuthState[] = []
    client.subscribe((state) => states.push(state))
    const heard = <K extends keyof AuthEvents>(name: K): AuthEvents[K][] =>
      events.filter((event) => event.name === name) as never
    const why = (): string =>
      client
        .explain()
        .map((entry) => `${entry.what}: ${entry.why}`)
        .join('\n')
    return { client, events, heard, states, reported, why, life }
  }

  /** A page begins to sign in; resolves with where it leaves for. */
  const leave = async (page: Page, login?: OidcLogin): Promise<URL> => {
    const before = left().length
    const outcome = watch(page.client.login(login ?? {}))
    await until(() => left().length > before || outcome.status === 'rejected', 'the page to leave')
    if (outcome.status === 'rejected') throw outcome.error
    return left().at(-1) as URL
  }

  /** The browser goes to `url`, which is one of the app. */
  const goTo = (url: URL | string): void => history.replaceState(null, '', url)

  /** Signs in by redirect; the page that the provider leads back to. */
  const signIn = async (login?: OidcLogin, visit?: Visit): Promise<Page & { result: StartResult<unknown> }> => {
    const page = open()
    const url = await leave(page, login)
    page.client.dispose()
    goTo(provider.authorize(url, visit))
    const next = open()
    return { ...next, result: await next.client.start() }
  }

  return {
    provider,
    area,
    sent,
    storageKey,
    backend,
    /** Loads a page of the app. */
    open,
    leave,
    goTo,
    signIn,
    /** Where pages have left for. */
    left,
    /** Opens so many more pages of one that is signed in; they know it when it resolves. */
    async join(count: number): Promise<Page[]> {
      const pages = Array.from({ length: count }, () => open())
      for (const { client } of pages) await client.start()
      return pages
    },
  }
}

/** The pendings and other things that the tab remembers. */
export function remembered(): Record<string, Record<string, unknown>> {
  return Object.fromEntries(Object.entries(sessionStorage).map(([key, value]) => [key, JSON.parse(value)]))
}
