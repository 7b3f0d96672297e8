// @vitest-environment node
import { type Browser, chromium } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchOptions } from '../browser/ensure-browser.ts'
import { type AppServer, serveApp } from './app-server.ts'

const TABS = 10
/** `ROUNDS=20 npm run test:migrating -- tabs` looks longer. */
const ROUNDS = Number(process.env.ROUNDS ?? 3)

/** What a tab says of itself. */
interface Outcome {
  readonly status: string
  readonly ok: boolean
  readonly logins: number
}

let browser: Browser
let app: AppServer

beforeAll(async () => {
  app = await serveApp()
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await app?.close()
})

it(
  `${TABS} tabs of Chromium that start at once spend the refresh token once, and nobody is signed out`,
  async () => {
    const rounds: unknown[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = app.reset()
      const { access_token: accessToken, refresh_token: refreshToken } = server.issueTokens()
      server.expireAccessTokens()
      const context = await browser.newContext()
      const before = await context.newPage()
      await before.goto(app.origin)
      const record = JSON.stringify({ accessToken, refreshToken })
      await before.evaluate((text) => localStorage.setItem('auth-tokens-production', text), record)
      const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()))
      await Promise.all(tabs.map((tab) => tab.goto(`${app.origin}/app`)))
      await Promise.all(tabs.map((tab) => tab.waitForFunction('globalThis.isReady')))

      await before.evaluate(() => new BroadcastChannel('start').postMessage('now'))
      const outcomes = await Promise.all(
        tabs.map(async (tab) => (await tab.waitForFunction<Outcome>('globalThis.outcome')).jsonValue()),
      )
      const logouts = await Promise.all(tabs.map((tab) => tab.evaluate('logoutsUntilNow()')))
      const stored = await before.evaluate(() => Object.keys(localStorage).sort())
      rounds.push({
        refreshes: server.refreshes,
        signedIn: outcomes.filter(({ status }) => status === 'authenticated').length,
        answered: outcomes.filter(({ ok }) => ok).length,
        logins: outcomes.reduce((sum, { logins }) => sum + logins, 0),
        logouts: logouts.filter((count) => count !== 0).length,
        stored,
      })
      await context.close()
    }

    const good = {
      refreshes: 1,
      signedIn: TABS,
      answered: TABS,
      logins: 1,
      logouts: 0,
      stored: ['latchkey', 'latchkey.moved'],
    }
    expect(rounds).toEqual(Array.from({ length: ROUNDS }, () => good))
  },
  ROUNDS * 30_000,
)
