import { AuthClient, jsonBackend, type TokenStorage } from 'latchkey'
import { seeded } from '../support/random.ts'
import { Callers, Findings } from './callers.ts'
import { SharedBrowser } from './shared-browser.ts'
import type { Step } from './steps.ts'
import type { Fields, Person, Tab, TabsSetting, World } from './tab.ts'
import { CallPromises } from './tabs-calls.ts'
import type { Standstill, TabsCommand } from './tabs-commands.ts'
import { Course } from './tabs-course.ts'
import { checkAgreement, checkRemains } from './tabs-end.ts'
import { Promises } from './tabs-promises.ts'
import { TokenServer } from './token-server.ts'
import { createPage, settle, VirtualTime } from './virtual.ts'

const HALF_MINUTE = 30_000
const MOST = 5
const BASE = 'https://api.test'
const KEY = 'latchkey'

/** Several tabs of one origin, their server, and what must hold whatever happens to them. */
export class Tabs {
  readonly #setting: TabsSetting
  readonly #random: () => number
  readonly #time = new VirtualTime()
  readonly #server: TokenServer
  readonly #browser: SharedBrowser
  readonly #findings: Findings
  readonly #callers: Callers<Tab>
  readonly #world: World
  readonly #course: Course
  readonly #promises: Promises
  readonly #standstills = new Map<Tab, Standstill>()
  /** Those that are open. */
  #tabs: Tab[] = []
  #order = 0
  #isOnline = true

  constructor(setting: TabsSetting) {
    const time = this.#time
    this.#setting = setting
    this.#random = seeded(setting.seed)
    this.#findings = new Findings(time)
    this.#callers = new Callers(time, this.#findings, setting.timeout)
    this.#server = new TokenServer({ ...setting, says: 'expires_in' }, time, this.#random, (call) => calls.check(call))
    this.#world = { setting, time, server: this.#server, findings: this.#findings, callers: this.#callers }
    this.#course = new Course(this.#world)
    const calls = new CallPromises(this.#world, this.#course)
    this.#promises = new Promises(this.#world, this.#course)
    this.#browser = new SharedBrowser(setting, time, this.#random, this.#promises)
    for (let index = 0; index < setting.count; index += 1) this.#open()
  }

  async run(steps: readonly Step<TabsCommand>[]): Promise<void> {
    for (const { command, ticks } of steps) {
      await this.#do(command)
      if (ticks === undefined) {
        await settle()
        this.#promises.checkQuiet()
      } else {
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
      }
      this.#findings.report()
    }
    await this.#finish()
  }

  get refreshCount(): number {
    return this.#server.calls.filter(({ kind }) => kind === 'refresh').length
  }

  get hasEnded(): boolean {
    return this.#course.tabs.some(({ ended }) => ended.size > 0)
  }

  #open(copied?: Map<string, string>): void {
    if (this.#tabs.length >= MOST) return
    const { via, scope, when, timeout } = this.#setting
    const page = createPage(this.#time, this.#random)
    page.isOnline = this.#isOnline
    const shared = this.#browser.join(page)
    const items = scope === 'tab' ? new Map(copied) : undefined
    const client = new AuthClient<Fields, Person>({
      baseUrl: BASE,
      ...(via === 'cookie' && { backend: jsonBackend<Fields, Person>({ baseUrl: BASE, refreshVia: 'cookie' }) }),
      ...(scope === 'origin' && { storage: shared }),
      ...(items && { storage: this.#ownStorage(page, items) }),
      refresh: { when, timeout },
      fetch: this.#server.fetchOf(page),
      environment: page.environment,
    })
    const tab: Tab = {
      page,
      client,
      items,
      live: undefined,
      isRestored: false,
      generation: 0,
      isDisposed: false,
      ended: new Set(),
      signedOut: new Set(),
      newest: new Map(),
      wantedAt: Number.NEGATIVE_INFINITY,
    }
    this.#course.tabs.push(tab)
    this.#tabs.push(tab)
    this.#listen(tab)
    if (this.#random() < 0.8) void this.#callers.track('start', tab, () => client.start(), 6000)
  }

  /** `sessionStorage`: each tab has its own. */
  #ownStorage(page: Tab['page'], items: Map<string, string>): TokenStorage {
    return {
      scope: 'tab',
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => {
        this.#promises.write({ page, key, before: items.get(key), seen: items.get(key), after: value })
        items.set(key, value)
      },
      removeItem: (key) => items.delete(key),
    }
  }

  #listen(tab: Tab): void {
    const { client } = tab
    const heard =
      <E extends object>(name: string, then?: (event: E) => void) =>
      (event: E) => {
        this.#findings.checkSecrets(name, event)
        if (tab.isDisposed) this.#findings.add(`\`${name}\` is told after dispose()`)
        then?.(event)
      }
    const promises = this.#promises
    client.subscribe(heard('state', (state) => promises.follow(tab, state)))
    client.on(
      'login',
      heard('login', ({ user, generation, origin }) =>
        promises.hearLogin(tab, user?.family, generation, origin === 'this-tab'),
      ),
    )
    client.on(
      'logout',
      heard('logout', ({ reason, error }) => promises.hearLogout(tab, reason, error)),
    )
    client.on(
      'refresh',
      heard('refresh', ({ generation }) => promises.hearRefresh(tab, generation)),
    )
    client.on('refreshFailed', heard('refreshFailed'))
    client.on(
      'storageDegraded',
      heard('storageDegraded', () => this.#findings.add('a sound storage is degraded')),
    )
  }

  async #do(command: TabsCommand): Promise<void> {
    const awake = this.#tabs.filter((tab) => !tab.page.isFrozen)
    const tab = 'tab' in command ? awake[command.tab % (awake.length || 1)] : undefined
    if ('tab' in command && !tab) return this.#open()
    if (tab) return this.#doIn(tab, command)
    const course = this.#course
    switch (command.do) {
      case 'abort': {
        const pending = this.#callers.pending().filter(({ kind }) => /login|request|ask/.test(kind))
        const caller = pending[command.which % (pending.length || 1)]
        caller?.controller.abort(caller.reason)
        break
      }
      case 'advance':
        return this.#time.advance(command.ms)
      case 'live':
        return this.#time.advance(this.#setting.lifetime * 1000 * command.share)
      case 'open':
        return this.#open()
      case 'thaw':
        for (const [each] of this.#standstills) this.#thaw(each)
        break
      case 'network':
        this.#isOnline = command.isOnline
        for (const { page } of this.#tabs) page.isOnline = command.isOnline
        if (command.isOnline) course.lastHurry = this.#time.mono
        if (command.isOnline) for (const { page } of this.#tabs) page.tell('online')
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
      case 'forge':
        if (command.hint === 'wanted') course.want()
        this.#browser.forge(command.hint)
    }
  }

  async #doIn(tab: Tab, command: TabsCommand): Promise<void> {
    const { client, page } = tab
    const callers = this.#callers
    const course = this.#course
    switch (command.do) {
      case 'login': {
        this.#order += 1
        const fields = { name: command.name, order: this.#order }
        void callers.track('login', tab, (signal) => client.login(fields, { signal }))
        break
      }
      case 'logout': {
        const { live } = tab
        if (live && live !== '?') tab.signedOut.add(live)
        if (live && live !== '?') course.signedOut.add(live)
        else course.isSignedOutUnseen = true
        void callers.track('logout', tab, async () => {
          await client.logout()
          if (live && !course.ended.has(live)) course.ended.set(live, this.#time.mono)
        })
        break
      }
      case 'request':
        for (let index = 0; index < command.times; index += 1) this.#request('request', tab, `${BASE}/data`)
        break
      case 'go astray':
        this.#request('stray', tab, command.url)
        break
      case 'ask': {
        const sent = this.#server.calls.findLast((call) => call.kind === 'api' && call.token && call.page === page)
        const refused = command.how === 'rejected' ? this.#server.accessTokens.get(sent?.token ?? '') : undefined
        if (refused) refused.isRefused = true
        if (command.how === 'forced') course.lastForced = this.#time.mono
        const options = { forceRefresh: command.how === 'forced', ...(refused && { rejected: sent?.token }) }
        void callers.track(command.how === 'forced' ? 'forced ask' : 'ask', tab, (signal) =>
          client.getAccessToken({ ...options, signal }),
        )
        break
      }
      case 'duplicate':
        course.isDuplicated ||= tab.items !== undefined
        return this.#open(tab.items)
      case 'crash':
      case 'reload':
        await settle()
        if (command.do === 'reload') page.tell('pagehide')
        await settle()
        this.#end(tab, command.do === 'crash')
        if (command.do === 'reload') this.#open(tab.items)
        break
      case 'close':
        await settle()
        await this.#dispose(tab)
        this.#tabs = this.#tabs.filter((each) => each !== tab)
        break
      case 'freeze':
        if (command.how === 'freeze') page.tell('freeze')
        if (command.how === 'leave') page.tell('pagehide')
        await settle()
        course.cutOff(tab)
        page.freeze()
        this.#standstills.set(tab, command.how)
        break
      case 'wake':
        if (command.event === 'online' || command.event === 'visibilitychange') course.lastHurry = this.#time.mono
        page.tell(command.event)
        break
      case 'clear':
        if (this.#setting.scope !== 'origin') break
        course.isCleared = true
        for (const key of [KEY, `${KEY}.mark`]) this.#browser.storage.clear(key, command.isByTab ? page : undefined)
        this.#server.cookie = undefined
    }
  }

  #request(kind: string, tab: Tab, url: string): void {
    const headers = { 'x-caller': `${this.#callers.all.length}` }
    // Two waits for a token, and two answers that may take a second.
    void this.#callers.track(kind, tab, (signal) => tab.client.fetch(url, { headers, signal }), 18_000, 2)
  }

  #thaw(tab: Tab): void {
    const how = this.#standstills.get(tab)
    if (!this.#standstills.delete(tab) || !tab.page.isAlive) return
    tab.page.thaw()
    if (how === 'freeze') tab.page.tell('resume')
    if (how === 'leave') tab.page.tell('pageshow')
  }

  /** The page is gone, and its promises never settle. */
  #end(tab: Tab, isCrash: boolean): void {
    this.#course.cutOff(tab)
    // What was begun there last, nobody may have heard of.
    for (const { kind, family } of this.#callers.pending(tab))
      if (kind === 'login' && family) this.#course.excused.add(family)
    tab.page.kill()
    this.#browser.leave(tab.page, isCrash)
    this.#tabs = this.#tabs.filter((each) => each !== tab)
  }

  async #dispose(tab: Tab): Promise<void> {
    tab.client.dispose()
    tab.isDisposed = true
    if (tab.page.listenerCount > 0) this.#findings.add('a listener is left after dispose()')
    await settle()
    for (const { kind, family } of this.#callers.pending(tab)) {
      if (family && /request|ask|start/.test(kind)) this.#findings.add(`a ${kind} still waits after dispose()`)
    }
  }

  /** Everything is well again, and time passes. */
  async #finish(): Promise<void> {
    const { timeout } = this.#setting
    await settle()
    this.#server.mode = 'ok'
    this.#server.api = 'ok'
    await this.#do({ do: 'thaw' })
    await this.#do({ do: 'network', isOnline: true })
    await this.#time.advance(2 * (timeout + 18_000) + 3000)
    this.#promises.checkQuiet()
    this.#findings.report()
    const paused = this.#server.calls.findLast(({ retryAfter }) => retryAfter)
    const until = (paused?.settledAt ?? 0) + Math.min(paused?.retryAfter ?? 0, 300) * 1000
    await this.#time.advance(Math.max(0, until - this.#time.mono) + HALF_MINUTE)
    await checkAgreement(this.#world, this.#course, this.#browser, this.#tabs)
    this.#findings.report()
    for (const tab of this.#tabs) await this.#dispose(tab)
    await this.#time.advance(timeout + 8000)
    checkRemains(this.#world, this.#course, this.#browser)
    this.#findings.report()
  }
}
