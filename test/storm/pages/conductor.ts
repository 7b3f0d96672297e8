import { type Answer, type Command, openChannel } from './protocol.ts'

/** A page without a client: tells the others what to do in the same moment, and gathers what they answer. */
const channel = openChannel()
const answers = new Map<number, Map<string, Answer>>()
const waiting = new Set<() => void>()
let count = 0

channel.onmessage = ({ data }: MessageEvent<Answer>) => {
  if (!data.from) return
  answers.get(data.id)?.set(data.from, data)
  for (const look of [...waiting]) look()
}

/** Calls out a command; hands back its number. */
function begin(command: Omit<Command, 'id'>): number {
  count += 1
  answers.set(count, new Map())
  channel.postMessage({ ...command, id: count } satisfies Command)
  return count
}

/** What the tabs have answered, once all who are `expected` have, or in `patience` milliseconds. */
async function collect(wanted: { id: number; expected: readonly string[]; patience: number }): Promise<Answer[]> {
  const { id, expected, patience } = wanted
  const heard = answers.get(id) ?? new Map<string, Answer>()
  const isDone = (): boolean => expected.every((name) => heard.has(name))
  if (!isDone()) {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isDone()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      setTimeout(() => {
        waiting.delete(look)
        resolve()
      }, patience)
    })
  }
  return [...heard.values()]
}

Object.assign(window, { begin, collect })
