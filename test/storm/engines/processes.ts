import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

/** The process that runs a page. */
export interface ContentProcess {
  readonly pid: number
  kill(): void
  stop(): void
  resume(): void
}

interface Usage {
  readonly parent: number
  readonly ticks: number
}

/** Whether processes can be told apart here. */
export const hasProcesses = process.platform === 'linux'

/**
 * Finds the process of a page or a worker in any engine: of all that run such, the one that gets busy while `spin` keeps the
 * page or worker busy. The others have to be at rest meanwhile.
 */
export async function processOf(spin: (duration: number) => Promise<unknown>): Promise<ContentProcess> {
  // Longer each time: on a busy machine a process gets a part of the time only.
  for (const duration of [300, 600, 1200, 2400, 4800]) {
    const before = contentProcesses()
    await spin(duration)
    const [first, second] = [...contentProcesses()]
      .map(([pid, { ticks }]) => ({ pid, ticks: ticks - (before.get(pid)?.ticks ?? 0) }))
      .sort((a, b) => b.ticks - a.ticks)
    // A tick is 10 ms of processor time.
    if (first && first.ticks >= 8 && first.ticks > 2 * (second?.ticks ?? 0)) return contentProcess(first.pid)
  }
  throw new Error('No process stands out while one is kept busy.')
}

function contentProcess(pid: number): ContentProcess {
  const signal = (name: NodeJS.Signals) => (): void => {
    process.kill(pid, name)
  }
  return { pid, kill: signal('SIGKILL'), stop: signal('SIGSTOP'), resume: signal('SIGCONT') }
}

/** The processes of pages that descend from this one. */
function contentProcesses(): Map<number, Usage> {
  const all = new Map<number, Usage>()
  for (const name of readdirSync('/proc')) {
    const usage = /^\d+$/.test(name) && readUsage(name)
    if (usage) all.set(Number(name), usage)
  }
  const isOurs = (pid: number): boolean => {
    const parent = all.get(pid)?.parent
    return parent === process.pid || (!!parent && isOurs(parent))
  }
  return new Map([...all].filter(([pid]) => isOurs(pid) && isContent(pid)))
}

/** Chromium, Firefox and WebKit: not the browser itself, which is busy with the tabs that close, say. */
const CONTENT = /--type=renderer|-isForBrowser|WebKitWebProcess/

function isContent(pid: number): boolean {
  try {
    return CONTENT.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return false // it has ended
  }
}

function readUsage(pid: string): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, which is in parentheses, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined // it has ended
  }
}
