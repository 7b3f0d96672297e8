import {
  type AuthBackend,
  AuthClient,
  type AuthClientOptions,
  type AuthEvents,
  type AuthState,
  type Environment,
  type TokenResponse,
  type TokenSet,
  type WakeEvent,
} from 'latchkey'
import { onTestFinished } from 'vitest'

const { setImmediate } = globalThis

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Lets everything happen that waits for no timer. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A page whose clocks, timers and life this test alone moves. */
export type VirtualPage = ReturnType<typeof createVirtualPage>

export function createVirtualPage(start = Date.UTC(2026, 0, 1), random: () => number = () => 0.5) {
  let [wall, monotonic] = [start, 5000]
  let isOnline = true
  let callbacks = 0
  let next = 0
  const timers = new Map<number, { at: number; callback: () => void }>()
  const delays: number[] = []
  const listeners = new Set<(event: WakeEvent) => void>()
  const reported: unknown[] = []

  const environment: Partial<Environment> = {
    clock: { now: () => wall, monotonic: () => monotonic },
    timers: {
      set(callback, delay) {
        next += 1
        delays.push(delay)
        // As browsers do: what does not fit in 32 bits comes at once.
        timers.set(next, { at: monotonic + (delay > 0 && delay < 2 ** 31 ? delay : 0), callback })
        return next
      },
      clear: (timer) => void timers.delete(timer as number),
    },
    lifecycle: {
      isOnline: () => isOnline,
      listen(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    random,
    reportError: (error) => void reported.push(error),
  }

  const runUntil = async (end: number): Promise<void> => {
    for (;;) {
      await settle()
      const [id, due] = [...timers].sort(([, one], [, other]) => one.at - other.at)[0] ?? []
      if (id === undefined || !due || due.at > end) break
      wall += Math.max(0, due.at - monotonic)
      monotonic = Math.max(monotonic, due.at)
      timers.delete(id)
      callbacks += 1
      due.callback()
    }
    wall += end - monotonic
    monotonic = end
    await settle()
  }

  return {
    environment,
    now: () => wall,
    /** Time passes, as on a page that is awake. */
    pass: (milliseconds: number) => runUntil(monotonic + milliseconds),
    /** The machine sleeps: the wall clock goes on, the monotonic one and the timers stand still. */
    sleep(milliseconds: number): void {
      wall += milliseconds
    },
    /** Somebody sets the clock. */
    setClock(by: number): void {
      wall += by
    },
    async wake(event: WakeEvent): Promise<void> {
      for (const listener of [...listeners]) listener(event)
      await settle()
    },
    goOffline(): void {
      isOnline = false
    },
    async goOnline(): Promise<void> {
      isOnline = true
      await this.wake('online')
    },
    reported,
    /** The delays that timers were ever set to. */
    delays,
    /** How often a timer has rung. */
    get callbacks() {
      return callbacks
    },
    /** The timers that are set. */
    get timers() {
      return timers.size
    },
    get listeners() {
      return listeners.size
    },
  }
}

export interface User {
  readonly id: number
  readonly name?: string
}

export const ADA: User = { id: 1, name: 'Ada' }

/** A backend without a network, which does as the test says. */
export interface Issuer extends AuthBackend<{ name?: string }, User> {
  /** How many logins, refreshes and logouts it has seen. */
  logins: number
  refreshes: number
  logouts: number
  /** The token sets that came with refreshes. */
  readonly offered: TokenSet[]
  /** What the next answers hold, on top of fresh tokens. */
  answer: () => TokenResponse<User>
  /** Called before a refresh is answered; throw, or wait, to make it fail or hang. */
  onRefresh: () => unknown
}

export function createIssuer(answer: () => TokenResponse<User> = () => ({ lifetime: 5 * MINUTE })): Issuer {
  let issued = 0
  const give = (): TokenResponse<User> => {
    issued += 1
    return { accessToken: `access-${issued}`, refreshToken: `refresh-${issued}`, ...issuer.answer() }
  }
  const issuer: Issuer = {
    id: 'issuer',
    origin: undefined,
    refreshVia: 'body',
    logins: 0,
    refreshes: 0,
    logouts: 0,
    offered: [],
    answer,
    onRefresh: () => undefined,
    async login() {
      issuer.logins += 1
      return { user: ADA, ...give() }
    },
    async refresh(tokens) {
      issuer.refreshes += 1
      issuer.offered.push(tokens)
      await issuer.onRefresh()
      return give()
    },
    async logout() {
      issuer.logouts += 1
    },
  }
  return issuer
}

type EventName = keyof AuthEvents<User>
const NAMES: readonly EventName[] = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded']

export interface VirtualClient {
  readonly auth: AuthClient<{ name?: string }, User>
  readonly issuer: Issuer
  readonly page: VirtualPage
  /** The names of the events, in the order in which they came. */
  readonly told: EventName[]
  /** The events of one name. */
  readonly heard: <Name extends EventName>(name: Name) => AuthEvents<User>[Name][]
  /** What `subscribe` told. */
  readonly states: AuthState<User>[]
}

export interface VirtualOptions extends AuthClientOptions<{ name?: string }, User> {
  issuer?: Issuer
  page?: VirtualPage
}

/** A client on a virtual page, with a backend that needs no network; disposed of when the test has finished. */
export function createVirtualClient(options: VirtualOptions = {}): VirtualClient {
  const { issuer = createIssuer(), page = createVirtualPage(), environment, ...rest } = options
  const auth = new AuthClient<{ name?: string }, User>({
    backend: issuer,
    ...rest,
    environment: { ...page.environment, ...environment },
  })
  onTestFinished(() => auth.dispose())
  const events: { name: EventName; event: AuthEvents<User>[EventName] }[] = []
  const told: EventName[] = []
  for (const name of NAMES) {
    auth.on(name, (event) => {
      events.push({ name, event })
      told.push(name)
    })
  }
  const states: AuthState<User>[] = []
  auth.subscribe((state) => void states.push(state))
  const heard = <Name extends EventName>(name: Name): AuthEvents<User>[Name][] =>
    events.filter((each) => each.name === name).map(({ event }) => event as AuthEvents<User>[Name])
  return { auth, issuer, page, told, heard, states }
}

/** The same, signed in; what was told until then is forgotten. */
export async function virtuallySignedIn(options: VirtualOptions = {}): Promise<VirtualClient> {
  const client = createVirtualClient(options)
  await client.auth.login()
  client.told.length = 0
  client.states.length = 0
  return client
}
