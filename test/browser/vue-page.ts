import { join } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright'
import type { Counts } from '../../examples/server/control.ts'
import type { Example } from '../../examples/start-app.ts'
import { violationsOn } from './axe.ts'

/** One tab of the app, as a person sees it. */
export interface VueTab {
  readonly page: Page
  /** The dialog that asks to sign in again. */
  readonly dialog: Locator
  /** Fills the sign-in form, on the page or in the dialog. */
  signIn(username?: string, password?: string): Promise<void>
  press(name: string): Promise<void>
  /** Waits for the page with this heading. */
  reaches(heading: string): Promise<void>
  /** Waits until the page says so. */
  says(text: string | RegExp): Promise<void>
  /** The path and query of the address. */
  path(): string
  /** Opens another tab of the same browser. */
  openSecond(path: string): Promise<VueTab>
  /** What axe finds wrong in the light and in the dark, in short. */
  violations(): Promise<string[]>
  /** Takes pictures for people to look at, where SCREENSHOTS names a folder. */
  picture(name: string): Promise<void>
}

/** The app in a browser of its own. */
export interface VuePage extends VueTab {
  readonly context: BrowserContext
  /** What the consoles of all tabs have said that no network status explains. */
  readonly complaints: string[]
  /** Asks the example server what has happened. */
  counts(): Promise<Counts>
  /** Tells the example server how to behave. */
  control(order: object): Promise<void>
}

const EXPECTED = /^Failed to load resource: the server responded with a status of (401|403|422|429|503) /

/** Opens the app in a fresh context: no cookie, no storage. */
export async function openVue(browser: Browser, { url, api }: Example, path = '/'): Promise<VuePage> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 } })
  const complaints: string[] = []
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => {
    const isLoud = message.type() === 'error' || message.type() === 'warning'
    if (isLoud && !EXPECTED.test(message.text())) complaints.push(message.text())
  })
  const open = async (where: string) => {
    const page = await context.newPage()
    await page.goto(new URL(where, url).href)
    return tabOn(page, open)
  }

  return {
    ...(await open(path)),
    context,
    complaints,
    async counts() {
      return (await fetch(`${api}/control`)).json() as Promise<Counts>
    },
    async control(order) {
      const headers = { 'Content-Type': 'application/json' }
      const answer = await fetch(`${api}/control`, { method: 'POST', headers, body: JSON.stringify(order) })
      if (!answer.ok) throw new Error(await answer.text())
    },
  }
}

function tabOn(page: Page, open: (path: string) => Promise<VueTab>): VueTab {
  return {
    page,
    dialog: page.getByRole('dialog', { name: 'Sign in again' }),
    async signIn(username = 'johndoe', password = 'password123') {
      await page.getByLabel('Username').fill(username)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    },
    press: (name) => page.getByRole('button', { name, exact: true }).click(),
    reaches: (name) => page.getByRole('heading', { name, level: 1 }).waitFor(),
    says: (text) => page.getByText(text).first().waitFor(),
    path: () => page.url().slice(new URL(page.url()).origin.length),
    openSecond: open,
    async violations() {
      const found: string[] = []
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        found.push(...(await violationsOn(page)).map((violation) => `${colorScheme} ${violation}`))
      }
      return found
    },
    async picture(name) {
      const { SCREENSHOTS: folder } = process.env
      if (!folder) return
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [1000, 360]) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize({ width, height: 760 })
          await page.screenshot({ path: join(folder, `vue-${name}-${colorScheme}-${width}.png`) })
        }
      }
    },
  }
}
