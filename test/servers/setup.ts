import type { TestProject } from 'vitest/node'
import { servers } from './servers.ts'
import { type RunningServer, startServer } from './start.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the servers answer, by name. */
    readonly baseUrls: Readonly<Record<string, string>>
  }
}

const running: RunningServer[] = []

/** Vitest's global setup: all servers answer before the first test, whose tokens live a few seconds only. */
export async function setup(project: TestProject): Promise<void> {
  const wanted = process.env.SERVERS?.split('|')
  const baseUrls: Record<string, string> = {}
  const waiting = servers.filter(({ name }) => !wanted || wanted.includes(name))
  const startNext = async (): Promise<void> => {
    const server = waiting.shift()
    if (!server) return
    const { baseUrl, stop } = await startServer(server)
    running.push({ baseUrl, stop })
    baseUrls[server.name] = baseUrl
    await startNext()
  }
  await Promise.all([startNext(), startNext()])
  project.provide('baseUrls', baseUrls)
}

export async function teardown(): Promise<void> {
  await Promise.all(running.map(({ stop }) => stop()))
}
