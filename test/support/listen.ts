/** Small servers of loopback. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on a free port of this machine. */
export interface Listening {
  readonly origin: string
  close(): Promise<void>
}

/** Begins to listen; `host` is the name by which browsers call it. */
export async function listen(answer: RequestListener, host = 'localhost'): Promise<Listening> {
  const server = createServer(answer)
  // A browser must not find a connection closed at the moment at which it sends a refresh.
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://${host}:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<string> {
  const { origin, close } = await listen(() => undefined)
  await close()
  return new URL(origin).port
}
