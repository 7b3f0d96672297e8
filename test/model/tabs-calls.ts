import type { Tab, World } from './tab.ts'
import { type Course, NEWS } from './tabs-course.ts'
import type { Call, Family } from './token-server.ts'

/** So long a wish may wait for a look at the ledger. */
const WAIT = 3000

/** What must hold for whatever leaves the tabs. */
export class CallPromises {
  readonly #world: World
  readonly #course: Course
  readonly #sent = new Map<string, Call[]>()

  constructor(world: World, course: Course) {
    this.#world = world
    this.#course = course
  }

  #fail(violation: string): void {
    this.#world.findings.add(violation)
  }

  check(call: Call): void {
    const tab = this.#course.tabOf(call.page)
    if (tab.isDisposed && (call.token || call.kind !== 'api')) this.#fail(`a ${call.kind} call leaves after dispose()`)
    if (call.kind === 'api') this.#checkRequest(call, tab)
    if (call.kind === 'refresh' && call.family) this.#checkRefresh(call, call.family)
  }

  #checkRequest(call: Call, tab: Tab): void {
    const { wall } = this.#world.time
    const caller = this.#world.callers.all[Number(call.caller)]
    const token = this.#world.server.accessTokens.get(call.token ?? '')
    const earlier = this.#sent.get(call.caller as string) ?? []
    this.#sent.set(call.caller as string, [...earlier, call])
    if (earlier.length > 1) this.#fail('a request leaves a third time')
    if (new URL(call.url).origin !== 'https://api.test') {
      if (call.token) this.#fail(`${call.url} gets the token`)
      return
    }
    if (!token) {
      if (call.token) this.#fail('a request carries an unknown token')
      if (caller?.family) this.#fail(`a request of session ${caller.family} leaves without a token`)
      return
    }
    const { family, generation, arrived } = token
    const life = this.#world.setting.lifetime * 1000
    if (life > 0 && arrived && wall - arrived.wall >= life) this.#fail('a request carries a token known to be expired')
    if (tab.signedOut.has(family.id)) this.#fail('a request carries a token after logout()')
    if (tab.ended.has(family.id) && !this.#course.isStray)
      this.#fail(`a request carries a token of ended session ${family.id}`)
    const age = this.#course.newsAge(tab, family.id)
    if (age > NEWS) this.#fail(`a request carries a token of session ${family.id}, which ended ${age} ms ago elsewhere`)
    const isMixable = this.#world.setting.scope === 'memory' || this.#course.isStray
    if (caller?.family && caller.family !== '?' && caller.family !== family.id && !isMixable)
      this.#fail(`a request of session ${caller.family} carries a token of ${family.id}`)
    if (generation < (tab.newest.get(family) ?? 0)) this.#fail('a request carries an older token than one before')
    tab.newest.set(family, generation)
    const [first] = earlier
    const before = this.#world.server.accessTokens.get(first?.token ?? '')
    if (before && (before.family !== family || before.generation >= generation) && !isMixable)
      this.#fail('a replay has no newer token of its session')
  }

  #checkRefresh(call: Call, family: Family): void {
    const { isRotating, timeout, via, hasLocks } = this.#world.setting
    const { mono } = this.#world.time
    const { live = '?' } = this.#course.tabOf(call.page)
    const login = this.#world.server.calls.find(
      ({ kind, issued }) =>
        kind === 'login' && this.#world.server.accessTokens.get(issued?.access ?? '')?.family === family,
    )
    const isUnheard = login?.outcome !== 'ok'
    if (via === 'cookie' && (isUnheard || (live !== '?' && live !== family.id))) this.#course.isStray = true
    // With `memoryStorage` and a cookie each tab calls for itself, and learns for itself that the session is over (S5).
    const isAlone = (each: Call): boolean => this.#world.setting.scope === 'memory' && each.page !== call.page
    const before = this.#world.server.calls.filter((each) => each.kind === 'refresh' && each.family === family)
    for (const each of before) {
      const isCut = this.#course.cut.has(each)
      if (each.outcome === 'pending' && !isCut) this.#fail('two refreshes are on the wire')
      if (!isRotating || each.token !== call.token) continue
      if (!isCut && (each.outcome === 'ok' || (each.outcome === 'refused' && !isAlone(each))))
        this.#fail('a spent refresh token is sent again')
      const isUnheard = this.#course.cut.get(each) === false && (each.outcome === 'pending' || !each.page.isAlive)
      const wait = via === 'cookie' || !hasLocks ? timeout : 1000
      if (isUnheard && each.page !== call.page && mono - each.at < wait - 100)
        this.#fail(`an heir offers the refresh token after ${mono - each.at} ms`)
    }
    const isNews = (each: Call): boolean => each.outcome === 'refused' && isAlone(each)
    const heard = before.filter((each) => each.settledAt !== undefined && !this.#course.cut.has(each) && !isNews(each))
    heard.sort((one, other) => (one.settledAt as number) - (other.settledAt as number))
    const last = heard.at(-1)
    if (last?.settledAt === undefined) return
    const gap = mono - last.settledAt + 1 // for what is lost in rounding
    if (last.retryAfter && gap < Math.min(last.retryAfter, 300) * 1000)
      this.#fail(`Retry-After is ignored after ${gap} ms`)
    const isForced = this.#world.callers
      .pending(this.#course.tabOf(call.page))
      .some(({ kind }) => kind === 'forced ask')
    if (last.outcome === 'ok' && !isAlone(last) && !isForced) this.#checkNeed(family, last)
    if (last.outcome === 'ok' || this.#course.lastHurry >= last.settledAt) return
    const failures = heard.length - 1 - heard.findLastIndex(({ outcome }) => outcome === 'ok')
    if (gap < Math.min(5000, 500 * 2 ** (failures - 1)))
      this.#fail(`refresh ${failures + 1} comes ${gap} ms after a failure`)
  }

  /** Nothing but its age, a 401 or somebody's wish can be the reason to renew a token that has just come. */
  #checkNeed(family: Family, last: Call): void {
    const newest = this.#world.server.accessTokens.get(last.issued?.access ?? '')
    if (!newest?.arrived || newest.isRefused || this.#course.lastForced >= last.at - WAIT) return
    const age = this.#world.time.mono - newest.arrived.mono
    if (age < this.#world.setting.lifetime * 1000 * 0.29) this.#fail(`a refresh of ${family.id} that nobody needs`)
  }
}
