import { inspect } from 'node:util'
import type { AuthError, AuthState, LedgerRow, LogoutReason } from 'latchkey'
import type { Witness } from './shared-browser.ts'
import type { Write } from './shared-storage.ts'
import type { Person, Tab, World } from './tab.ts'
import { AFTERMATH, type Course, NEWS } from './tabs-course.ts'
import { CANARY } from './token-server.ts'
import type { VirtualPage } from './virtual.ts'

interface StoredRecord {
  readonly id: string
  readonly g: number
  readonly a: string
}

function readRecord(text: string | undefined): StoredRecord | undefined {
  return text?.startsWith('{') ? (JSON.parse(text) as StoredRecord) : undefined
}

/** What must hold for what tabs tell and for what they share; `CallPromises` has what must hold for what they send. */
export class Promises implements Witness {
  readonly #world: World
  readonly #course: Course
  /** Until when which id and generation was the ledger's. */
  readonly #currentUntil = new Map<string, number>()

  constructor(world: World, course: Course) {
    this.#world = world
    this.#course = course
  }

  #fail(violation: string): void {
    this.#world.findings.add(violation)
  }

  // What the client tells.

  follow(tab: Tab, state: AuthState<Person>): void {
    if (!Object.isFrozen(state)) this.#fail('the state is not frozen')
    if (state.status !== 'authenticated') return
    const { via, scope } = this.#world.setting
    const family = state.user?.family ?? '?'
    if (tab.live !== family) {
      // Without its record a tab signs out alone, until another one stores it again.
      if (tab.ended.has(family) && !this.#course.isStray && !this.#course.isCleared)
        this.#fail(`session ${family} has come back`)
      // An HttpOnly cookie outlives what script knows of it.
      if (via === 'body' && this.#course.newsAge(tab, family) > NEWS)
        this.#fail(`session ${family} has come back elsewhere`)
      if (tab.live && tab.live !== '?' && scope !== 'memory' && !this.#course.isStray)
        this.#fail(`session ${tab.live} became ${family}`)
    }
    tab.isRestored = true
    tab.live = family
  }

  hearLogin(tab: Tab, family: string | undefined, generation: number, isOwn: boolean): void {
    if (tab.live !== family) this.#fail('`login` is told of another session than the state')
    if (isOwn && !this.#world.callers.all.some((each) => each.tab === tab && each.kind === 'login'))
      this.#fail('`login` is told of this tab, where nobody signed in')
    tab.generation = generation
  }

  hearRefresh(tab: Tab, generation: number): void {
    if (generation <= tab.generation) this.#fail(`generation ${generation} follows ${tab.generation}`)
    tab.generation = generation
  }

  hearLogout(tab: Tab, reason: LogoutReason, error: AuthError | undefined): void {
    const family = tab.live ?? '?'
    if (!tab.live && tab.isRestored) this.#fail(`a second \`logout\` (${reason})`)
    if (family !== '?' && tab.ended.has(family) && !this.#course.isStray && !this.#course.isCleared)
      this.#fail(`a second \`logout\` of ${family}`)
    tab.isRestored = true
    tab.live = undefined
    tab.ended.add(family)
    if (family === '?' || this.#course.isStray) return
    const isTrue = {
      logout: this.#course.signedOut.has(family) || this.#course.isSignedOutUnseen,
      revoked: this.#course.mayBeLost(family),
      replaced: this.#world.server.families.length > 1 || this.#course.isBegunByMark,
      expired: false,
      'storage-cleared': this.#course.isCleared || this.#course.overrun.has(family),
    }
    if (!isTrue[reason]) this.#fail(`session ${family} ends without a reason: ${reason}, ${error}`)
  }

  // What the pages share.

  /** Reading never writes: a page stores what it has fetched, what another page wanted, or what is current. */
  write({ page, key, before, seen, after }: Write): void {
    const stored = readRecord(after)
    const tokenOf = (record: StoredRecord | undefined) => this.#world.server.accessTokens.get(record?.a ?? '')
    const token = tokenOf(stored)
    if (stored && token) this.#course.names.set(stored.id, token.family.id)
    const tab = page && this.#course.tabOf(page)
    if (!tab || key.endsWith('.mark')) return
    const { mono } = this.#world.time
    const isWanted = tab.wantedAt >= 0 && mono - Math.max(tab.wantedAt, page.awakeSince) < 10_000
    // What another tab has overwritten or removed by mistake is put back, as long as the ledger says that it is current.
    const isCurrent = mono - (this.#currentUntil.get(`${stored?.id} ${stored?.g}`) ?? 0) < AFTERMATH
    if (token && token.arrived?.page !== page && !isWanted && !isCurrent)
      this.#fail('a tab stores tokens that it has not fetched')
    const [lost, meant] = [before, seen].map((text) => tokenOf(readRecord(text))?.family.id)
    // Whoever removes a record that it could not see says so afterwards; not everybody may be there to hear it.
    const isHeard = this.#world.setting.hasChannel && this.#course.isEverybodyAwake
    if (lost && after === undefined && lost !== meant && !isHeard) this.#course.overrun.add(lost)
  }

  remove(page: VirtualPage, key: string, seen: string | undefined): void {
    const { live, ended } = this.#course.tabOf(page)
    const family = this.#world.server.accessTokens.get(readRecord(seen)?.a ?? '')?.family.id
    if (key.endsWith('.mark') || this.#course.isCleared || !family || !live || ended.has('?')) return
    if (live !== family && !ended.has(family)) this.#fail('a tab removes the record of a session that is not its own')
  }

  step(name: string, before: LedgerRow | undefined, after: LedgerRow): void {
    if (JSON.stringify(after).includes(CANARY)) this.#fail('a token is in the ledger')
    if (before?.id === after.id) {
      if (before.ended && !after.ended && after.generation > 0)
        this.#fail(`an ended session is revived in the ledger (${name})`)
      if (after.generation < before.generation && !after.ended) this.#fail('the ledger goes back')
    }
    const isTwice = before?.id === after.id && before.generation === after.generation && !before.ended
    if (isTwice && !after.ended && before.attempt === undefined && after.attempt === undefined)
      this.#fail(`generation ${after.generation} is committed twice`)
    if (after.generation === 0 && this.#world.setting.scope === 'origin') this.#course.isBegunByMark = true
    const { mono } = this.#world.time
    if (before) this.#currentUntil.set(`${before.id} ${before.generation}`, mono)
    this.#currentUntil.set(`${after.id} ${after.generation}`, after.ended ? mono : Number.POSITIVE_INFINITY)
    const family = this.#course.names.get(after.id)
    if (after.ended && family && !this.#course.ended.has(family)) this.#course.ended.set(family, this.#world.time.mono)
  }

  post(_page: VirtualPage, hint: string): void {
    if (inspect(hint).includes(CANARY)) this.#fail(`a token is in a broadcast: ${inspect(hint)}`)
    if (hint === 'wanted') this.#course.want()
  }

  /** What holds when nothing is left to do at this moment. */
  checkQuiet(): void {
    for (const tab of this.#course.tabs) {
      if (!tab.page.isAlive || tab.page.isFrozen) continue
      const { status } = tab.client.state
      if (!tab.isDisposed && (status === 'authenticated') !== (tab.live !== undefined))
        this.#fail(`the state is ${status}, the events say ${tab.live}`)
      const age = this.#course.newsAge(tab, tab.live)
      if (!tab.isDisposed && age > 2000)
        this.#fail(`session ${tab.live} goes on here, ${age} ms after it has ended elsewhere`)
      if (tab.page.timerCount > 40 + this.#world.callers.all.length) this.#fail(`${tab.page.timerCount} timers`)
    }
    for (const family of this.#world.server.families) {
      if (family.isReused && !this.#course.mayBeLost(family.id))
        this.#fail(`the server saw a spent token of ${family.id} again`)
    }
    this.#world.callers.checkWaiting()
  }
}
