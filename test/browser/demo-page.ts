import type { Browser, BrowserContext, Page } from 'playwright'
import type { Counts } from '../../examples/server/control.ts'
import type { Demo } from '../../examples/start.ts'

/** Where the demo keeps the refresh token. */
export type Mode = 'body' | 'cookie'

/** The demo in a browser of its own, as a person sees it. */
export interface DemoPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What the console has said that no network status explains. */
  readonly complaints: readonly string[]
  signIn(username?: string, password?: string): Promise<void>
  press(name: string): Promise<void>
  /** Waits until the page says so in the region with this id. */
  sees(id: string, text: string | RegExp): Promise<void>
  /** Waits until the token of this generation, or of a later one, is in use. */
  reaches(generation: number): Promise<void>
  generation(): Promise<number>
  /** Asks the example server what has happened. */
  counts(): Promise<Counts>
  /** Tells the example server how to behave. */
  control(order: object): Promise<void>
}

const EXPECTED = /^Failed to load resource: the server responded with a status of (401|403|503) /

/** Opens the demo in a fresh context: no cookie, no storage. */
export async function openDemo(browser: Browser, demo: Demo, mode: Mode = 'body'): Promise<DemoPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const isLoud = message.type() === 'error' || message.type() === 'warning'
    if (isLoud && !EXPECTED.test(message.text())) complaints.push(message.text())
  })
  await page.goto(`${demo.url}?mode=${mode}`)

  const readGeneration = async () => Number.parseInt((await page.locator('#generation').textContent()) ?? '', 10)

  return {
    page,
    context,
    complaints,
    async signIn(username = 'johndoe', password = 'password123') {
      await page.getByLabel('Username').fill(username)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
    },
    press: (name) => page.getByRole('button', { name, exact: true }).click(),
    sees: (id, text) => page.locator(`#${id}`).filter({ hasText: text }).waitFor(),
    async reaches(generation) {
      await page.waitForFunction(
        (wanted) => Number.parseInt(document.getElementById('generation')?.textContent ?? '', 10) >= wanted,
        generation,
      )
    },
    generation: readGeneration,
    async counts() {
      return (await fetch(`${demo.api[mode]}/control`)).json() as Promise<Counts>
    },
    async control(order) {
      const body = JSON.stringify(order)
      await fetch(`${demo.api[mode]}/control`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
    },
  }
}
