import { setImmediate } from 'node:timers'
import type { Environment, TokenStorage } from 'latchkey'

/** What a page may be told. */
export type LifecycleEvent = Parameters<Parameters<Environment['lifecycle']['listen']>[0]>[0]

/** Lets everything happen that needs no time. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Something that happens at a moment of the monotonic clock. */
export interface Task {
  readonly at: number
  readonly run: () => void
}

/** So many things at one moment are a loop. */
const SPIN = 500

/** Three clocks and all that is still to happen. */
export class VirtualTime {
  /** What the page takes for the time of day; anybody may set it. */
  wall: number
  /** Never set, stands still while the machine sleeps; timers run by it. */
  mono = 1000
  /** What the server takes for the time of day. */
  server = Date.UTC(2030, 0, 1)
  readonly #tasks = new Set<Task>()

  /** `skew`: how far the page's clock is ahead of the server's. */
  constructor(skew = 0) {
    this.wall = this.server + skew
  }

  later(delay: number, run: () => void): Task {
    const task = { at: this.mono + Math.max(0, delay), run }
    this.#tasks.add(task)
    return task
  }

  cancel(task: Task): void {
    this.#tasks.delete(task)
  }

  /** Lets time pass, and everything happen that falls due, one thing after the other. */
  async advance(delay: number): Promise<void> {
    const end = this.mono + delay
    let atOnce = 0
    await settle()
    for (let next = this.#nextUntil(end); next; next = this.#nextUntil(end)) {
      atOnce = next.at > this.mono ? 0 : atOnce + 1
      if (atOnce > SPIN) throw new Error('Timers ring again and again in one moment.')
      this.#pass(next.at - this.mono)
      this.#tasks.delete(next)
      next.run()
      await settle()
    }
    this.#pass(end - this.mono)
  }

  /** The machine sleeps: no timer runs. */
  sleep(duration: number): void {
    this.wall += duration
    this.server += duration
  }

  /** Somebody sets the clock. */
  step(change: number): void {
    this.wall += change
  }

  #pass(duration: number): void {
    if (duration <= 0) return
    this.wall += duration
    this.mono += duration
    this.server += duration
  }

  #nextUntil(end: number): Task | undefined {
    let next: Task | undefined
    for (const task of this.#tasks) {
      if (task.at <= end && (!next || task.at < next.at)) next = task
    }
    return next
  }
}

/** The browser around one client: what `environment` wants, and what a test can do to it. */
export interface VirtualPage {
  readonly environment: Partial<Environment>
  /** Timers that have not rung yet. */
  readonly timerCount: number
  readonly listenerCount: number
  /** How often timers have rung. */
  readonly callbackCount: number
  /** What went to `reportError`. */
  readonly reported: unknown[]
  isOnline: boolean
  /** Whether the page still exists: a dead one hears and does nothing any more. */
  readonly isAlive: boolean
  /** When it was killed, by the monotonic clock. */
  readonly diedAt: number
  /** Whether it stands still: what happens to it waits for the thaw. */
  readonly isFrozen: boolean
  /** When it was thawed last, or opened, by the monotonic clock. */
  readonly awakeSince: number
  /** Lets something reach the page: now, at its thaw, or never. */
  deliver(event: () => void): void
  tell(event: LifecycleEvent): void
  freeze(): void
  thaw(): void
  kill(): void
}

export function createPage(time: VirtualTime, random: () => number, marks?: FaultyStorage): VirtualPage {
  const timers = new Set<Task>()
  const listeners = new Set<(event: LifecycleEvent) => void>()
  const reported: unknown[] = []
  const missed: (() => void)[] = []
  let isAlive = true
  let diedAt = Number.POSITIVE_INFINITY
  let isFrozen = false
  let awakeSince = time.mono
  let callbackCount = 0
  const page: VirtualPage = {
    environment: {
      clock: { now: () => time.wall, monotonic: () => time.mono },
      timers: {
        set(callback: () => void, delay: number) {
          // As in browsers: a delay that does not fit in 32 bits rings at once.
          const task = time.later(delay <= 2 ** 31 - 1 ? delay : 0, () =>
            page.deliver(() => {
              if (!timers.delete(task)) return
              callbackCount += 1
              callback()
            }),
          )
          timers.add(task)
          return task
        },
        clear(timer: unknown) {
          timers.delete(timer as Task)
          time.cancel(timer as Task)
        },
      },
      lifecycle: {
        isOnline: () => page.isOnline,
        listen(listener: (event: LifecycleEvent) => void) {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      },
      random,
      createId: () => Math.floor(random() * 2 ** 48).toString(36),
      location: () => 'https://app.test/',
      reportError: (error: unknown) => reported.push(error),
    },
    get timerCount() {
      return timers.size
    },
    get listenerCount() {
      return listeners.size
    },
    get callbackCount() {
      return callbackCount
    },
    get diedAt() {
      return diedAt
    },
    get isAlive() {
      return isAlive
    },
    get isFrozen() {
      return isFrozen
    },
    get awakeSince() {
      return awakeSince
    },
    reported,
    isOnline: true,
    deliver(event: () => void) {
      if (isAlive && isFrozen) missed.push(event)
      else if (isAlive) event()
    },
    tell(event: LifecycleEvent) {
      page.deliver(() => {
        for (const listener of [...listeners]) listener(event)
      })
    },
    freeze() {
      isFrozen = true
    },
    thaw() {
      isFrozen = false
      awakeSince = time.mono
      for (const event of missed.splice(0)) time.later(0, () => page.deliver(event))
    },
    kill() {
      isAlive = false
      diedAt = time.mono
      missed.length = 0
      for (const task of timers) time.cancel(task)
      timers.clear()
      listeners.clear()
    },
  }
  if (marks) Object.assign(page.environment, { marks: marks.viewOf(page) })
  return page
}

/** What may be wrong with a storage. */
export type StorageFault = 'none' | 'throws' | 'full' | 'slow' | 'very slow' | 'silent'

/** A storage whose contents outlive the page, and which may fail in all the ways that real ones do. */
export class FaultyStorage {
  readonly items = new Map<string, string>()
  fault: StorageFault = 'none'
  /** Whether it ever kept less than it was told to. */
  hasFailed = false
  /** Operations that have not been answered. */
  pending = 0
  readonly #time: VirtualTime
  readonly #isAsync: boolean
  #freeAt = 0

  constructor(time: VirtualTime, isAsync: boolean) {
    this.#time = time
    this.#isAsync = isAsync
  }

  /** The storage as a page sees it; a page that is dead sees and does nothing. */
  viewOf(page: VirtualPage): TokenStorage {
    return {
      getItem: (key) => this.#do(page, false, () => this.items.get(key) ?? null),
      setItem: (key, value) => this.#do(page, true, () => this.items.set(key, value)),
      removeItem: (key) => this.#do(page, false, () => this.items.delete(key)),
    }
  }

  #do<T>(page: VirtualPage, needsSpace: boolean, operation: () => T): T | Promise<T> {
    const { fault } = this
    if (!page.isAlive) return new Promise(() => undefined)
    if (fault === 'throws' || (fault === 'full' && needsSpace)) {
      this.hasFailed = true
      throw new DOMException('The storage fails.', 'QuotaExceededError')
    }
    if (fault === 'silent') {
      this.hasFailed = true
      return new Promise(() => undefined)
    }
    const delay = { slow: 700, 'very slow': 2500 }[fault as string] ?? 0
    if (delay === 0 && !this.#isAsync && this.pending === 0) return operation()
    // In order, however slow.
    this.#freeAt = Math.max(this.#freeAt, this.#time.mono + delay)
    if (this.#freeAt - this.#time.mono > 2900) this.hasFailed = true
    this.pending += 1
    return new Promise((resolve) =>
      this.#time.later(this.#freeAt - this.#time.mono, () => {
        this.pending -= 1
        const result = operation()
        if (page.isAlive) resolve(result)
      }),
    )
  }
}
