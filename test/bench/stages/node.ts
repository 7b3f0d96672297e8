/** Node, with a process for each subject. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { bundle } from './bundle.ts'
import type { Stage, Stand } from './stage.ts'

export async function openNode(): Promise<Stage> {
  const { folder, remove } = await bundle('realm/node.ts', 'node')
  const children = new Set<ChildProcess>()
  return {
    name: `Node ${process.versions.node}`,
    hasWindow: false,
    counts: 'of the process, its garbage collector and compiler included',
    async open(subject) {
      const child = fork(join(folder, 'main.mjs'), { execArgv: [] })
      children.add(child)
      const call = async (name: string, ...args: readonly unknown[]) => {
        child.send({ name, args })
        const gone = new AbortController()
        const left = once(child, 'exit', { signal: gone.signal }).then(([code]) => {
          throw new Error(`${subject.name} has ended with ${code}.`)
        })
        left.catch(() => undefined)
        const [answer] = (await Promise.race([once(child, 'message', { signal: gone.signal }), left])) as [
          { result: unknown; cpu: number; error?: string },
        ]
        gone.abort()
        if (answer.error) throw new Error(`${subject.name}: ${answer.error}`)
        return answer
      }
      return {
        subject,
        call: call as Stand['call'],
        async close() {
          children.delete(child)
          child.kill()
          await once(child, 'exit')
        },
      }
    },
    async close() {
      for (const child of children) child.kill()
      remove()
    },
  }
}
