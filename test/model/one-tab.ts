import { inspect } from 'node:util'
import {
  AuthClient,
  type AuthError,
  type AuthState,
  isAuthError,
  jsonBackend,
  type LogoutReason,
  type WakeEvent,
} from 'latchkey'
import { seeded } from '../support/random.ts'
import { type Caller, Callers, Findings } from './callers.ts'
import { SharedBrowser } from './shared-browser.ts'
import type { Step } from './steps.ts'
import {
  type ApiMode,
  CANARY,
  type Call,
  type Family,
  type ServerKind,
  type TokenMode,
  TokenServer,
} from './token-server.ts'
import { createPage, FaultyStorage, type StorageFault, settle, type VirtualPage, VirtualTime } from './virtual.ts'

/** What a run starts with. */
export interface Setting {
  readonly seed: number
  readonly server: ServerKind
  /** How far the page's clock is ahead, in milliseconds. */
  readonly skew: number
  readonly isStorageAsync: boolean
  readonly when: 'always' | 'on-demand'
  readonly timeout: number
  /** What the app's listeners do. */
  readonly listeners: 'listen' | 'throw' | 'ask for a token'
}

/** What a person, a server, a browser or a machine may do next. */
export type Command =
  | { readonly do: 'start' }
  | { readonly do: 'login'; readonly name: string }
  | { readonly do: 'logout' }
  | { readonly do: 'set tokens'; readonly which: 'both' | 'access' | 'refresh' }
  | { readonly do: 'set user' }
  | { readonly do: 'request'; readonly method: 'GET' | 'POST'; readonly times: number }
  | { readonly do: 'ask'; readonly how: 'plain' | 'long' | 'forced' | 'rejected' }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'live'; readonly share: number }
  | { readonly do: 'set clock'; readonly by: number }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'wake'; readonly event: WakeEvent }
  | { readonly do: 'network'; readonly isOnline: boolean }
  | { readonly do: 'server'; readonly mode: TokenMode; readonly retryAfter: number }
  | { readonly do: 'api'; readonly mode: ApiMode }
  | { readonly do: 'revoke'; readonly what: 'session' | 'access' }
  | { readonly do: 'storage'; readonly fault: StorageFault }
  | { readonly do: 'reload'; readonly how: 'dispose' | 'kill' }
  | { readonly do: 'dispose' }

interface Person {
  readonly name: string
  readonly family: string
  readonly nick?: number
}

interface Fields {
  readonly name: string
  readonly order: number
}

/** One life of the page: its client, and what was seen of it. */
interface Tab {
  readonly page: VirtualPage
  readonly client: AuthClient<Fields, Person>
  /** Whose session a reload is expected to find. */
  readonly expected: string | undefined
  /** The session that is signed in, as the events tell. */
  live: string | undefined
  isRestored: boolean
  generation: number
  isDisposed: boolean
}

const HALF_MINUTE = 30_000
/** What the steps in the ledger take after an answer. */
const LEDGER_AT_MOST = 50
/** So long the ledger may take: what counts from an answer is seen that much later. */
const LEDGER = 100
const DAY = 86_400_000
const BASE = 'https://api.test'

/** One tab, its server and its storage, and what must hold whatever happens to them. */
export class OneTab {
  readonly #setting: Setting
  readonly #random: () => number
  readonly #time: VirtualTime
  readonly #server: TokenServer
  readonly #storage: FaultyStorage
  readonly #browser: SharedBrowser
  readonly #callers: Callers<Tab>
  readonly #findings: Findings
  /** When sessions ended, by the monotonic clock. */
  readonly #ended = new Map<string, number>()
  readonly #sent = new Map<string, Call[]>()
  /** When the last refresh left that nothing but a 401 asked for. */
  readonly #refused = new Map<Family | undefined, number>()
  #tab: Tab
  #order = 0
  /** No session that was asked for before this may send anything. */
  #signedOutAt = { order: -1, at: -1 }
  #isOnline = true
  #lastForced = -1
  #lastJump = -1
  #lastHurry = -1
  #hasJumped = false
  #hasStepped = false
  /** Whether a page was closed when record and cookie may have been of two sessions. */
  #isCookieLost = false
  #listening = 0

  constructor(setting: Setting) {
    this.#setting = setting
    this.#random = seeded(setting.seed)
    this.#time = new VirtualTime(setting.skew)
    this.#server = new TokenServer(setting.server, this.#time, this.#random, (call) => this.#checkCall(call))
    this.#storage = new FaultyStorage(this.#time, setting.isStorageAsync)
    this.#browser = new SharedBrowser({ isLate: false, hasLocks: true, hasChannel: true }, this.#time, this.#random)
    this.#findings = new Findings(this.#time)
    this.#callers = new Callers(this.#time, this.#findings, setting.timeout)
    this.#tab = this.#open(undefined)
  }

  async run(steps: readonly Step<Command>[]): Promise<void> {
    for (const { command, ticks } of steps) {
      await this.#do(command)
      if (ticks === undefined) {
        await settle()
        this.#checkQuiet()
      } else {
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
      }
      this.#findings.report()
    }
    await this.#finish()
  }

  /** What left the page, in order: the same for the same run. */
  get trace(): readonly string[] {
    return this.#server.calls.map(({ kind, at, token, outcome }) => `${at} ${kind} ${token} ${outcome}`)
  }

  get refreshCount(): number {
    return this.#server.calls.filter(({ kind }) => kind === 'refresh').length
  }

  get hasEnded(): boolean {
    return this.#ended.size > 0
  }

  #open(expected: string | undefined): Tab {
    const { server, when, timeout, listeners } = this.#setting
    const page = createPage(this.#time, this.#random)
    this.#browser.join(page)
    page.isOnline = this.#isOnline
    const client = new AuthClient<Fields, Person>({
      baseUrl: BASE,
      ...(server.via === 'cookie' && { backend: jsonBackend<Fields, Person>({ baseUrl: BASE, refreshVia: 'cookie' }) }),
      storage: this.#storage.viewOf(page),
      refresh: { when, timeout },
      fetch: this.#server.fetchOf(page),
      environment: page.environment,
    })
    const tab: Tab = { page, client, expected, live: undefined, isRestored: false, generation: 0, isDisposed: false }
    const heard =
      <E extends object>(name: string, then: (event: E) => void) =>
      (event: E) => {
        this.#findings.checkSecrets(name, event)
        if (tab.isDisposed) this.#fail(`\`${name}\` is told after dispose()`)
        then(event)
        if (listeners === 'throw') throw new Error('a listener')
        if (listeners === 'ask for a token' && this.#listening < 3) {
          this.#listening += 1
          const asked = this.#callers.track('ask', tab, (signal) => client.getAccessToken({ signal }))
          void asked.finally(() => {
            this.#listening -= 1
          })
        }
      }
    client.subscribe((state) => {
      this.#findings.checkSecrets('state', state)
      this.#follow(tab, state)
    })
    client.on(
      'login',
      heard('login', ({ user, generation }) => {
        if (tab.live !== user?.family) this.#fail('`login` is told of another session than the state')
        tab.generation = generation
      }),
    )
    client.on(
      'logout',
      heard('logout', ({ reason, error }) => this.#checkEnd(tab, reason, error)),
    )
    client.on(
      'refresh',
      heard('refresh', ({ generation }) => {
        if (generation <= tab.generation) this.#fail(`generation ${generation} follows ${tab.generation}`)
        tab.generation = generation
      }),
    )
    client.on(
      'refreshFailed',
      heard('refreshFailed', () => undefined),
    )
    client.on(
      'expiring',
      heard('expiring', () => undefined),
    )
    client.on(
      'storageDegraded',
      heard('storageDegraded', () => undefined),
    )
    return tab
  }

  #fail(violation: string): void {
    this.#findings.add(violation)
  }

  async #do(command: Command): Promise<void> {
    const tab = this.#tab
    const { client, page } = tab
    const { server, timeout } = this.#setting
    switch (command.do) {
      case 'start':
        void this.#callers.track('start', tab, () => client.start(), 6000)
        break
      case 'login': {
        this.#order += 1
        const fields = { name: command.name, order: this.#order }
        void this.#callers.track('login', tab, (signal) => client.login(fields, { signal }))
        break
      }
      case 'logout':
        this.#order += 1
        if (!tab.isDisposed) this.#signedOutAt = { order: this.#order, at: this.#time.mono }
        void this.#callers.track('logout', tab, () => client.logout())
        break
      case 'set tokens': {
        if (server.via === 'cookie') break // whose the cookie is, only a server can say
        this.#order += 1
        const { family, access, refresh } = this.#server.issue('A', this.#order)
        const issued = this.#server.accessTokens.get(access)
        const tokens = {
          ...(command.which !== 'refresh' && { accessToken: access }),
          ...(command.which !== 'access' && { refreshToken: refresh }),
          ...((server.says === 'expires_in' || server.says === 'both') && { lifetime: server.lifetime * 1000 }),
          user: { name: 'A', family: family.id },
        }
        const adopted = client.on('login', () => {
          if (tab.live !== family.id) return
          adopted()
          if (issued && command.which !== 'refresh')
            issued.arrived = { mono: this.#time.mono, wall: this.#time.wall, page }
        })
        void this.#callers.track('set tokens', tab, () => client.setTokens(tokens))
        break
      }
      case 'set user':
        if (tab.live) client.setUser({ name: 'A', family: tab.live, nick: Math.floor(this.#random() * 3) })
        break
      case 'request':
        for (let index = 0; index < command.times; index += 1) this.#request(command.method)
        break
      case 'ask': {
        const { how } = command
        if (how === 'forced' || how === 'long') this.#lastForced = this.#time.mono
        const sent = this.#server.calls.findLast((call) => call.kind === 'api' && call.token)?.token
        const refused = how === 'rejected' ? this.#server.accessTokens.get(sent ?? '') : undefined
        if (refused) refused.isRefused = true
        const options = {
          ...(how === 'forced' && { forceRefresh: true }),
          ...(how === 'long' && { minValidity: (Math.abs(server.lifetime) * 1000) / 2 }),
          ...(how === 'rejected' && { rejected: sent }),
        }
        void this.#callers.track('ask', tab, async (signal) =>
          this.#checkToken(await client.getAccessToken({ ...options, signal })),
        )
        break
      }
      case 'abort': {
        const pending = this.#callers.pending()
        const caller = pending[command.which % (pending.length || 1)]
        if (!caller || /start|logout|set tokens/.test(caller.kind)) break
        caller.controller.abort(caller.reason)
        await settle()
        // The cookie of an answer that had come by then is kept, and may be somebody else's.
        if (server.via === 'cookie' && caller.kind === 'login' && tab.live)
          this.#isCookieLost ||= this.#server.cookie?.family.id !== tab.live
        if (!caller.isSettled && !(caller.kind === 'login' && this.#isStoring))
          this.#fail(`a ${caller.kind} goes on after its abort`)
        break
      }
      case 'advance':
        await this.#advance(command.ms)
        break
      case 'live':
        await this.#advance(Math.min(Math.abs(server.lifetime) * 1000 * command.share, 2 * DAY))
        break
      case 'set clock':
        await settle()
        this.#lastJump = this.#time.mono
        this.#hasJumped = true
        this.#time.step(command.by)
        this.#hasStepped = true
        break
      case 'sleep':
        await settle()
        this.#lastJump = this.#time.mono
        this.#hasJumped = true
        this.#time.sleep(command.ms)
        break
      case 'wake':
        this.#wake(command.event)
        break
      case 'network':
        this.#isOnline = page.isOnline = command.isOnline
        if (command.isOnline) this.#wake('online')
        break
      case 'server':
        this.#server.mode = command.mode
        this.#server.retryAfter = command.retryAfter
        break
      case 'api':
        this.#server.api = command.mode
        break
      case 'revoke':
        for (const family of this.#server.families) family.isRevoked ||= command.what === 'session'
        for (const token of this.#server.accessTokens.values()) token.isRevoked = true
        break
      case 'storage':
        this.#storage.fault = command.fault
        break
      case 'reload':
        await settle()
        this.#cutOff()
        if (command.how === 'dispose') {
          await this.#dispose()
          await this.#advance(timeout + 8000)
        } else if (this.#storage.pending > 0) {
          this.#storage.hasFailed = true
        }
        page.kill()
        this.#browser.leave(page, false)
        // What a broken storage still holds, the next page takes for a session.
        if (this.#storage.hasFailed) {
          this.#signedOutAt = { order: -1, at: -1 }
          this.#isCookieLost ||= server.via === 'cookie'
        }
        this.#refused.clear()
        this.#tab = this.#open(this.#storage.hasFailed ? undefined : tab.live)
        break
      case 'dispose':
        await this.#dispose()
    }
  }

  async #advance(ms: number): Promise<void> {
    // In strides, so that a caller who waits too long is seen; clocks stand still while nothing happens.
    await this.#time.advance(ms)
  }

  #wake(event: WakeEvent): void {
    if (event === 'online' || event === 'visibilitychange') this.#lastHurry = this.#time.mono
    this.#tab.page.tell(event)
  }

  /** Whether what a login has to write may take its time. */
  get #isStoring(): boolean {
    return this.#storage.fault !== 'none' || this.#storage.pending > 0
  }

  /** Calls that the end of the page has cut off need not have done anything. */
  #cutOff(): void {
    const pending = this.#callers.pending(this.#tab)
    if (pending.some(({ kind }) => kind === 'logout')) this.#signedOutAt = { order: -1, at: -1 }
    if (this.#setting.server.via !== 'cookie' || !pending.some(({ kind }) => kind === 'login')) return
    this.#isCookieLost = true
    this.#storage.hasFailed = true
  }

  async #dispose(): Promise<void> {
    const tab = this.#tab
    this.#cutOff()
    tab.client.dispose()
    tab.isDisposed = true
    if (tab.page.listenerCount > 0) this.#fail('a listener is left after dispose()')
    await settle()
    for (const { kind, family } of this.#callers.pending(tab)) {
      if (family && /request|ask|start/.test(kind)) this.#fail(`a ${kind} still waits after dispose()`)
    }
  }

  #request(method: 'GET' | 'POST'): void {
    const tab = this.#tab
    const id = `${this.#callers.all.length}`
    const body = method === 'POST' ? `body of ${id}` : undefined
    const init = { method, headers: { 'x-caller': id }, ...(body && { body }) }
    // Two waits for a token, and two answers that may take a second.
    void this.#callers.track(
      'request',
      tab,
      (signal) => tab.client.fetch(`${BASE}/data`, { ...init, signal }),
      18_000,
      2,
    )
  }

  /** Whose session the state shows. */
  #follow(tab: Tab, state: AuthState<Person>): void {
    if (!Object.isFrozen(state)) this.#fail('the state is not frozen')
    if (state.status !== 'authenticated') return
    const family = state.user?.family ?? tab.expected ?? '?'
    if (this.#ended.has(family) && !this.#storage.hasFailed) this.#fail(`session ${family} has come back`)
    if (tab.live && tab.live !== '?' && tab.live !== family && !this.#isCookieLost)
      this.#fail(`session ${tab.live} became ${family}`)
    if (!tab.live && !tab.isRestored && tab.expected && family !== tab.expected && this.#order === 0) {
      this.#fail(`a reload finds ${family}, not ${tab.expected}`)
    }
    tab.isRestored = true
    tab.live = family
  }

  #checkEnd(tab: Tab, reason: LogoutReason, error: AuthError | undefined): void {
    const family = tab.live ?? tab.expected ?? '?'
    if (!tab.live && tab.isRestored) this.#fail(`a second \`logout\` (${reason})`)
    tab.isRestored = true
    tab.live = undefined
    if (!this.#storage.hasFailed && family !== '?' && this.#ended.has(family))
      this.#fail(`a second \`logout\` of ${family}`)
    this.#ended.set(family, this.#time.mono)
    const refreshes = this.#server.calls.filter((call) => call.kind === 'refresh' && call.page === tab.page)
    const isTrue = {
      logout: this.#signedOutAt.order >= 0,
      revoked:
        refreshes.some(({ outcome }) => outcome === 'refused') ||
        (error?.code === 'refresh_lost' && (this.#storage.hasFailed || this.#isCutShort)),
      // The cookie of a login that a closed page never heard of may be somebody else's.
      replaced:
        this.#isCookieLost ||
        this.#storage.hasFailed ||
        this.#callers.all.some(({ kind, tab: of }) => of === tab && /login|set tokens/.test(kind)),
      expired: !refreshes.some(({ family: of }) => of?.id === family),
      'storage-cleared': false,
    }
    if (!isTrue[reason]) this.#fail(`session ${family} ends without a reason: ${reason}, ${error}`)
  }

  /** Whether a page died between an answer and the record of it: the next one misses that. */
  get #isCutShort(): boolean {
    return this.#server.calls.some(
      ({ kind, page, settledAt }) => kind === 'refresh' && page.diedAt - (settledAt ?? 0) <= LEDGER_AT_MOST,
    )
  }

  /** What this page knows of a token's end. */
  #isKnownExpired(token: string, page: VirtualPage): boolean {
    const { server, skew } = this.#setting
    const { arrived } = this.#server.accessTokens.get(token) ?? {}
    if (!arrived || server.says === 'nothing') return false
    if (server.says === 'exp' && (this.#hasJumped || skew !== 0)) return false // as far as its clock can be believed
    const life = server.lifetime > 0 ? server.lifetime * 1000 + (server.says === 'exp' ? 1000 : 0) : HALF_MINUTE
    const lived = arrived.page === page ? this.#time.mono - arrived.mono : 0
    return Math.max(lived, this.#time.wall - arrived.wall) >= life
  }

  #checkToken(token: string): void {
    const { family } = this.#server.accessTokens.get(token) ?? {}
    if (!family) this.#fail('an unknown token is handed out')
    else if (family.order < this.#signedOutAt.order && this.#time.mono > this.#signedOutAt.at) {
      this.#fail('a token is handed out after logout()')
    }
  }

  #checkCall(call: Call): void {
    const tab = this.#tab
    if ((tab.isDisposed || call.page !== tab.page) && (call.token || call.kind !== 'api'))
      this.#fail(`a ${call.kind} call leaves after dispose()`)
    if (call.kind === 'api') this.#checkRequest(call, tab)
    if (call.kind === 'refresh') this.#checkRefresh(call)
  }

  #checkRequest(call: Call, tab: Tab): void {
    const caller = this.#callers.all[Number(call.caller)] as Caller<Tab>
    const token = this.#server.accessTokens.get(call.token ?? '')
    const earlier = this.#sent.get(call.caller as string) ?? []
    this.#sent.set(call.caller as string, [...earlier, call])
    if (earlier.length > 1) this.#fail('a request leaves a third time')
    if (!token) {
      if (call.token) this.#fail('a request carries an unknown token')
      if (caller.family) this.#fail(`a request of session ${caller.family} leaves without a token`)
      return
    }
    const { family, generation } = token
    if (this.#isKnownExpired(call.token as string, tab.page))
      this.#fail('a request carries a token known to be expired')
    if (family.order < this.#signedOutAt.order) this.#fail('a request carries a token after logout()')
    if (this.#ended.has(family.id) && !this.#storage.hasFailed)
      this.#fail(`a request carries a token of ended session ${family.id}`)
    if (caller.family && caller.family !== '?' && caller.family !== family.id && !this.#isCookieLost) {
      this.#fail(`a request of session ${caller.family} carries a token of ${family.id}`)
    }
    const [first] = earlier
    if (first) {
      const before = this.#server.accessTokens.get(first.token ?? '')
      if (!this.#isCookieLost && (before?.family !== family || before.generation >= generation))
        this.#fail('a replay has no newer token of its session')
      if (first.body !== call.body) this.#fail('a replay has another body')
    }
  }

  #checkRefresh(call: Call): void {
    const { server } = this.#setting
    const { mono } = this.#time
    const before = this.#server.calls.filter(({ kind, family }) => kind === 'refresh' && family === call.family)
    const here = before.filter(({ page }) => page === call.page)
    if (here.some(({ outcome }) => outcome === 'pending')) this.#fail('two refreshes are on the wire')
    if (server.isRotating) {
      const isSpent = (this.#storage.hasFailed ? here : before).some(
        ({ token, outcome, page, settledAt = 0 }) =>
          token === call.token &&
          (outcome === 'ok' || outcome === 'refused') &&
          // R11: an heir tries once.
          page.diedAt - settledAt > LEDGER_AT_MOST,
      )
      if (isSpent) this.#fail('a spent refresh token is sent again')
    }
    const last = here.at(-1)
    if (!last) this.#checkNeed(call, call.at)
    if (last?.settledAt === undefined) return
    const gap = mono - last.settledAt + 1 // for what is lost in rounding
    // A sleep, or a wall clock that was set forward, counts as time that has passed.
    if (last.retryAfter && gap < Math.min(last.retryAfter, 300) * 1000 && this.#lastJump < last.settledAt)
      this.#fail(`Retry-After is ignored after ${gap} ms`)
    if (last.outcome === 'ok') {
      this.#checkNeed(call, last.at)
    } else if (Math.max(this.#lastHurry, this.#lastJump) < last.settledAt) {
      const failures = here.length - 1 - here.findLastIndex(({ outcome }) => outcome === 'ok')
      if (gap < Math.min(5000, 500 * 2 ** (failures - 1)))
        this.#fail(`refresh ${failures + 1} comes ${gap} ms after a failure`)
    }
  }

  /** A refresh is due, or asked for, or the newest token was refused; the last not twice in half a minute. */
  #checkNeed({ family, page }: Call, since: number): void {
    const { server, skew } = this.#setting
    const newest = [...this.#server.accessTokens.values()].findLast(
      (token) => token.family === family && token.arrived?.page === page,
    )
    if (!newest?.arrived) return
    const { mono } = newest.arrived
    const life = server.lifetime * 1000
    if (server.says === 'exp' && (this.#hasJumped || skew !== 0)) {
      // How long it lives by a clock that is wrong, only the client can say; but not if it never lived.
      if (life > 0 || this.#hasStepped || skew !== 0) return
    }
    const dueAfter = life > 0 ? 0.3 * (life - (server.says === 'exp' ? 2000 : 0)) : HALF_MINUTE
    const isDue = server.says !== 'nothing' && this.#time.mono - mono + LEDGER >= dueAfter
    if (isDue || this.#lastForced >= Math.min(since, mono) - LEDGER || this.#lastJump >= mono - LEDGER) return
    // The cookie of a login is there before its session is.
    const isEarly = server.via === 'cookie' && this.#callers.pending(this.#tab).some(({ kind }) => kind === 'login')
    if (!newest.isRefused && !isEarly) this.#fail('a refresh that nobody needs')
    const before = this.#refused.get(family) ?? Number.NEGATIVE_INFINITY
    if (!newest.isAccepted && this.#time.mono - before < HALF_MINUTE)
      this.#fail('401s cause two refreshes in half a minute')
    this.#refused.set(family, this.#time.mono)
  }

  /** What holds when nothing is left to do at this moment. */
  #checkQuiet(): void {
    const { client, page, live, isDisposed } = this.#tab
    const { state } = client
    if (!isDisposed && (state.status === 'authenticated') !== (live !== undefined)) {
      this.#fail(`the state is ${state.status}, the events say ${live}`)
    }
    this.#callers.checkWaiting()
    if (page.timerCount > 30 + this.#callers.all.length) this.#fail(`${page.timerCount} timers`)
  }

  /** Everything is well again, and time passes. */
  async #finish(): Promise<void> {
    const { server, timeout } = this.#setting
    await settle()
    this.#server.mode = 'ok'
    this.#server.api = 'ok'
    this.#storage.fault = 'none'
    this.#isOnline = this.#tab.page.isOnline = true
    this.#wake('online')
    await this.#advance(2 * (timeout + 18_000) + 3000)
    this.#checkQuiet()
    this.#findings.report()
    const paused = this.#server.calls.findLast(({ retryAfter }) => retryAfter)
    if (paused)
      await this.#advance(Math.max(0, (paused.settledAt ?? 0) + (paused.retryAfter ?? 0) * 1000 - this.#time.mono))
    const tab = this.#tab
    if (!tab.isDisposed && tab.live) await this.#checkLiveness(tab)
    this.#checkRevocations()

    this.#findings.checkSecrets('explain()', tab.client.explain())
    this.#findings.checkSecrets('the client', tab.client)
    if (JSON.stringify(tab.client).includes(CANARY)) this.#fail('a token is in the JSON of the client')
    for (const error of tab.page.reported) {
      const isExpected = isAuthError(error) ? error.code === 'misconfigured' : (error as Error).message === 'a listener'
      if (!isExpected) this.#fail(`reported: ${inspect(error)}`)
    }
    if (!tab.isDisposed) await this.#dispose()
    await this.#advance(timeout + 8000)
    if (tab.page.timerCount > 0) this.#fail(`${tab.page.timerCount} timers are left after dispose()`)
    if (server.via === 'cookie' && [...this.#storage.items.values()].some((text) => text.includes('refresh'))) {
      this.#fail('the storage holds a refresh token of cookie mode')
    }
    this.#findings.report()
  }

  async #checkLiveness(tab: Tab): Promise<void> {
    let status: number | undefined
    for (let round = 0; round < 3 && tab.live && status !== 200; round += 1) {
      await this.#advance(HALF_MINUTE + 1000)
      const asked = this.#callers.all.length
      void this.#callers.track('request', tab, async (signal) => {
        const response = await tab.client.fetch(`${BASE}/data`, { headers: { 'x-caller': `${asked}` }, signal })
        status = response.status
      })
      await this.#advance(2 * this.#setting.timeout)
      this.#findings.report()
    }
    const family = this.#server.families.find(({ id }) => id === tab.live)
    const hasMeans =
      this.#setting.server.via === 'cookie' ||
      this.#server.calls.some((call) => call.kind !== 'api' && call.family === family)
    if (family && !family.isRevoked && hasMeans && status !== 200) {
      this.#fail(
        `with a healthy server a request of session ${tab.live} gets ${status}; explain(): ${inspect(tab.client.explain().slice(-5))}`,
      )
    }
  }

  /** Tokens that came too late are taken back. */
  #checkRevocations(): void {
    if (this.#setting.server.via === 'cookie' || this.#storage.hasFailed) return
    for (const { kind, outcome, issued, family, settledAt = 0, page } of this.#server.calls) {
      if (
        kind !== 'refresh' ||
        outcome !== 'ok' ||
        !issued ||
        !family ||
        page !== this.#tab.page ||
        this.#tab.isDisposed
      )
        continue
      const ended = this.#ended.get(family.id)
      if (ended === undefined || ended >= settledAt) continue
      const isTold = this.#server.calls.some((call) => call.kind === 'logout' && call.token === issued.refresh)
      if (!isTold) this.#fail('tokens that came after the end of their session are not revoked')
    }
  }
}
