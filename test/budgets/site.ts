/** A site with Latchkey on it, and a real Chromium to look at it. */
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { launchChromium } from '../browser/ensure-browser.ts'
import { bundlePages } from '../support/bundle-pages.ts'
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
  const { 'page.js': script } = await bundlePages(join(import.meta.dirname, 'page.ts'))
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
    response.end(isScript ? script : isToken ? JSON.stringify(answer) : '<!doctype html><title>app</title>')
  })
  const browser = await launchChromium()
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
