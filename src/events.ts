/** Hands back the undo of what subscribed. */
export type Unsubscribe = () => void

/** A typed emitter whose events wait in a queue until {@link Events.flush}, so that what they tell is already true. */
export interface Events<Map extends object> {
  /** Calls `listener` at each `name`, until it is undone or `signal` is aborted. */
  on<K extends keyof Map>(name: K, listener: (event: Map[K]) => void, signal?: AbortSignal): Unsubscribe
  /** Queues an event. */
  emit<K extends keyof Map>(name: K, event: Map[K]): void
  /** Delivers the queue in order; what listeners cause meanwhile waits until all have heard what came before. */
  flush(): void
  /** Forgets all listeners, and takes no more. */
  close(): void
}

/** Creates an emitter in which a listener that throws or rejects stops nobody: its error goes to `report`. */
export function createEvents<Map extends object>(report: (error: unknown) => void): Events<Map> {
  type Entry = { name: keyof Map; listener: (event: never) => void; off: Unsubscribe }
  const entries = new Set<Entry>()
  const queue: { name: keyof Map; event: unknown }[] = []
  let isFlushing = false
  let isClosed = false
  return {
    on(name, listener, signal) {
      const off = (): void => {
        entries.delete(entry)
        signal?.removeEventListener('abort', off)
      }
      const entry = { name, listener, off }
      if (isClosed || signal?.aborted) return off
      entries.add(entry)
      signal?.addEventListener('abort', off)
      return off
    },
    emit: (name, event) => queue.push({ name, event }),
    flush() {
      if (isFlushing) return
      isFlushing = true
      // Grows meanwhile by what listeners cause.
      for (const { name, event } of queue) {
        for (const entry of [...entries]) {
          if (entry.name === name && entries.has(entry)) {
            new Promise((resolve) => resolve(entry.listener(event as never))).catch(report)
          }
        }
      }
      queue.length = 0
      isFlushing = false
    },
    close() {
      isClosed = true
      for (const { off } of entries) off()
    },
  }
}
