import { inspect } from 'node:util'
import { isAuthError } from 'latchkey'
import { CANARY } from './token-server.ts'
import type { VirtualPage, VirtualTime } from './virtual.ts'

/** What did not hold, collected until somebody asks: what happens inside a callback cannot fail a test from there. */
export class Findings {
  readonly #time: VirtualTime
  readonly #violations: string[] = []

  constructor(time: VirtualTime) {
    this.#time = time
  }

  add(violation: string): void {
    this.#violations.push(`${violation} (at ${this.#time.mono})`)
  }

  report(): void {
    if (this.#violations.length > 0) throw new Error(this.#violations.join('\n'))
  }

  /** Looks for a token in whatever the client tells. */
  checkSecrets(what: string, value: unknown): void {
    if (value === undefined || typeof value === 'number') return
    const text = inspect(value, { depth: 8, showHidden: true })
    if (text.includes(CANARY)) this.add(`a token is in ${what}: ${text}`)
  }
}

/** Where a call is made. */
export interface CallingTab {
  readonly page: VirtualPage
  /** The session that is signed in, as the events tell. */
  readonly live: string | undefined
  readonly isDisposed: boolean
}

/** A call that waits for the client. */
export interface Caller<Tab> {
  readonly kind: string
  readonly tab: Tab
  readonly at: number
  readonly bound: number
  readonly controller: AbortController
  readonly reason: Error
  /** Who was signed in when it was called; `undefined`: nobody, or not known yet. */
  readonly family: string | undefined
  isSettled: boolean
}

/** All who have called a client: each settles once, in time, and with what may be expected. */
export class Callers<Tab extends CallingTab> {
  readonly all: Caller<Tab>[] = []
  readonly #time: VirtualTime
  readonly #findings: Findings
  readonly #timeout: number

  constructor(time: VirtualTime, findings: Findings, timeout: number) {
    this.#time = time
    this.#findings = findings
    this.#timeout = timeout
  }

  /** Those that wait in `tab`, or in any tab that is alive. */
  pending(tab?: Tab): Caller<Tab>[] {
    return this.all.filter((each) => !each.isSettled && (tab ? each.tab === tab : each.tab.page.isAlive))
  }

  /** How long it has waited, while its page was awake. */
  #waitOf({ at, tab: { page } }: Caller<Tab>): number {
    return page.isAlive && !page.isFrozen ? this.#time.mono - Math.max(at, page.awakeSince) : 0
  }

  /** @param waits How often it may have to wait, for `timeout` and `slack` each time. */
  async track(
    kind: string,
    tab: Tab,
    call: (signal: AbortSignal) => Promise<unknown>,
    slack = 8000,
    waits = 1,
  ): Promise<void> {
    const findings = this.#findings
    const controller = new AbortController()
    const bound = waits * (this.#timeout + slack) + 3000
    const reason = new Error('the reason of this caller')
    const at = this.#time.mono
    const caller: Caller<Tab> = { kind, tab, at, bound, controller, reason, family: tab.live, isSettled: false }
    this.all.push(caller)
    const settled = (): void => {
      if (caller.isSettled) findings.add(`a ${kind} settles twice`)
      const wait = this.#waitOf(caller)
      caller.isSettled = true
      if (wait > bound) findings.add(`a ${kind} settles after ${wait} ms`)
    }
    try {
      const value = await call(controller.signal)
      settled()
      if (!/request|ask/.test(kind)) findings.checkSecrets(kind, value)
    } catch (error) {
      settled()
      findings.checkSecrets(kind, error)
      const isOwn = error === reason && controller.signal.aborted
      const isApi = /request|stray/.test(kind) && error instanceof TypeError && error.message === 'fetch failed'
      if (!isOwn && !isApi && !isAuthError(error)) findings.add(`a ${kind} rejects with ${inspect(error)}`)
      if (/logout|start/.test(kind) && !tab.isDisposed) findings.add(`a ${kind} rejects with ${inspect(error)}`)
    }
  }

  checkWaiting(): void {
    for (const caller of this.all) {
      if (!caller.isSettled && this.#waitOf(caller) > caller.bound)
        this.#findings.add(`a ${caller.kind} still waits after ${caller.bound} ms`)
    }
  }
}
