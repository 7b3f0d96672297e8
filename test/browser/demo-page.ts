import type { Browser, BrowserContext, Page } from 'playwright'
import type { Counts } from '../../examples/server/control.ts'
import type { Demo } from '../../examples/start.ts'

/** Where the demo keeps the refresh token. */
export type Mode = 'body' | 'cookie'

/** One tab of the demo, as a person sees it. */
export interface DemoTab {
  readonly page: Page
  signIn(username?: string, password?: string): Promise<void>
  press(name: string): Promise<void>
  /** Waits until the page says so in the region with this id. */
  sees(id: string, text: string | RegExp): Promise<void>
  /** Waits until the token of this generation, or of a later one, is in use. */
  reaches(generation: number): Promise<void>
  generation(): Promise<number>
  /** What the timeline says in words of a tab. */
  lane(number: number): Promise<string>
  /** Opens another tab, as a person does. */
  openSecond(): Promise<DemoTab>
}

/** The demo in a browser of its own. */
export interface DemoPage extends DemoTab {
  readonly context: BrowserContext
  /** What the consoles of all tabs have said that no network status explains. */
  readonly complaints: string[]
  /** Asks the example server what has happened. */
  counts(): Promise<Counts>
  /** Tells the example server how to behave. */
  control(order: object): Promise<void>
}

const EXPECTED =
  /^Failed to load resource: the server responded with a status of (401|403|503) |^Scripts may close only the windows/

/** Opens the demo in a fresh context: no cookie, no storage. */
export async function openDemo(
  browser: Browser,
  demo: Demo,
  mode: Mode = 'body',
  worker: 'on' | 'off' = 'off',
): Promise<DemoPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const complaints: string[] = []
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => {
    const isLoud = message.type() === 'error' || message.type() === 'warning'
    if (isLoud && !EXPECTED.test(message.text())) complaints.push(message.text())
  })
  const page = await context.newPage()
  await page.goto(`${demo.url}?mode=${mode}&worker=${worker}`)

  return {
    ...tabOn(page),
    context,
    complaints,
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

function tabOn(page: Page): DemoTab {
  return {
    page,
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
    generation: async () => Number.parseInt((await page.locator('#generation').textContent()) ?? '', 10),
    async lane(number) {
      // Not by a click: in a tab in the background that would wait for a frame.
      await page.locator('details.list').evaluate((list: HTMLDetailsElement) => {
        list.open = true
      })
      const lane = page.getByRole('list', { name: new RegExp(`^Tab ${number}\\b`) })
      return (await lane.getByRole('listitem').allTextContents()).join('\n')
    },
    async openSecond() {
      const [second] = await Promise.all([
        page.context().waitForEvent('page'),
        page.getByRole('link', { name: 'Open a second tab' }).click(),
      ])
      return tabOn(second)
    },
  }
}
