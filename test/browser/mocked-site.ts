/** A site that a page has for itself: its requests are answered by msw in the page, or end here. */
import { readFile } from 'node:fs/promises'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { bundlePages } from '../support/bundle-pages.ts'
import { type Listening, listen } from '../support/listen.ts'
import { launchOptions } from './ensure-browser.ts'

const worker = `${import.meta.dirname}/../../node_modules/msw/lib/mockServiceWorker.js`

/** What the tests of one file share. */
export interface MockedSite {
  /** A new page in a new context, for each test. */
  readonly page: Page
  /** What came to the server, which has no such file: msw should have answered it. */
  readonly arrived: readonly string[]
}

/** Opens a page for each test of a file, which runs the file `script`; `more` is served beside it. */
export function useMockedSite(
  script: string,
  more: Readonly<Record<string, readonly [type: string, text: string]>> = {},
): MockedSite {
  const arrived: string[] = []
  let site: Listening
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    const [text = ''] = Object.values(await bundlePages(script))
    const files: typeof more = {
      '/': ['text/html', '<!doctype html><title>app</title><script type="module" src="/page.js"></script>'],
      '/page.js': ['text/javascript', text],
      '/mockServiceWorker.js': ['text/javascript', await readFile(worker, 'utf8')],
      '/favicon.ico': ['image/x-icon', ''],
      ...more,
    }
    site = await listen(({ url = '' }, response) => {
      const [type, text] = files[url] ?? []
      if (!type) arrived.push(url)
      response.writeHead(type ? 200 : 404, { 'Content-Type': type ?? 'text/plain' }).end(text)
    })
    browser = await chromium.launch(launchOptions())
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })
  beforeEach(async () => {
    arrived.length = 0
    page = await browser.newPage()
    await page.goto(site.origin)
  })
  afterEach(() => page.context().close())

  return {
    get page() {
      return page
    },
    arrived,
  }
}
