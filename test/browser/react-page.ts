import type { Browser, BrowserContext, Page, Request } from 'playwright'
import type { Counts } from '../../examples/server/control.ts'
import type { Example } from '../../examples/start-app.ts'
import { violationsOn } from './axe.ts'

/** One tab of the app. */
export interface ReactTab {
  readonly page: Page
  signIn(username?: string, password?: string): Promise<void>
  press(name: string): Promise<void>
  goTo(name: string): Promise<void>
  /** Waits until the page says so. */
  sees(text: string | RegExp): Promise<void>
  /** Types a todo, and does not send it. */
  type(title: string): Promise<void>
  draft(): Promise<string>
  /** The dialog that asks to sign in again. */
  dialog(): Promise<string>
  /** The requests so far with this path, preflights left out. */
  requests(path: string): readonly Request[]
  /** What is hard to see or to use, by the rules of WCAG. */
  barriers(): Promise<readonly string[]>
  /** Takes a picture for people to look at, where SCREENSHOTS names a folder. */
  picture(name: string): Promise<void>
}

/** The app in a browser of its own. */
export interface ReactPage extends ReactTab {
  readonly context: BrowserContext
  /** What the consoles of all tabs have said that no network status explains. */
  readonly complaints: string[]
  openSecond(): Promise<ReactTab>
  /** Tells the example server how to behave; resolves with what has happened there. */
  control(orders?: object): Promise<Counts>
}

const EXPECTED = /^Failed to load resource: the server responded with a status of (401|403|422|429) /

/** How a person likes to see it. */
export interface Look {
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
}

/** Opens the app in a fresh context: no cookie, no storage. */
export async function openReact(
  browser: Browser,
  { url, api }: Example,
  { colorScheme = 'light', width = 1100 }: Look = {},
  path = '',
): Promise<ReactPage> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
  const complaints: string[] = []
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => {
    const isLoud = message.type() === 'error' || message.type() === 'warning'
    if (isLoud && !EXPECTED.test(message.text())) complaints.push(message.text())
  })
  const tab = tabOn(await context.newPage())
  await tab.page.goto(url + path)
  return {
    ...tab,
    context,
    complaints,
    async openSecond() {
      const second = tabOn(await context.newPage())
      await second.page.goto(url)
      return second
    },
    async control(orders = {}) {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${api}/control`, { method: 'POST', headers, body: JSON.stringify(orders) })
      return answer.json() as Promise<Counts>
    },
  }
}

function tabOn(page: Page): ReactTab {
  const requests: Request[] = []
  page.on('request', (request) => {
    if (request.method() !== 'OPTIONS') requests.push(request)
  })
  const draft = page.getByLabel('What is to be done?')
  return {
    page,
    async signIn(username = 'johndoe', password = 'password123') {
      await page.getByLabel('Username').fill(username)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
    },
    press: (name) => page.getByRole('button', { name, exact: true }).click(),
    goTo: (name) => page.getByRole('link', { name, exact: true }).click(),
    sees: (text) => page.getByText(text).first().waitFor(),
    type: (title) => draft.fill(title),
    draft: () => draft.inputValue(),
    async dialog() {
      return (await page.getByRole('dialog').textContent()) ?? ''
    },
    requests: (path) => requests.filter((each) => new URL(each.url()).pathname === path),
    barriers: () => violationsOn(page),
    async picture(name) {
      const { SCREENSHOTS: folder } = process.env
      if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
    },
  }
}
