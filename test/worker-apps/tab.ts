import type { AuthClient, TraceEntry } from 'latchkey'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright'

/** One tab of an app. */
export interface Tab {
  readonly page: Page
  status(): Promise<string>
  signIn(): Promise<void>
  token(): Promise<string>
  /** Renews the tokens, and hands back the new access token. */
  renew(): Promise<string>
  explain(): Promise<readonly TraceEntry[]>
  /** The paths of the server that this page itself has called. */
  called(api: string): Promise<string[]>
  close(): Promise<void>
}

/** Opens the app, and waits until it has started. */
export async function openTab(context: BrowserContext, address: string): Promise<Tab> {
  const page = await context.newPage()
  await page.goto(address)
  await page
    .locator('body')
    .filter({ hasText: /authenticated/ })
    .waitFor()

  return {
    page,
    status: () => page.evaluate(() => (globalThis as unknown as { auth: AuthClient }).auth.state.status),
    async signIn() {
      await page.evaluate(async () => {
        const { auth } = globalThis as unknown as { auth: AuthClient }
        await auth.login({ username: 'johndoe', password: 'password123' })
      })
    },
    token: () => page.evaluate(() => (globalThis as unknown as { auth: AuthClient }).auth.getAccessToken()),
    renew: () =>
      page.evaluate(() => (globalThis as unknown as { auth: AuthClient }).auth.getAccessToken({ forceRefresh: true })),
    explain: () => page.evaluate(() => (globalThis as unknown as { auth: AuthClient }).auth.explain()),
    async called(api) {
      const names = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
      return names.filter((name) => name.startsWith(`${api}/`)).map((name) => name.slice(api.length))
    },
    close: () => page.close(),
  }
}

/** A SharedWorker that runs. */
export interface RunningWorker {
  readonly url: string
  /** The paths of the server that it has called. */
  called(api: string): Promise<string[]>
}

/** The SharedWorkers of one origin, which Playwright does not show. */
export async function workersOf(browser: Browser, origin: string): Promise<RunningWorker[]> {
  const session = await browser.newBrowserCDPSession()
  const { targetInfos } = await session.send('Target.getTargets')
  return targetInfos
    .filter(({ type, url }) => type === 'shared_worker' && url.startsWith(`${origin}/`))
    .map(({ targetId, url }) => ({
      url,
      async called(api) {
        const code = `JSON.stringify(performance.getEntriesByType('resource').map(({ name }) => name))`
        const names = JSON.parse(await evaluateIn(session, targetId, code)) as string[]
        return names.filter((name) => name.startsWith(`${api}/`)).map((name) => name.slice(api.length))
      },
    }))
}

async function evaluateIn(session: CDPSession, targetId: string, expression: string): Promise<string> {
  const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false })
  const answer = new Promise<string>((resolve) => {
    session.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId !== sessionId) return
      const { id, result } = JSON.parse(event.message)
      if (id === 1) resolve(result.result.value)
    })
  })
  const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } })
  await session.send('Target.sendMessageToTarget', { sessionId, message })
  return answer
}
