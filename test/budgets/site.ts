/** A site with Latchkey on it, and a real Chromium to look at it. */
import { type Browser, chromium } from 'playwright'
import ensureBrowser, { launchOptions } from '../browser/ensure-browser.ts'
import { bundle } from '../package/bundle.ts'
import { listen } from '../support/listen.ts'

/** A server and a browser. */
export interface Site {
  readonly origin: string
  readonly browser: Browser
  /** The server's answers to a login or refresh so far. */
  readonly server: { generation: number }
  close(): Promise<void>
}

export async function openSite(): Promise<Site> {
  const { text } = await bundle(`export { AuthClient, webStorage } from 'latchkey'`)
  const server = { generation: 0 }
  const { origin, close } = await listen(({ url = '' }, response) => {
    const isScript = url.endsWith('.js')
    const isToken = /\/(login|refresh)$/.test(url)
    if (isToken) server.generation += 1
    const { generation } = server
    const answer = { access_token: `token-${generation}`, refresh_token: `refresh-${generation}`, expires_in: 3600 }
    response.writeHead(200, {
      'Content-Type': isScript ? 'text/javascript' : isToken ? 'application/json' : 'text/html',
    })
    response.end(isScript ? text : isToken ? JSON.stringify(answer) : '<!doctype html><title>app</title>')
  })
  ensureBrowser()
  const browser = await chromium.launch(launchOptions())
  return {
    origin,
    browser,
    server,
    async close() {
      await browser.close()
      await close()
    },
  }
}
