import { IDBFactory } from 'fake-indexeddb'
import {
  AuthClient,
  type AuthClientOptions,
  type AuthEvents,
  type AuthState,
  type Environment,
  jsonBackend,
  memoryStorage,
  type TokenStorage,
} from 'latchkey'
import { onTestFinished, vi } from 'vitest'
import { createLines } from '../../src/testing/virtual/lines.ts'
import { createLockQueue } from '../../src/testing/virtual/lock-queue.ts'
import { createStorageArea } from '../../src/testing/virtual/storage-area.ts'
import { createTabLife, type TabLife } from '../../src/testing/virtual/tab-life.ts'
import { type AuthServerOptions, createAuthServer } from '../support/auth-server.ts'
import type { HeardEvent, LoginForm } from '../support/client.ts'
import { settle, stopTime, watch } from '../support/clock.ts'

/** What Ada, or somebody else, signs in with. */
export const formOf = (username = 'ada'): LoginForm => ({ username, password: 'secret' })

/** How long the access tokens live, and when they are renewed: the jitter is always in the middle. */
export const LIFETIME = 300_000
export const FIRST_RENEWAL = 0.6 * LIFETIME

/** A part that a browser may lack. */
export type Part = 'locks' | 'channel' | 'ledger'

export interface BrowserOptions {
  server?: AuthServerOptions
  /** Where the tabs keep their record. @default 'local' */
  storage?: 'local' | 'session' | 'memory'
  without?: readonly Part[]
  /** Locks, channel, storage events and life of the page are those of this process, not of each tab. */
  isReal?: boolean
}

export interface TabOptions extends AuthClientOptions<LoginForm> {
  /** The `sessionStorage` of the tab of which this one is a duplicate. */
  copyOf?: Tab
}

type EventName = keyof AuthEvents
const EVENTS: readonly EventName[] = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded']

/** How many turns of the event loop a few transactions of the database take. */
const TURNS = 40

/** Lets `milliseconds` of stopped time pass, timer by timer; after each, database and network do what they can. */
export async function pass(milliseconds = 0): Promise<void> {
  let isOver = false
  setTimeout(() => {
    isOver = true
  }, milliseconds)
  await settle(TURNS)
  while (!isOver) {
    await vi.advanceTimersToNextTimerAsync()
    await settle(TURNS)
  }
}

/** A tab: its client, what that told, and what can become of the tab. */
export interface Tab extends TabLife {
  readonly client: AuthClient<LoginForm>
  readonly events: HeardEvent[]
  readonly heard: <Name extends EventName>(name: Name) => AuthEvents[Name][]
  readonly states: AuthState[]
  readonly reported: unknown[]
  /** Its door to `localStorage`. */
  readonly storage: TokenStorage
  /** Its `sessionStorage`. */
  readonly items: Map<string, string>
  readonly channels: number
  readonly storageListeners: number
  /** What it has sent, `Authorization` and all. */
  readonly sent: { readonly path: string; readonly authorization: string | null }[]
  readonly token: Promise<string>
  /** Sees what other tabs store so much later; by infinity, never. */
  seeStorageLate(lag: number): void
  /** What `explain()` says, in one text. */
  why(): string
}

export type Browser = ReturnType<typeof openBrowser>

/** One browser, with stopped time and a database of its own, and the server that its tabs sign in to. */
export function openBrowser({ server: how = {}, storage: kind = 'local', ...rest }: BrowserOptions = {}) {
  const { without = [], isReal = false } = rest
  stopTime()
  vi.stubGlobal('indexedDB', without.includes('ledger') ? undefined : new IDBFactory())
  onTestFinished(() => void vi.unstubAllGlobals())
  const server = createAuthServer(how)
  const area = createStorageArea()
  const locks = createLockQueue()
  const lines = createLines()
  const { posted } = lines

  const open = ({ copyOf, ...options }: TabOptions = {}): Tab => {
    const life = createTabLife(settle)
    const door = area.join(life)
    const items = new Map(copyOf?.items)
    const reported: unknown[] = []
    const sent: { path: string; authorization: string | null }[] = []
    const session: TokenStorage = {
      scope: 'tab',
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => items.set(key, value),
      removeItem: (key) => items.delete(key),
    }
    const environment: Partial<Environment> = {
      timers: life.environment.timers,
      random: () => 0.5,
      reportError: (error) => void reported.push(error),
      marks: door.storage,
      ...(!isReal && {
        lifecycle: life.environment.lifecycle,
        locks: without.includes('locks') ? undefined : locks.of(life),
        channel: without.includes('channel') ? undefined : lines.of(life),
        watchStorage: door.watch,
      }),
      ...options.environment,
    }
    const fetch = life.guard(() => async (input, init) => {
      const { url, headers } = new Request(input, init)
      sent.push({ path: new URL(url).pathname, authorization: headers.get('authorization') })
      return server.fetch(input, init)
    })
    const client = new AuthClient<LoginForm>({
      baseUrl: server.baseUrl,
      backend: jsonBackend<LoginForm, unknown>({ baseUrl: server.baseUrl, refreshVia: how.refreshVia }),
      storage: { local: door.storage, session, memory: memoryStorage() }[kind],
      fetch,
      ...options,
      environment,
    })
    onTestFinished(() => client.dispose())
    const events: HeardEvent[] = []
    for (const name of EVENTS) client.on(name, (event) => events.push({ name, ...event } as HeardEvent))
    const states: AuthState[] = []
    client.subscribe((state) => states.push(state))
    const members = {
      client,
      events,
      heard: <Name extends EventName>(name: Name) =>
        events.filter((event) => event.name === name) as unknown as AuthEvents[Name][],
      states,
      reported,
      storage: door.storage,
      items,
      sent,
      seeStorageLate: door.seeLate,
      why: () =>
        client
          .explain()
          .map(({ what, why }) => `${what}: ${why}`)
          .join('\n'),
    }
    return Object.defineProperties(Object.assign(Object.create(life), members), {
      channels: { get: () => lines.count(life) },
      storageListeners: { get: () => door.listeners },
      token: { get: () => client.getAccessToken() },
    }) as Tab
  }

  return {
    server,
    area,
    locks,
    /** All hints that were called out. */
    posted,
    /** Somebody on this origin calls out what they like, on the client's channel. */
    call: (hint: unknown, name = 'latchkey') => lines.call(hint, name),
    /** Opens a tab; its client has not begun. */
    open,
    /** Opens a tab, and waits until its client knows who is signed in. */
    async start(options?: TabOptions): Promise<Tab> {
      const tab = open(options)
      const started = watch(tab.client.start())
      await pass()
      while (started.status === 'pending') await pass(100)
      return tab
    },
  }
}

/** A browser with Ada signed in, in so many tabs; what was heard and sent until then is forgotten. */
export async function openTabs(count: number, options: BrowserOptions = {}, tabOptions: TabOptions = {}) {
  const browser = openBrowser(options)
  const first = await browser.start(tabOptions)
  const login = first.client.login(formOf())
  await pass()
  await login
  const others: Tab[] = []
  for (let index = 1; index < count; index += 1) others.push(await browser.start(tabOptions))
  await pass()
  const tabs = [first, ...others] as [Tab, Tab, ...Tab[]]
  forget(tabs)
  browser.server.requests.length = 0
  browser.posted.length = 0
  return { ...browser, tabs }
}

/** Forgets what the tabs have told and sent until now. */
export function forget(tabs: readonly Tab[]): void {
  for (const { events, states, sent } of tabs) for (const list of [events, states, sent]) list.length = 0
}

/** What came of all, in the time that it takes; nobody's failure stops another. */
export async function all<T>(promises: readonly Promise<T>[], within = 0): Promise<PromiseSettledResult<T>[]> {
  const settled = Promise.allSettled(promises)
  await pass(within)
  return settled
}
