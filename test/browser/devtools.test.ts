import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Example, startApp } from '../../examples/start-app.ts'
import { violationsOn } from './axe.ts'
import { launchOptions } from './ensure-browser.ts'

let browser: Browser
let app: Example
let contexts: BrowserContext[] = []
let complaints: string[] = []

beforeAll(async () => {
  const root = `${import.meta.dirname}/devtools-app`
  app = await startApp({ root, plugins: [] }, { ports: { page: 0, api: 0 }, lifetime: 60, watch: false })
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

afterEach(async () => {
  const said = complaints
  complaints = []
  await Promise.all(contexts.map((context) => context.close()))
  contexts = []
  expect(said).toEqual([])
})

/** A browser with nobody signed in; what its pages complain about fails the test. */
async function newContext(): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } })
  contexts.push(context)
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => {
    const isExpected = /status of (401|403|503)/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !isExpected) complaints.push(message.text())
  })
  return context
}

async function open(context: BrowserContext, view: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${app.url}?view=${view}`)
  await page.waitForFunction(() => 'auth' in globalThis)
  return page
}

/** One step of the client's own, in the page. */
const run = (page: Page, step: 'login' | 'renew' | 'logout'): Promise<void> =>
  page.evaluate(async (wanted) => {
    const { auth } = globalThis as unknown as { auth: import('latchkey').AuthClient }
    if (wanted === 'login') await auth.login({ username: 'johndoe', password: 'password123' })
    if (wanted === 'renew') await auth.getAccessToken({ forceRefresh: true })
    if (wanted === 'logout') await auth.logout()
  }, step)

async function signedIn(view = 'timeline'): Promise<{ context: BrowserContext; page: Page }> {
  const context = await newContext()
  const page = await open(context, view)
  await run(page, 'login')
  await page.locator('.chart .bar').first().waitFor({ state: 'attached' })
  return { context, page }
}

/** Tells the example server how to behave. */
const control = (order: object): Promise<Response> =>
  fetch(`${app.api}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  })

/** A request that meets a 401, which is mended. */
async function recover(page: Page): Promise<void> {
  await control({ expireAccessTokens: true })
  await page.getByRole('button', { name: 'Todos' }).click()
  await page.locator('.chain').waitFor()
}

/** Takes a picture for people to look at, where SCREENSHOTS names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const { SCREENSHOTS: folder } = process.env
  if (folder) await page.screenshot({ path: join(folder, `devtools-${name}.png`), fullPage: true })
}

describe('<latchkey-devtools> in Chromium', () => {
  it('draws each tab as a lane, and an arrow from who renewed to who took over', async () => {
    const { context, page } = await signedIn()
    const second = await open(context, 'timeline')

    await run(second, 'renew')

    await page.bringToFront()
    await page.locator('.chart .name', { hasText: 'Tab 2' }).waitFor()
    await page.locator('.chart .link').waitFor({ state: 'attached' })
    expect(await page.locator('.chart .name').allTextContents()).toEqual(['Tab 1 · this tab', 'Tab 2'])
    await picture(page, 'two-tabs')

    await second.close()
    await page.locator('.chart .name', { hasText: 'Tab 2 · closed' }).waitFor()
  })

  it('shows a 401, its refresh and its replay as one sign, and as arrows from near by', async () => {
    const { page } = await signedIn()
    await recover(page)

    await expect.poll(() => page.locator('.chain text').allTextContents()).toEqual(['401', '↻', '200'])
    await page.locator('.chart').focus()
    await page.keyboard.press('p')
    await page.keyboard.press('p')
    for (let times = 0; times < 18 && (await page.locator('.arrow').count()) === 0; times += 1)
      await page.keyboard.press('+')
    await page.locator('.arrow').first().waitFor({ state: 'attached' })

    expect(await page.locator('.arrow').count()).toBe(2)
    await picture(page, 'arrows')
  })

  it('zooms and moves by the keyboard, and follows now again', async () => {
    const { page } = await signedIn()
    const chart = page.locator('.chart')
    const ticks = async (): Promise<number> => page.locator('.tick-text').count()
    const follow = page.getByRole('button', { name: 'Follow now' })
    const before = await page.locator('.tick-text').allTextContents()

    await chart.focus()
    for (let times = 0; times < 10; times += 1) await page.keyboard.press('+')
    await expect.poll(async () => (await page.locator('.tick-text').first().textContent())?.includes('.')).toBe(true)
    expect(await ticks()).toBeGreaterThan(3)

    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => follow.getAttribute('aria-pressed')).toBe('false')
    await page.keyboard.press('0')
    await expect.poll(() => follow.getAttribute('aria-pressed')).toBe('true')
    for (let times = 0; times < 10; times += 1) await page.keyboard.press('-')
    await expect.poll(() => page.locator('.tick-text').allTextContents()).toHaveLength(before.length)
  })

  it('tells what was selected by the keyboard', async () => {
    const { page } = await signedIn()
    await page.getByRole('button', { name: 'Todos' }).click()
    await page.locator('.item.request.api').waitFor({ state: 'attached' })

    await page.locator('.chart').focus()
    await page.keyboard.press('p')

    await page
      .getByRole('status')
      .filter({ hasText: /GET \/todos with token 1, 200 after \d+ ms/ })
      .waitFor()
    expect(await page.locator('.item.selected').count()).toBe(1)
  })

  it.each(['JSON', 'SVG'])('hands out the timeline as %s', async (format) => {
    const { page } = await signedIn()
    await recover(page)

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: `Export as ${format}` }).click(),
    ])

    expect(file.suggestedFilename()).toMatch(new RegExp(`^latchkey-.*\\.${format.toLowerCase()}$`))
    const text = await readFile(await file.path(), 'utf8')
    expect(text).not.toContain('eyJ')
    if (format === 'JSON') expect(JSON.parse(text).tabs[0].requests).toHaveLength(4)
    else {
      const alone = await (await newContext()).newPage()
      await alone.setContent(text)
      expect(await alone.locator('svg .chain').isVisible()).toBe(true)
      const fill = (name: string): Promise<string> =>
        alone
          .locator(name)
          .first()
          .evaluate((each) => getComputedStyle(each).fill)
      expect(await fill('.bar')).not.toBe('rgb(0, 0, 0)')
      await picture(alone, 'export')
    }
  })

  it.each(['light', 'dark'] as const)('has nothing that axe finds fault with, in %s', async (colorScheme) => {
    const { page } = await signedIn('panel')
    await page.emulateMedia({ colorScheme })
    await recover(page)
    await control({ fail: { route: 'refresh', status: 503, forMs: 3000 } })
    await run(page, 'renew').catch(() => undefined)
    await page.getByText('As a list').click()

    const found: string[] = []
    for (const name of ['Timeline', 'Session', 'Doctor']) {
      await page.getByRole('tab', { name }).click()
      found.push(...(await violationsOn(page)))
      await picture(page, `${name.toLowerCase()}-${colorScheme}`)
    }
    await run(page, 'logout')
    found.push(...(await violationsOn(page)))
    await control({ fail: null })

    expect(found).toEqual([])
  })

  it('docks in a corner, opens by the keyboard, and closes by Escape', async () => {
    const context = await newContext()
    const page = await open(context, 'dock')
    const toggle = page.getByRole('button', { name: 'Latchkey' })
    await toggle.focus()

    await page.keyboard.press('Enter')
    await page.getByRole('tab', { name: 'Timeline' }).waitFor()
    expect(await violationsOn(page)).toEqual([])
    await picture(page, 'dock')
    await page.keyboard.press('Escape')

    await toggle.waitFor()
    const focused = await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent)
    expect(focused).toBe('Latchkey')
  })

  it.each([
    ['small', 320, 568],
    ['zoomed to 200 %', 500, 350],
  ])('has room for the timeline in a window that is %s', async (_, width, height) => {
    const context = await newContext()
    const page = await open(context, 'dock')
    await page.setViewportSize({ width, height })
    await page.getByRole('button', { name: 'Latchkey' }).click()

    const body = page.getByRole('tabpanel')
    await body.waitFor()

    expect((await body.boundingBox())?.height).toBeGreaterThan(150)
    await page.getByRole('button', { name: 'Sign out' }).scrollIntoViewIfNeeded()
    expect(await page.getByRole('button', { name: 'Sign out' }).isVisible()).toBe(true)
    expect(await violationsOn(page)).toEqual([])
  })

  it('lets the time run to the right where the page runs to the left', async () => {
    const { page } = await signedIn('panel')
    await page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'))
    const left = async (name: string): Promise<number> => (await page.locator(name).first().boundingBox())?.x ?? -1

    expect(await left('.chart .name')).toBeGreaterThan(await left('.chart'))
    expect(await left('button[aria-label=Earlier]')).toBeLessThan(await left('button[aria-label=Later]'))
  })

  it('shows what is pressed and selected in forced colours', async () => {
    const { page } = await signedIn('panel')
    await page.emulateMedia({ forcedColors: 'active' })
    const ground = (name: string): Promise<string> =>
      page
        .locator(name)
        .first()
        .evaluate((each) => getComputedStyle(each).backgroundColor)

    expect(await ground('[aria-pressed=true]')).not.toBe(await ground('[aria-label=Earlier]'))
    expect(await ground('[aria-selected=true]')).not.toBe(await ground('[aria-selected=false]'))
  })

  it('lets a drag go that ended outside of the chart', async () => {
    const { page } = await signedIn()
    const follow = page.getByRole('button', { name: 'Follow now' })
    const { x = 0, y = 0, width = 0 } = (await page.locator('.chart').boundingBox()) ?? {}
    await page.mouse.move(x + width / 2, y + 40)
    await page.mouse.down()
    await page.mouse.move(x + width / 2, 2)
    await page.mouse.up()
    await expect.poll(() => follow.getAttribute('aria-pressed')).toBe('true')

    await page.mouse.move(x + width / 2, y + 40)
    await page.mouse.move(x + width - 20, y + 40)
    await page.keyboard.press('Shift')

    expect(await follow.getAttribute('aria-pressed')).toBe('true')
  })

  it('stands still but for once a second where the person prefers less motion', async () => {
    const { page } = await signedIn()
    await page.emulateMedia({ reducedMotion: 'reduce' })
    const moves = await page.evaluate(async () => {
      const group = document.querySelector('latchkey-devtools')?.shadowRoot?.querySelector('.front')
      if (!group) return -1
      let count = 0
      const watch = new MutationObserver(() => {
        count += 1
      })
      await new Promise((resolve) => setTimeout(resolve, 1100)) // the frame that was asked for before
      watch.observe(group, { attributeFilter: ['transform'] })
      await new Promise((resolve) => setTimeout(resolve, 3000)) // what there is to see is how often it moves
      return count
    })

    expect(moves).toBeGreaterThanOrEqual(2)
    expect(moves).toBeLessThanOrEqual(4)
  })

  it('never shows a token before it is asked to', async () => {
    const { page } = await signedIn('panel')
    await recover(page)
    for (const name of ['Timeline', 'Session', 'Doctor']) await page.getByRole('tab', { name }).click()

    const shown = await page.evaluate(() => document.querySelector('latchkey-devtools')?.shadowRoot?.innerHTML)

    expect(shown).toContain('401')
    expect(shown).not.toContain('eyJ')
  })
})
