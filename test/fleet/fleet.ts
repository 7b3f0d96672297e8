/** A fleet of clients in virtual time: who acts when, and what each knows meanwhile. */
import { Calendar } from './calendar.ts'
import { createOneClient, type Memory, type OneClient, TIMEOUT, type Wish } from './one-client.ts'
import { Streams } from './streams.ts'
import { type Outage, TokenEndpoint } from './token-endpoint.ts'

export interface FleetSettings {
  readonly clients: number
  /** How long an access token lives, in milliseconds. */
  readonly lifetime: number
  /** The share of pages with a person before it, whose app needs a token every 15 s on average. */
  readonly waiting: number
  readonly seed: number
  /** Until when it is simulated. */
  readonly end: number
}

/** `ask`: the app needs a token. */
export type Deed = 'sign in' | 'reload' | 'ask' | 'call'

/** What a client is at. */
const IDLE = 0
const PAUSING = 1
const CALLING = 2
/** What a client knows, as columns. */
const RECEIVED = 0
const EXPIRES = 1
const RENEW = 2
const FAILED = 3
const FAILURES = 4
const TIMER = 5
const CALLER = 6
const EVERYBODY = 7
const WIDTH = 8
const BETWEEN_ASKS = 15_000

export class Fleet {
  readonly settings: FleetSettings
  readonly endpoint: TokenEndpoint
  /** Until when people need tokens. */
  busyUntil = 0
  signedOut = 0
  /** When the last client got tokens that had failed to. */
  lastBackAt = 0
  /** Hears what each client does. */
  onDeed: (deed: Deed, client: number, at: number) => void = () => undefined
  #now = 0
  #client = 0
  /** How many pages have a person before it: the first ones. */
  readonly #waiting: number
  readonly #code: OneClient
  readonly #streams: Streams
  readonly #asks: Streams
  /** For each client its timer, its sign-in or reload; then the asks. */
  readonly #calendar: Calendar
  readonly #work: Uint8Array
  readonly #isStale: Uint8Array
  /** What each knows, side by side: a line of the processor's cache. */
  readonly #known: Float64Array

  /** `original`: goes on where it is, with another future. */
  constructor(settings: FleetSettings, original?: Fleet, outage?: Outage) {
    const { clients, seed, end } = settings
    this.settings = settings
    this.#waiting = Math.round(clients * settings.waiting)
    this.endpoint = new TokenEndpoint(end, outage, original?.endpoint.calls)
    this.#code = createOneClient(() => this.#streams.next(this.#client))
    if (original) {
      this.#now = original.#now
      this.#streams = new Streams(original.#streams)
      this.#asks = new Streams(original.#asks)
      this.#calendar = new Calendar(original.#calendar)
      this.#work = original.#work.slice()
      this.#isStale = original.#isStale.slice()
      this.#known = original.#known.slice()
    } else {
      this.#streams = new Streams(clients, seed)
      this.#asks = new Streams(this.#waiting, seed + 1)
      this.#calendar = new Calendar(2 * clients + this.#waiting, end)
      this.#work = new Uint8Array(clients)
      this.#isStale = new Uint8Array(clients)
      this.#known = new Float64Array(clients * WIDTH)
    }
  }

  /** All sign in, or load the page again, within `span` from `from` on. */
  arrive(from: number, span: number): void {
    const { clients, seed } = this.settings
    const moments = new Streams(clients, seed + from + 2)
    for (let name = 0; name < clients; name += 1) this.#calendar.set(clients + name, from + moments.next(name) * span)
  }

  /** People need tokens until `until`. */
  needTokens(from: number, until: number): void {
    this.busyUntil = until
    for (let name = 0; name < this.#waiting; name += 1) this.#askAgain(name, from)
  }

  /** Goes on until `end`. */
  run(end: number): void {
    this.#calendar.pass(this.#now, end, (name, at) => this.#act(name, at))
    this.#now = end
  }

  /** How many have no token that is alive, or a failure to make up for. */
  get lost(): number {
    let count = 0
    for (let name = 0; name < this.settings.clients; name += 1)
      if (this.#read(name, EXPIRES) <= this.#now || this.#read(name, FAILURES)) count += 1
    return count
  }

  #act(name: number, at: number): void {
    const { clients } = this.settings
    const client = name % clients
    // What one client does, it does in order.
    if (name >= clients) {
      for (let due = this.#calendar.take(client, at); due !== undefined; due = this.#calendar.take(client, at))
        this.#ring(client, due)
    } else if (client < this.#waiting) {
      const due = this.#calendar.take(client + 2 * clients, at)
      if (due !== undefined) {
        this.#calendar.set(name, at)
        this.#ask(client, due)
        return
      }
    }
    if (name >= 2 * clients) this.#ask(client, at)
    else if (name >= clients) this.#arriveOne(client, at)
    else this.#ring(name, at)
  }

  #ring(name: number, at: number): void {
    this.#lend(name, at)
    if (this.#work[name] === CALLING) this.#settle(name, at, this.#code.fail('silence'))
    else if (this.#work[name] === PAUSING) this.#call(name, at)
    else this.#follow(name, at, this.#code.ring())
  }

  #arriveOne(name: number, at: number): void {
    const isNew = this.#read(name, EXPIRES) === 0
    this.onDeed(isNew ? 'sign in' : 'reload', name, at)
    if (isNew) {
      this.#client = name
      this.#code.lend(at, undefined)
      this.#settle(name, at, this.#code.receive(this.settings.lifetime))
    } else if (this.#work[name] !== CALLING) {
      this.#work[name] = IDLE
      this.#lend(name, at)
      this.#follow(name, at, this.#code.reload())
      this.#need(name, at)
    }
  }

  #ask(name: number, at: number): void {
    this.onDeed('ask', name, at)
    if (this.#work[name] === IDLE && this.#read(name, EXPIRES) <= at) {
      this.#lend(name, at)
      this.#need(name, at)
    }
    this.#askAgain(name, at)
  }

  #askAgain(name: number, at: number): void {
    const next = at - Math.log(1 - this.#asks.next(name)) * BETWEEN_ASKS
    if (next < this.busyUntil) this.#calendar.set(2 * this.settings.clients + name, next)
  }

  #need(name: number, at: number): void {
    const pause = this.#code.ask()
    if (pause === 0) this.#call(name, at)
    else if (pause !== undefined) {
      this.#work[name] = PAUSING
      this.#calendar.set(name, at + pause)
    }
  }

  #follow(name: number, at: number, wish: Wish): void {
    this.#isStale[name] = this.#code.isStale ? 1 : 0
    if (wish === 'call') this.#call(name, at)
    else this.#calendar.set(name, wish)
  }

  /** By a client whose memory is lent. */
  #call(name: number, at: number): void {
    this.onDeed('call', name, at)
    const fate = this.endpoint.take(at)
    if (fate === 'silence') {
      this.#work[name] = CALLING
      this.#calendar.set(name, at + TIMEOUT)
      return
    }
    if (fate === 'tokens' && this.#read(name, FAILURES)) this.lastBackAt = at
    this.#settle(name, at, fate === 'tokens' ? this.#code.receive(this.settings.lifetime) : this.#code.fail(fate))
  }

  #read(name: number, column: number): number {
    return this.#known[name * WIDTH + column] as number
  }

  #lend(name: number, at: number): void {
    this.#client = name
    const count = this.#read(name, FAILURES)
    const pauses = [this.#read(name, TIMER), this.#read(name, CALLER), this.#read(name, EVERYBODY)] as const
    const memory: Memory = {
      receivedAt: this.#read(name, RECEIVED),
      expiresAt: this.#read(name, EXPIRES),
      renewAt: this.#read(name, RENEW),
      isStale: this.#isStale[name] === 1,
      failure: count ? { at: this.#read(name, FAILED), count, pauses, code: 'server_error' } : undefined,
    }
    this.#code.lend(at, memory)
  }

  /** A call, or a sign-in, is over. */
  #settle(name: number, at: number, wish: Wish | undefined): void {
    this.#work[name] = IDLE
    if (wish === undefined) {
      this.signedOut += 1
      this.#calendar.clear(name)
      return
    }
    const { receivedAt, expiresAt, renewAt, failure } = this.#code.memory
    const line = name * WIDTH
    this.#known[line + RECEIVED] = receivedAt
    this.#known[line + EXPIRES] = expiresAt
    this.#known[line + RENEW] = renewAt
    this.#known[line + FAILURES] = failure?.count ?? 0
    if (failure) {
      this.#known[line + FAILED] = failure.at
      const [timer, caller, everybody] = failure.pauses
      this.#known[line + TIMER] = timer
      this.#known[line + CALLER] = caller
      this.#known[line + EVERYBODY] = everybody
    }
    this.#follow(name, at, wish)
  }
}
