import type { Channel } from '../../environment.js'
import type { TabLife } from './tab-life.js'

/** The broadcast channels of one browser. */
export type Lines = ReturnType<typeof createLines>

export function createLines() {
  const lines = new Set<{ name: string; tab: TabLife; listener: (hint: unknown) => void }>()
  /** All hints that were called out. */
  const posted: unknown[] = []

  const call = (hint: unknown, name: string, from?: object): void => {
    for (const line of [...lines]) {
      if (line === from || line.name !== name) continue
      void line.tab.awake().then(() => {
        if (lines.has(line)) line.listener(hint)
      })
    }
  }

  return {
    posted,
    /** Somebody on this origin, but none of the tabs, calls out what they like. */
    call: (hint: unknown, name: string): void => call(hint, name),
    /** How many channels of `tab` are open. */
    count: (tab: TabLife): number => [...lines].filter((line) => line.tab === tab).length,
    /** What `tab` opens its channels by. */
    of:
      (tab: TabLife) =>
      (name: string, listener: (hint: unknown) => void): Channel => {
        const line = { name, tab, listener }
        lines.add(line)
        tab.whenGone(() => lines.delete(line))
        return {
          post(hint) {
            if (tab.isGone) return
            posted.push(hint)
            call(hint, name, line)
          },
          close: () => void lines.delete(line),
        }
      },
  }
}
