import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Listening, listen } from '../support/listen.ts'
import type { Setup } from './pages/app.ts'

/** The web server of an app. */
export interface Site extends Listening {
  /** What browsers have asked it for. */
  readonly visits: readonly URL[]
}

/** Serves `script` in a page at every path, but at `/elsewhere`, where there is a page without any script. */
export async function startSite(script: string, setup: () => Setup): Promise<Site> {
  const visits: URL[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', server.origin)
    visits.push(url)
    // Not `no-store`: that would keep pages out of the back/forward cache.
    response.setHeader('cache-control', 'max-age=0')
    if (url.pathname === '/app.js') response.setHeader('content-type', 'text/javascript').end(script)
    else if (url.pathname === '/favicon.ico') response.writeHead(404).end()
    else response.setHeader('content-type', 'text/html').end(url.pathname === '/elsewhere' ? empty : page(setup()))
  }
  const server = await listen(answer)
  return { ...server, visits }
}

const empty = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Elsewhere</title><h1>Elsewhere</h1></html>'

const page = (setup: Setup): string => `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>App</title>
  <h1>App</h1>
  <p id="status">…</p>
  <button id="sign-in">Sign in</button>
  <button id="pop-up">Sign in by popup</button>
  <button id="sign-out">Sign out</button>
  <script type="application/json" id="setup">${JSON.stringify(setup).replaceAll('<', '\\u003c')}</script>
  <script type="module" src="/app.js"></script>
</html>`
