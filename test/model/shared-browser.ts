import type { Environment, Ledger, LedgerRow } from 'latchkey'
import { SharedStorage, type StorageWitness } from './shared-storage.ts'
import type { VirtualPage, VirtualTime } from './virtual.ts'

type Locks = NonNullable<Environment['locks']>
type OpenChannel = NonNullable<Environment['channel']>

/** What the browser is like. */
export interface BrowserKind {
  /** Whether what one page stores reaches the others later. */
  readonly isLate: boolean
  readonly hasLocks: boolean
  readonly hasChannel: boolean
}

/** Who wants to know what happens in the browser. */
export interface Witness extends StorageWitness {
  step(name: string, before: LedgerRow | undefined, after: LedgerRow): void
  post(page: VirtualPage, hint: string): void
}

interface LockRequest {
  readonly page: VirtualPage
  readonly run: () => Promise<void>
  readonly reject: (reason: unknown) => void
  isDone: boolean
}

interface Port {
  readonly page: VirtualPage
  readonly name: string
  readonly hear: (hint: unknown) => void
}

/** All that the pages of one origin share: storage, ledger, locks and channels. */
export class SharedBrowser {
  readonly storage: SharedStorage
  readonly rows = new Map<string, LedgerRow>()
  /** Locks by name: the first holds it, the others wait. */
  readonly #queues = new Map<string, LockRequest[]>()
  readonly #ports = new Set<Port>()
  readonly #time: VirtualTime
  readonly #random: () => number
  readonly #kind: BrowserKind
  readonly #witness: Partial<Witness>

  constructor(kind: BrowserKind, time: VirtualTime, random: () => number, witness: Partial<Witness> = {}) {
    this.#kind = kind
    this.#time = time
    this.#random = random
    this.#witness = witness
    this.storage = new SharedStorage(time, random, kind.isLate, witness)
  }

  /** Gives `page` what it shares with the others; hands back its view of the storage. */
  join(page: VirtualPage): ReturnType<SharedStorage['join']>['storage'] {
    const { storage, watchStorage } = this.storage.join(page)
    const { hasLocks, hasChannel } = this.#kind
    Object.assign(page.environment, {
      ledger: this.#ledgerOf(page),
      locks: hasLocks ? this.#locksOf(page) : undefined,
      channel: hasChannel ? this.#channelsOf(page) : undefined,
      watchStorage,
      marks: storage,
    } satisfies Partial<Environment>)
    return storage
  }

  /** The page is no more; if it crashes, what it did last may be lost, and its locks are missed a little later. */
  leave(page: VirtualPage, isCrash: boolean): void {
    this.storage.leave(page, isCrash && this.#random() < 0.5)
    for (const port of this.#ports) if (port.page === page) this.#ports.delete(port)
    for (const [name, queue] of this.#queues) {
      const [holder] = queue
      this.#queues.set(
        name,
        queue.filter((each) => each === holder || each.page !== page),
      )
      if (holder?.page === page) this.#time.later(this.#random() * 100, () => this.#release(name, holder))
    }
  }

  /** Whether `page` has asked for a lock, or holds one. */
  isInLine(page: VirtualPage): boolean {
    return [...this.#queues.values()].some((queue) => queue.some((each) => each.page === page))
  }

  channelCountOf(page: VirtualPage): number {
    return [...this.#ports].filter((port) => port.page === page).length
  }

  /** What somebody else on this origin may call out. */
  forge(hint: unknown): void {
    for (const port of this.#ports) this.#time.later(this.#delay(), () => port.page.deliver(() => port.hear(hint)))
  }

  #ledgerOf(page: VirtualPage): Ledger {
    let until = 0
    const transact = <T>(work: () => T): Promise<T> =>
      new Promise((resolve) => {
        until = Math.max(until, this.#time.mono + this.#delay())
        this.#time.later(until - this.#time.mono, () =>
          page.deliver(() => {
            const result = work()
            this.#time.later(this.#delay(), () => page.deliver(() => resolve(result)))
          }),
        )
      })
    return {
      read: (name) => transact(() => this.rows.get(name)),
      update: (name, step) =>
        transact(() => {
          const before = this.rows.get(name)
          const after = step(before)
          if (!after || after === before) return
          this.#witness.step?.(name, before, after)
          this.rows.set(name, { ...after })
        }),
    }
  }

  #locksOf(page: VirtualPage): Locks {
    return {
      request: (name, { signal, steal }, callback) =>
        new Promise((resolve, reject) => {
          if (!page.isAlive) return
          if (signal?.aborted) return reject(signal.reason)
          const queue = this.#queues.get(name) ?? []
          this.#queues.set(name, queue)
          const request: LockRequest = {
            page,
            reject,
            isDone: false,
            run: async () => {
              request.isDone = true
              await callback().then(resolve, reject)
            },
          }
          signal?.addEventListener('abort', () => {
            if (request.isDone) return
            request.isDone = true
            reject(signal.reason)
            this.#release(name, request)
          })
          const robbed = steal ? queue.shift() : undefined
          if (steal) queue.unshift(request)
          else queue.push(request)
          const theft = new DOMException('The lock was stolen.', 'AbortError')
          if (robbed) this.#time.later(this.#delay(), () => robbed.page.deliver(() => robbed.reject(theft)))
          if (queue[0] === request) this.#grant(name, request)
        }),
    }
  }

  #grant(name: string, request: LockRequest): void {
    this.#time.later(this.#delay(), () =>
      request.page.deliver(() => {
        if (!request.isDone) void request.run().then(() => this.#release(name, request))
      }),
    )
  }

  #release(name: string, request: LockRequest): void {
    const queue = this.#queues.get(name) ?? []
    const index = queue.indexOf(request)
    if (index < 0) return // stolen
    queue.splice(index, 1)
    const [next] = queue
    if (index === 0 && next) this.#grant(name, next)
  }

  #channelsOf(page: VirtualPage): OpenChannel {
    return (name, hear) => {
      const port: Port = { page, name, hear }
      this.#ports.add(port)
      return {
        post: (hint) => {
          if (!page.isAlive) return
          this.#witness.post?.(page, hint)
          for (const other of this.#ports) {
            if (other === port || other.name !== name) continue
            this.#time.later(this.#delay(), () =>
              other.page.deliver(() => {
                if (this.#ports.has(other)) other.hear(hint)
              }),
            )
          }
        },
        close: () => this.#ports.delete(port),
      }
    }
  }

  #delay(): number {
    const chance = this.#random()
    return chance < 0.4 ? 0 : chance < 0.95 ? 3 * this.#random() : 30 * this.#random()
  }
}
