/** The server of the pages. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** Serves an empty page, the scripts of `folder`, and an API that wants a token. */
export async function openSite(folder: string): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer(({ url = '/', headers }, response) => {
    response.setHeader('Cache-Control', 'no-store')
    if (url.endsWith('.mjs')) {
      response.setHeader('Content-Type', 'text/javascript').end(readFileSync(join(folder, url)))
    } else if (url.startsWith('/api/')) {
      const isGood = headers.authorization?.startsWith('Bearer ey')
      response.writeHead(isGood ? 200 : 401, { 'Content-Type': 'application/json' }).end('{"id":1}')
    } else response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Bench</title>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
