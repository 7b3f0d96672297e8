import type { Tab, World } from './tab.ts'
import type { Call } from './token-server.ts'
import type { VirtualPage } from './virtual.ts'

/** So long after the end of a session other tabs may not know. */
export const NEWS = 600
/** So long after an answer a tab may still be about to pass it on. */
export const AFTERMATH = 500

/** What has happened in a run, as far as it excuses what happens later. */
export class Course {
  readonly tabs: Tab[] = []
  /** When sessions ended for all, by the monotonic clock. */
  readonly ended = new Map<string, number>()
  /** Sessions that somebody signed out of. */
  readonly signedOut = new Set<string>()
  /** Refreshes whose page stood still or died before all had settled; whether their answers had come. */
  readonly cut = new Map<Call, boolean>()
  /** Sessions that may be lost for other reasons than a call that was cut. */
  readonly excused = new Set<string>()
  /** Whether a record may be gone without the session having ended in the ledger. */
  isCleared = false
  /** Sessions whose record was removed by a page that still saw another one there, and which could not tell all. */
  readonly overrun = new Set<string>()
  /** Whether a tab with a storage of its own was copied, so that two have the same session. */
  isDuplicated = false
  /**
   * Whether a page that found nothing but the mark has asked the server for a session: if it gets none, there was one in
   * the ledger all the same, over the tombstone of the one before.
   */
  isBegunByMark = false
  isSignedOutUnseen = false
  lastForced = -1
  lastHurry = -1
  /**
   * Whether a refresh left with the cookie of another session than its tab's: a browser has one cookie, and keeps the
   * last that came. As long as nobody is named in the tokens, no script can know.
   */
  isStray = false
  /** Which session of the server is meant by an id of the client. */
  readonly names = new Map<string, string>()

  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  tabOf(page: VirtualPage): Tab {
    return this.tabs.find((tab) => tab.page === page) as Tab
  }

  /** The session of the server that the client calls `id`. */
  nameOf(id: string): string | undefined {
    return this.names.get(id)
  }

  /** Whether all pages hear what is said now, and have for a while. */
  get isEverybodyAwake(): boolean {
    const since = this.#world.time.mono - AFTERMATH
    return this.tabs.every(({ page }) => !page.isAlive || (!page.isFrozen && page.awakeSince < since))
  }

  /** The page stands still or dies: what it has on the wire may be lost. */
  cutOff(tab: Tab): void {
    const { page } = tab
    const { callers, time } = this.#world
    const isRecent = (at: number): boolean => at > time.mono - AFTERMATH
    if (
      callers.all.some((each) => each.tab === tab && each.kind === 'logout' && (!each.isSettled || isRecent(each.at)))
    )
      this.isCleared = true
    for (const call of this.#world.server.calls) {
      if (call.page !== page || call.kind === 'api') continue
      const isHeard = call.outcome !== 'pending'
      if (isHeard && (call.settledAt ?? 0) < this.#world.time.mono - AFTERMATH) continue
      if (!this.cut.has(call)) this.cut.set(call, isHeard)
    }
  }

  /** Whether a session may end without anybody having asked for it. */
  mayBeLost(id: string): boolean {
    const family = this.#world.server.families.find((each) => each.id === id)
    // A cookie is everybody's: who signs out by one session takes it from the others.
    const isCookieGone =
      this.#world.setting.via === 'cookie' &&
      (this.isSignedOutUnseen || (this.#world.setting.scope === 'memory' && this.signedOut.size > 0))
    if (
      !family ||
      isCookieGone ||
      this.isCleared ||
      this.isDuplicated ||
      this.excused.has(id) ||
      this.signedOut.has(id) ||
      (family.isRevoked && !family.isReused)
    )
      return true
    return this.#world.server.calls.some((call) => {
      const issuedTo = this.#world.server.accessTokens.get(call.issued?.access ?? '')?.family
      const isOthers = call.family !== family && issuedTo !== family
      if (call.kind === 'api' || (isOthers && this.#world.setting.scope !== 'memory')) return false
      // Given up, it may still be on its way.
      const isLost = call.isProcessed ? call.outcome !== 'ok' : call.outcome === 'aborted'
      return call.isDenied || this.cut.has(call) || isLost
    })
  }

  /** For how long `tab` could have known that a session has ended elsewhere. */
  newsAge({ page }: Tab, family: string | undefined): number {
    const { scope, hasChannel } = this.#world.setting
    // A record that is gone already is no news in the storage, and neither is what a closed tab has to say.
    const isHeard = scope === 'origin' ? !this.isCleared && !this.isStray : scope === 'tab' && hasChannel
    const at = isHeard ? this.ended.get(family ?? '') : undefined
    return at === undefined ? 0 : this.#world.time.mono - Math.max(at, page.awakeSince)
  }

  /** Somebody asks for the record. */
  want(): void {
    for (const tab of this.tabs) tab.wantedAt = this.#world.time.mono
  }
}
