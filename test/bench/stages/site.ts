/** The server of the pages. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Listening, listen } from '../../support/listen.ts'

/** Serves an empty page, the scripts of `folder`, and an API that wants a token. */
export function openSite(folder: string): Promise<Listening> {
  return listen(({ url = '/', headers }, response) => {
    response.setHeader('Cache-Control', 'no-store')
    if (url.endsWith('.mjs')) {
      response.setHeader('Content-Type', 'text/javascript').end(readFileSync(join(folder, url)))
    } else if (url.startsWith('/api/')) {
      const isGood = headers.authorization?.startsWith('Bearer ey')
      response.writeHead(isGood ? 200 : 401, { 'Content-Type': 'application/json' }).end('{"id":1}')
    } else response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Bench</title>')
  }, '127.0.0.1')
}
