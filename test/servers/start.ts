import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** How to start a server: what runs which file of `servers/`, and what the file is told. */
export interface Start {
  readonly command: string
  readonly file: string
  readonly env?: Readonly<Record<string, string>>
}

/** A server that answers. */
export interface RunningServer {
  readonly baseUrl: string
  stop(): Promise<void>
}

/** How long the access tokens of the servers live, in seconds. */
export const LIFETIME = 5

/** Starts a server, and waits until it says on which port it listens. It ends when told so, or when this process does. */
export async function startServer({ command, file, env }: Start): Promise<RunningServer> {
  const child = spawn(command, [join(import.meta.dirname, 'servers', file)], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', LIFETIME: String(LIFETIME), ...env },
  })
  let said = ''
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const port = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said += chunk
      const [, found] = /^listening on (\d+)$/m.exec(said) ?? []
      if (found) resolve(found)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`${file} ended with ${code}:\n${said}`)))
  })
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    async stop() {
      child.stdin.end()
      await gone
    },
  }
}
