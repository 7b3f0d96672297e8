import type { Channel, Environment } from '../environment.js'
import type { Trace } from '../trace.js'

/** `changed`: look at the ledger. `wanted`: whoever has the current tokens, store them once more. */
export type Hint = 'changed' | 'wanted'

/** What tabs call out to each other; nothing of it is believed. */
export interface Hints {
  send(hint: Hint): void
  open(): void
  close(): void
}

/** A line to the tabs whose clients have the same `name`; where there is none, storage events have to do. */
export function createHints(
  { channel: openChannel }: Environment,
  name: string,
  trace: Trace,
  onHint: (hint: Hint) => void,
): Hints {
  let channel: Channel | undefined
  let isNoted = false
  return {
    send(hint) {
      try {
        channel?.post(hint)
      } catch {}
    },
    open() {
      try {
        channel ??= (openChannel as NonNullable<typeof openChannel>)(name, (hint) => {
          if (hint === 'changed' || hint === 'wanted') onHint(hint)
        })
      } catch {
        if (!isNoted) trace.add('alone', 'BroadcastChannel is missing: storage events tell what other tabs do.')
        isNoted = true
      }
    },
    close() {
      channel?.close()
      channel = undefined
    },
  }
}
