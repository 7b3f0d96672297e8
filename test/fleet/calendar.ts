const NONE = -1
/** Within so many milliseconds nobody asks which client comes first. */
const SLOT = 50

/** What is due when: one moment for each name, found by the slot of time in which it falls. */
export class Calendar {
  readonly #dueAt: Float64Array
  readonly #next: Int32Array
  readonly #previous: Int32Array
  /** The last that was entered in each slot. */
  readonly #heads: Int32Array

  /** For `names` names, until `end` in milliseconds: what is due later is not kept. */
  constructor(names: number, end: number)
  constructor(original: Calendar)
  constructor(from: number | Calendar, end = 0) {
    if (typeof from === 'number') {
      this.#dueAt = new Float64Array(from).fill(NONE)
      this.#next = new Int32Array(from)
      this.#previous = new Int32Array(from)
      this.#heads = new Int32Array(Math.ceil(end / SLOT)).fill(NONE)
    } else {
      this.#dueAt = from.#dueAt.slice()
      this.#next = from.#next.slice()
      this.#previous = from.#previous.slice()
      this.#heads = from.#heads.slice()
    }
  }

  set(name: number, at: number): void {
    this.clear(name)
    const slot = Math.floor(at / SLOT)
    if (slot >= this.#heads.length) return
    const head = this.#heads[slot] as number
    this.#dueAt[name] = at
    this.#next[name] = head
    this.#previous[name] = NONE
    if (head !== NONE) this.#previous[head] = name
    this.#heads[slot] = name
  }

  /** Takes `name` out if it is due until `end`; hands back when, or `undefined`. */
  take(name: number, end: number): number | undefined {
    const at = this.#dueAt[name] as number
    if (at === NONE || at > end) return undefined
    this.clear(name)
    return at
  }

  clear(name: number): void {
    const at = this.#dueAt[name] as number
    if (at === NONE) return
    this.#dueAt[name] = NONE
    const [next, previous] = [this.#next[name] as number, this.#previous[name] as number]
    if (next !== NONE) this.#previous[next] = previous
    if (previous === NONE) this.#heads[Math.floor(at / SLOT)] = next
    else this.#next[previous] = next
  }

  /** Hands each name that is due from one moment to another to `act`, those too that `act` enters meanwhile. */
  pass(from: number, until: number, act: (name: number, at: number) => void): void {
    const end = Math.min(Math.ceil(until / SLOT), this.#heads.length)
    for (let slot = Math.floor(from / SLOT); slot < end; slot += 1) {
      for (let name = this.#heads[slot] as number; name !== NONE; name = this.#heads[slot] as number) {
        const at = this.#dueAt[name] as number
        this.clear(name)
        act(name, at)
      }
    }
  }
}
