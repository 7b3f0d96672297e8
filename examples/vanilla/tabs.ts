/** What a tab did, or adopted from another one; never a token. */
export interface Deed {
  readonly at: number
  readonly kind: 'signed in' | 'restored' | 'renewed' | 'failed' | 'signed out' | 'killed'
  /** Whether the tab did it itself. */
  readonly isOwn: boolean
  /** Of the token that it is about. */
  readonly generation: number
  /** Why, or how, in a word. */
  readonly label?: string
}

/** One tab of the demo. */
export interface Tab {
  /** Its name; 0 until it has one. */
  readonly number: number
  /** Whether a worker makes its refresh calls. */
  readonly usesWorker: boolean
  readonly openedAt: number
  readonly closedAt?: number | undefined
  /** Oldest first. */
  readonly deeds: readonly Deed[]
}

/** All tabs of the demo, as far as they have told each other. */
export interface Tabs {
  readonly own: Tab
  /** By number; closed ones, too. */
  readonly others: readonly Tab[]
  /** Notes what this tab did, and tells the others. */
  note(deed: Deed): void
}

/** What the tabs need to know of the page, and whom they tell. */
export interface TabsOptions {
  /** Tabs with the same one know each other. */
  readonly name: string
  readonly usesWorker: boolean
  onChange(): void
  /** Another tab was killed in mid-refresh. */
  onKilled(tab: Tab): void
}

const KEPT = 30
const PATIENCE = 300 // a tab that was reloaded may have to wait for its own number

/**
 * Joins the other tabs of the demo, over a channel of the demo's own.
 *
 * Each tab sends all that it knows of itself at each change: whoever missed a message is right again after the next one.
 * A tab holds a lock on its number for as long as it lives: so the others also learn of a death that nobody announced.
 */
export function joinTabs({ name, usesWorker, onChange, onKilled }: TabsOptions): Tabs {
  const channel = new BroadcastChannel(`demo-tabs-${name}`)
  const storageKey = `demo-tab-${name}`
  const others = new Map<number, Tab>()
  const watched = new Set<number>()
  const before = recall(storageKey) // a reload: the lane goes on
  let own: Tab = { number: 0, usesWorker, openedAt: before?.openedAt ?? Date.now(), deeds: before?.deeds ?? [] }

  channel.onmessage = ({ data: { tab, isNew } }: MessageEvent<{ tab: Tab; isNew: boolean }>) => {
    const known = others.get(tab.number)
    others.set(tab.number, tab)
    if (isNew) send()
    if (tab.closedAt === undefined) watch(tab.number)
    onChange()
    const [last, lastKnown] = [tab.deeds.at(-1), known?.deeds.at(-1)]
    if (last?.kind === 'killed' && known && last.at > (lastKnown?.at ?? 0)) onKilled(tab)
  }

  void takeNumber(storageKey, before?.number).then(({ number, isAgain }) => {
    // A duplicated tab finds the notes of the tab that it was made from, and begins anew.
    own = isAgain ? { ...own, number } : { ...own, number, openedAt: Date.now(), deeds: own.deeds.filter(isNews) }
    change(true)
  })
  addEventListener('pagehide', () => {
    own = { ...own, closedAt: Date.now() }
    change()
  })
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return
    own = { ...own, closedAt: undefined }
    change(true)
  })

  return {
    get own() {
      return own
    },
    get others() {
      return [...others.values()].sort((one, other) => one.number - other.number)
    },
    note(deed) {
      own = { ...own, deeds: [...own.deeds, deed].slice(-KEPT) }
      change()
    },
  }

  function isNews(deed: Deed): boolean {
    return !before?.deeds.includes(deed)
  }

  function send(isNew = false) {
    if (own.number > 0) channel.postMessage({ tab: own, isNew })
  }

  function change(isNew = false) {
    remember(storageKey, own)
    send(isNew)
    onChange()
  }

  /** Its lock is free as soon as the tab is gone, however it went. */
  function watch(number: number) {
    if (watched.has(number) || !navigator.locks) return
    watched.add(number)
    void navigator.locks.request(lockOf(storageKey, number), { mode: 'shared' }, () => {
      watched.delete(number)
      const tab = others.get(number)
      if (!tab || tab.closedAt !== undefined) return
      others.set(number, { ...tab, closedAt: Date.now() })
      onChange()
    })
  }
}

/** The number that this tab had before a reload, or one that no other tab has, or had lately. */
async function takeNumber(storageKey: string, wanted: number | undefined) {
  if (!navigator.locks) return { number: wanted ?? 1 + Math.floor(Math.random() * 99), isAgain: true }
  if (wanted && (await hold(lockOf(storageKey, wanted)))) return { number: wanted, isAgain: true }
  const prefix = lockOf(storageKey, '')
  const { held = [] } = await navigator.locks.query()
  const taken = held.flatMap(({ name = '' }) => (name.startsWith(prefix) ? Number(name.slice(prefix.length)) : []))
  const last = taken.length > 0 ? readNumber(storageKey) : 0
  let number = Math.max(last, ...taken) + 1
  while (!(await hold(lockOf(storageKey, number)))) number += 1
  writeNumber(storageKey, number)
  return { number, isAgain: false }
}

/** Takes a lock for as long as this page lives; `false` if somebody else has it. */
function hold(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const live = () => {
      resolve(true)
      return new Promise(() => {})
    }
    navigator.locks.request(name, { signal: AbortSignal.timeout(PATIENCE) }, live).catch(() => resolve(false))
  })
}

function lockOf(storageKey: string, number: number | string): string {
  return `${storageKey}-${number}`
}

// A browser may deny its storage; then a reload is a new tab here, and nothing else is lost.

function recall(storageKey: string): Tab | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey) ?? '') as Tab
  } catch {
    return undefined
  }
}

function remember(storageKey: string, tab: Tab) {
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(tab))
  } catch {}
}

function readNumber(storageKey: string): number {
  try {
    return Number(localStorage.getItem(storageKey))
  } catch {
    return 0
  }
}

function writeNumber(storageKey: string, number: number) {
  try {
    localStorage.setItem(storageKey, String(number))
  } catch {}
}
