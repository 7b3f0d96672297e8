import type { Channel, Environment } from '../../environment.js'
import { readRecord } from './read-record.js'
import type { TabRecord } from './record.js'

/** What a tab tells the others: all that it has noted, so that whoever missed a message is right after the next one. */
interface Message {
  readonly record: TabRecord
  /** The highest number of a tab that the sender knows of. */
  readonly last: number
  /** It has just come, and would like to know the others. */
  readonly isNew: boolean
}

/** What the tabs are joined by. */
export interface TabsParts {
  readonly environment: Pick<Environment, 'channel' | 'locks' | 'timers' | 'clock'>
  readonly name: string
  readonly own: () => TabRecord
  /** Another tab has this one's number. */
  readonly renumber: (number: number) => void
  readonly onChange: () => void
}

/** The other tabs that have devtools, as far as they have told. */
export interface Tabs {
  /** By number, workers first; closed ones, too. */
  readonly others: readonly TabRecord[]
  /** Tells the others at once, but ten times a second at most, if there are any. */
  tell(): void
  join(): void
  /** Says goodbye. */
  leave(): void
}

const PAUSE = 100
const CLOSED_KEPT = 4
const OTHERS_KEPT = 30

/**
 * Joins the other tabs, by a channel of its own.
 *
 * A tab holds a lock on its id as long as it lives: so the others also learn of a death that nobody announced.
 */
export function joinTabs({ environment, name, own, renumber, onChange }: TabsParts): Tabs {
  const { timers, clock } = environment
  const others = new Map<string, TabRecord>()
  const lockOf = (id: string): string => `${name}.${id}`
  let channel: Channel | undefined
  let life = new AbortController()
  let timer: unknown
  let isSettled = false
  let sentAt = 0

  const isOpen = ({ closedAt }: TabRecord): boolean => closedAt === undefined
  const last = (): number => Math.max(own().number, ...[...others.values()].map(({ number }) => number))

  const send = (isNew = false): void => {
    timers.clear(timer)
    timer = undefined
    sentAt = clock.monotonic()
    try {
      channel?.post(JSON.stringify({ record: own(), last: last(), isNew } satisfies Message))
    } catch {}
  }

  const tell = (): void => {
    if (timer === undefined && [...others.values()].some(isOpen))
      timer = timers.set(send, Math.max(0, sentAt + PAUSE - clock.monotonic()))
  }

  /** Holds the lock, or waits for it, and with it for the end of whoever holds it. */
  const lock = async (id: string, held: () => Promise<void>): Promise<void> => {
    try {
      await environment.locks?.request(lockOf(id), { signal: life.signal }, held)
    } catch {}
  }

  const watch = (id: string): Promise<void> =>
    lock(id, async () => {
      const record = others.get(id)
      if (!record || !isOpen(record)) return
      others.set(id, { ...record, closedAt: clock.now() })
      onChange()
    })

  const hear = (hint: unknown): void => {
    const message = read(hint)
    if (!message || message.record.id === own().id) return
    const { record, last: lastKnown, isNew } = message
    const before = others.get(record.id)
    if (!before && others.size >= OTHERS_KEPT) return
    others.set(record.id, record)
    const closed = [...others.values()].filter((each) => !isOpen(each))
    for (const { id } of closed.slice(0, -CLOSED_KEPT)) others.delete(id)
    if (record.role === 'tab' && own().role === 'tab') yieldNumber(record, lastKnown)
    if (isOpen(record) && (!before || !isOpen(before))) void watch(record.id)
    if (isNew) send()
    onChange()
  }

  /** The younger of two tabs takes another number; a new one takes none that was in use lately. */
  const yieldNumber = (other: TabRecord, lastKnown: number): void => {
    const { number, openedAt, id } = own()
    const isYounger = other.openedAt < openedAt || (other.openedAt === openedAt && other.id < id)
    if (!isYounger || (isSettled && other.number !== number)) return
    isSettled = true
    renumber(Math.max(last(), lastKnown) + 1)
    send()
  }

  return {
    get others() {
      return [...others.values()].sort((one, other) => one.number - other.number)
    },
    tell,
    join() {
      if (channel) return
      life = new AbortController()
      isSettled = own().number > 1
      try {
        channel = environment.channel?.(name, hear)
      } catch {}
      const { signal } = life
      void lock(own().id, () => new Promise((resolve) => signal.addEventListener('abort', () => resolve())))
      send(true)
    },
    leave() {
      if ([...others.values()].some(isOpen)) send()
      timers.clear(timer)
      channel?.close()
      channel = undefined
      life.abort()
    },
  }
}

/** Any script of the origin may call out here: what has not the shape of a message is none. */
function read(hint: unknown): Message | undefined {
  try {
    const { record: told, last, isNew } = JSON.parse(String(hint)) as Message
    const record = readRecord(told)
    return record && Number.isSafeInteger(last) ? { record, last, isNew: isNew === true } : undefined
  } catch {
    return undefined
  }
}
