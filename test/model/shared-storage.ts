import type { Environment, TokenStorage } from 'latchkey'
import type { VirtualPage, VirtualTime } from './virtual.ts'

type StorageListener = Parameters<Environment['watchStorage']>[0]

/** What one page sees of the storage that all share. */
interface View {
  readonly page: VirtualPage
  readonly items: Map<string, string>
  /** Writes of this page on their way: until they have arrived, those of others to the same key are not looked at. */
  readonly pending: Map<string, number>
  readonly listeners: Set<StorageListener>
  /** When the last thing that left, or comes in, arrives: nothing overtakes. */
  sentUntil: number
  heardUntil: number
  /** Whether writes on their way die with the page. */
  isCut: boolean
}

/** A write as it arrives where all meet. */
export interface Write {
  readonly page: VirtualPage | undefined
  readonly key: string
  /** What stood there, and what the page saw there when it wrote: it may not have heard of others yet. */
  readonly before: string | undefined
  readonly seen: string | undefined
  readonly after: string | undefined
}

/** Who wants to know of writes: as they arrive, and of removals when a page decides on them, by what it sees then. */
export interface StorageWitness {
  write?(write: Write): void
  remove?(page: VirtualPage, key: string, seen: string | undefined): void
}

/**
 * `localStorage` as Chromium has it: each page reads and writes a copy of its own, and the copies learn of each other
 * later, over a place where all writes are put in order. The coherent variant has one copy for all.
 */
export class SharedStorage {
  /** What is there when all has arrived. */
  readonly items = new Map<string, string>()
  readonly #views = new Map<VirtualPage, View>()
  readonly #time: VirtualTime
  readonly #random: () => number
  readonly #isLate: boolean
  readonly #witness: StorageWitness

  constructor(time: VirtualTime, random: () => number, isLate: boolean, witness: StorageWitness) {
    this.#time = time
    this.#random = random
    this.#isLate = isLate
    this.#witness = witness
  }

  /** The storage, and its events, as a page has them. */
  join(page: VirtualPage): { readonly storage: TokenStorage; readonly watchStorage: Environment['watchStorage'] } {
    const items = this.#isLate ? new Map(this.items) : this.items
    const view: View = {
      page,
      items,
      pending: new Map(),
      listeners: new Set(),
      sentUntil: 0,
      heardUntil: 0,
      isCut: false,
    }
    this.#views.set(page, view)
    return {
      storage: {
        getItem: (key) => items.get(key) ?? null,
        setItem: (key, value) => this.#write(view, key, value),
        removeItem: (key) => this.#write(view, key, undefined),
      },
      watchStorage: (listener) => {
        view.listeners.add(listener)
        return () => view.listeners.delete(listener)
      },
    }
  }

  listenerCountOf(page: VirtualPage): number {
    return this.#views.get(page)?.listeners.size ?? 0
  }

  /** A page goes: what it wrote last arrives at once, or, if it crashes, perhaps never. */
  leave(page: VirtualPage, isCut: boolean): void {
    const view = this.#views.get(page)
    if (!view) return
    view.isCut = isCut
    view.sentUntil = 0
  }

  /** Somebody removes `key`: other script in `page`, or nobody's (the developer tools). */
  clear(key: string, page: VirtualPage | undefined): void {
    const view = page && this.#views.get(page)
    if (view) this.#write(view, key, undefined)
    else this.#arrive(undefined, key, undefined, undefined)
  }

  #write(view: View, key: string, value: string | undefined): void {
    const before = view.items.get(key)
    if (!view.page.isAlive || before === value) return
    if (value === undefined) this.#witness.remove?.(view.page, key, before)
    if (!this.#isLate) {
      this.#witness.write?.({ page: view.page, key, before, seen: before, after: value })
      put(this.items, key, value)
      this.#announce(view, key, value)
      return
    }
    put(view.items, key, value)
    view.pending.set(key, (view.pending.get(key) ?? 0) + 1)
    view.sentUntil = Math.max(view.sentUntil, this.#time.mono + this.#latency())
    this.#time.later(view.sentUntil - this.#time.mono, () => {
      if (view.isCut) return
      this.#arrive(view, key, value, before)
      view.heardUntil = Math.max(view.heardUntil, this.#time.mono + this.#latency())
      this.#time.later(view.heardUntil - this.#time.mono, () =>
        view.page.deliver(() => view.pending.set(key, (view.pending.get(key) as number) - 1)),
      )
    })
  }

  #arrive(from: View | undefined, key: string, value: string | undefined, seen: string | undefined): void {
    const before = this.items.get(key)
    if (before === value) return
    this.#witness.write?.({ page: from?.page, key, before, seen, after: value })
    put(this.items, key, value)
    this.#announce(from, key, value)
  }

  #announce(from: View | undefined, key: string, value: string | undefined): void {
    for (const [page, view] of this.#views) {
      if (!page.isAlive) this.#views.delete(page)
      if (!page.isAlive || view === from) continue
      view.heardUntil = Math.max(view.heardUntil, this.#time.mono + this.#latency())
      this.#time.later(view.heardUntil - this.#time.mono, () =>
        page.deliver(() => {
          if (this.#isLate && !view.pending.get(key)) put(view.items, key, value)
          for (const listener of [...view.listeners]) listener({ key, newValue: value ?? null })
        }),
      )
    }
  }

  /** As measured: mostly some milliseconds, sometimes far more. */
  #latency(): number {
    const chance = this.#random()
    if (chance < 0.3) return 0
    return chance < 0.92 ? 20 * this.#random() : 200 * this.#random()
  }
}

function put(items: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) items.delete(key)
  else items.set(key, value)
}
