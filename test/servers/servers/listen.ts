import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Listens on a free port of this machine, says which, and lives until whoever started it is gone. */
export function listen(handle: RequestListener): void {
  const server = createServer(handle)
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
}

/** Tells `start.ts` the port, and ends with it. */
export function announce(port: number): void {
  process.stdin.on('end', () => process.exit()).resume()
  console.log(`listening on ${port}`)
}

/** How long access tokens live, in seconds. */
export const lifetime = Number(process.env.LIFETIME)
