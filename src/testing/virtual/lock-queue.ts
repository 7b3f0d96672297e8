import type { Locks } from '../../environment.js'
import type { TabLife } from './tab-life.js'

interface LockRequest {
  readonly tab: TabLife
  readonly isTheft: boolean
  readonly run: () => Promise<unknown>
  readonly reject: (reason: unknown) => void
  isGranted: boolean
}

/** The locks of one browser, first come first served, as `navigator.locks` has them. */
export type LockQueue = ReturnType<typeof createLockQueue>

export function createLockQueue() {
  const queues = new Map<string, LockRequest[]>()
  const names = new Set<string>()
  let thefts = 0
  let isStuck = false

  const queueOf = (name: string): LockRequest[] => {
    const queue = queues.get(name) ?? []
    queues.set(name, queue)
    return queue
  }

  const grant = (name: string): void => {
    const [first] = queueOf(name)
    if (!first || first.isGranted || isStuck) return
    first.isGranted = true
    void first.run().finally(() => remove(name, first))
  }

  const remove = (name: string, request: LockRequest): void => {
    const queue = queueOf(name)
    if (!queue.includes(request)) return
    queue.splice(queue.indexOf(request), 1)
    grant(name)
  }

  return {
    /** The locks as `tab` has them. */
    of(tab: TabLife): Locks {
      tab.whenGone(() => {
        for (const [name, queue] of queues) for (const each of [...queue]) if (each.tab === tab) remove(name, each)
      })
      return {
        request: (name, { signal, steal = false }, callback) =>
          new Promise((resolve, reject) => {
            signal?.throwIfAborted()
            names.add(name)
            const run = async (): Promise<void> => {
              await tab.awake()
              await callback().then(resolve, reject)
            }
            const request: LockRequest = { tab, isTheft: steal, run, reject, isGranted: false }
            signal?.addEventListener('abort', () => {
              if (request.isGranted) return
              remove(name, request)
              reject(signal.reason)
            })
            const queue = queueOf(name)
            if (steal) {
              thefts += 1
              const robbed = queue[0]?.isGranted ? queue.shift() : undefined
              const theft = new DOMException('The lock was stolen.', 'AbortError')
              if (robbed) void robbed.tab.awake().then(() => robbed.reject(theft))
              queue.unshift(request)
            } else queue.push(request)
            grant(name)
          }),
      }
    },
    /** How many hold a lock, or wait for one. */
    get length() {
      return [...queues.values()].flat().length
    },
    /** How many of them hold it. */
    get held() {
      return [...queues.values()].flat().filter((each) => each.isGranted).length
    },
    /** How often a lock was stolen. */
    get thefts() {
      return thefts
    },
    /** All names that were ever asked for. */
    names,
    /** From now on nobody gets a lock any more. */
    jam(): void {
      isStuck = true
    },
  }
}
