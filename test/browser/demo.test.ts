import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Demo, startDemo } from '../../examples/start.ts'
import { type DemoPage, type Mode, openDemo } from './demo-page.ts'
import { launchOptions } from './ensure-browser.ts'

let browser: Browser
let hasty: Demo // tokens live 4 seconds
let calm: Demo // tokens live longer than any test
let opened: DemoPage[] = []

beforeAll(async () => {
  const ports = { page: 0 }
  hasty = await startDemo({ ports, lifetime: 4, watch: false })
  calm = await startDemo({ ports, lifetime: 600, watch: false })
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([hasty?.stop(), calm?.stop()])
})

afterEach(async () => {
  const complaints = opened.flatMap((demo) => demo.complaints)
  await Promise.all(opened.map(({ context }) => context.close()))
  opened = []
  expect(complaints).toEqual([])
})

async function open(demo: Demo, mode?: Mode): Promise<DemoPage> {
  const page = await openDemo(browser, demo, mode)
  opened.push(page)
  return page
}

async function signedIn(demo: Demo, mode?: Mode): Promise<DemoPage> {
  const page = await open(demo, mode)
  await page.signIn()
  await page.sees('who', 'johndoe')
  return page
}

/** Takes a picture for people to look at, where SCREENSHOTS names a folder. */
async function picture({ page }: DemoPage, name: string): Promise<void> {
  const { SCREENSHOTS: folder } = process.env
  if (!folder) return
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 360]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true })
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 })
}

describe.each<Mode>(['body', 'cookie'])('the demo, refresh token in %s', (mode) => {
  it('renews the token three times by itself, with one call each', async () => {
    const demo = await signedIn(hasty, mode)
    const before = await demo.counts()
    const first = await demo.generation()

    await demo.reaches(first + 3)

    const after = await demo.counts()
    const generations = (await demo.generation()) - first
    expect(after.refreshes - before.refreshes).toBe(generations)
    expect(after.refreshesRefused).toBe(before.refreshesRefused)
    expect(after.reuses).toBe(0)
    expect(
      await demo.page
        .getByRole('listitem')
        .filter({ hasText: /renewed at/ })
        .count(),
    ).toBeGreaterThanOrEqual(3)
    await picture(demo, `renewed-${mode}`)
  })

  it('keeps the session over a reload', async () => {
    const demo = await signedIn(calm, mode)
    const { logins } = await demo.counts()

    await demo.page.reload()

    await demo.sees('who', 'johndoe')
    await demo.sees('news', 'restored')
    await demo.press('/todos')
    await demo.sees('answer', 'Water the plants')
    expect((await demo.counts()).logins).toBe(logins)
  })

  it('recovers a call from a token that the server refuses, and shows how', async () => {
    const demo = await signedIn(calm, mode)
    const { refreshes } = await demo.counts()
    await demo.press('Expire the token')
    await demo.sees('news', 'refuses the token')

    await demo.press('/todos')

    await demo.sees('answer', /401 → renewed → 200.*Water the plants/)
    expect((await demo.counts()).refreshes).toBe(refreshes + 1)
  })

  it('opens a second tab that is signed in already', async () => {
    const demo = await signedIn(calm, mode)
    const { logins } = await demo.counts()

    const [tab] = await Promise.all([
      demo.context.waitForEvent('page'),
      demo.page.getByRole('link', { name: 'Open a second tab' }).click(),
    ])

    await tab.locator('#who').filter({ hasText: 'johndoe' }).waitFor()
    expect((await demo.counts()).logins).toBe(logins)
  })

  it('ends the session on the server and in the browser when the person signs out', async () => {
    const demo = await signedIn(calm, mode)

    await demo.press('Sign out')

    await demo.sees('reason', 'You have signed out.')
    await demo.page.reload()
    await demo.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await demo.press('/todos')
    await demo.sees('answer', '401')
  })
})

describe('the demo', () => {
  it('stays signed in while renewal fails, and renews with the next call after that', async () => {
    const demo = await signedIn(hasty)

    await demo.press('Break renewal')
    await demo.sees('news', 'Renewal failed (503). You are still signed in.')
    await demo.sees('freshness', 'stale')
    await picture(demo, 'broken')
    expect(await demo.page.getByRole('heading', { name: 'Signed in as johndoe' }).isVisible()).toBe(true)

    const generation = await demo.generation()
    await demo.control({ fail: null })
    await expect
      .poll(
        async () => {
          await demo.press('/todos')
          return demo.page.locator('#answer').textContent()
        },
        { timeout: 10_000 },
      )
      .toContain('Water the plants')
    await demo.reaches(generation + 1)
    await demo.sees('freshness', 'fresh')
  })

  it('stays signed in while offline, and renews at once when back online', async () => {
    const demo = await signedIn(hasty)

    await demo.press('Offline')
    await demo.sees('news', 'Renewal failed (network). You are still signed in.')
    const generation = await demo.generation()
    await demo.press('Offline')

    await demo.reaches(generation + 1)
  })

  it('shows what the server says to a wrong password, and lets the person try again', async () => {
    const demo = await open(calm)

    await demo.signIn('johndoe', 'wrong')

    const alert = demo.page.getByRole('alert')
    await alert.filter({ hasText: 'The username or the password is wrong.' }).waitFor()
    expect(await demo.page.getByLabel('Password').evaluate((field) => field === document.activeElement)).toBe(true)
    await picture(demo, 'wrong-password')
    await demo.signIn()
    await demo.sees('who', 'johndoe')
  })

  it('says that the server ended the session, once the next call has found out', async () => {
    const demo = await signedIn(calm)

    await demo.press('Revoke the session')
    await demo.sees('news', 'revoked')
    await demo.press('/todos')

    await demo.sees('reason', 'The server has ended your session.')
    expect(await demo.page.getByRole('button', { name: 'Sign in' }).isVisible()).toBe(true)
    await picture(demo, 'revoked')
  })

  it('takes a 403 for an answer, and renews nothing', async () => {
    const demo = await signedIn(calm)
    const { refreshes } = await demo.counts()

    await demo.press('/admin')

    await demo.sees('answer', /403.*This needs the role admin/)
    expect((await demo.counts()).refreshes).toBe(refreshes)
  })

  it('lets the admin in', async () => {
    const demo = await open(calm)
    await demo.signIn('admin')
    await demo.sees('roles', 'user, admin')

    await demo.press('/admin')

    await demo.sees('answer', /200.*Only admins may read this/)
  })

  it('calls a public endpoint without a token while nobody is signed in', async () => {
    const demo = await open(calm)

    await demo.press('/public')

    await demo.sees('answer', /200.*Anyone may read this/)
    await demo.sees('wire', /GET \/public–200/)
  })

  it('never shows a token', async () => {
    const demo = await signedIn(calm)
    // From the stored record: the browser does not keep the body of an answer that the page has read as a stream.
    const records = await demo.page.evaluate(() => Object.values(localStorage).map((text) => JSON.parse(text)))
    const { a: accessToken, r: refreshToken } = records.find(({ a }) => a)
    await demo.press('/todos')
    await demo.sees('answer', '200')

    const html = await demo.page.content()

    expect(accessToken).toMatch(/^eyJ/)
    expect(refreshToken).toMatch(/^[\w-]{43}$/)
    expect(html).not.toContain('eyJ')
    expect(html).not.toContain(accessToken.split('.')[2])
    expect(html).not.toContain(refreshToken)
  })

  it('keeps the refresh token out of reach of scripts in cookie mode', async () => {
    const demo = await signedIn(calm, 'cookie')

    const cookies = await demo.context.cookies()
    expect(cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).toEqual([
      { name: 'refresh_token', httpOnly: true, sameSite: 'Strict' },
    ])
    const reach = await demo.page.evaluate(() => document.cookie + JSON.stringify(localStorage))
    expect(reach).not.toContain(cookies[0]?.value)
  })

  it('names every control, has one main heading, and tells its language', async () => {
    const demo = await signedIn(calm)
    const session = await demo.context.newCDPSession(demo.page)

    const { nodes } = await session.send('Accessibility.getFullAXTree')

    const controls = nodes.filter(({ role, ignored }) => !ignored && /^(button|link|textbox)$/.test(role?.value))
    expect(controls.length).toBeGreaterThan(8)
    expect(controls.filter(({ name }) => !name?.value)).toEqual([])
    expect(await demo.page.getByRole('heading', { level: 1 }).allTextContents()).toEqual(['Latchkey'])
    expect(await demo.page.locator('html').getAttribute('lang')).toBe('en')
    expect(await demo.page.getByRole('main').count()).toBe(1)
    expect(await demo.page.locator('section:not([aria-labelledby], [aria-label])').count()).toBe(0)
  })

  it('leads the keyboard from the mode to the sign-in form, and to the heading after it', async () => {
    const demo = await open(calm)
    await demo.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    const focused = () => demo.page.evaluate(() => document.activeElement?.id)

    const visited: (string | undefined)[] = []
    for (let step = 0; step < 5; step += 1) {
      await demo.page.keyboard.press('Tab')
      visited.push(await focused())
    }
    await demo.page.keyboard.press('Enter')
    await demo.sees('who', 'johndoe')

    expect(visited).toEqual(['mode-body', 'mode-cookie', 'username', 'password', ''])
    await expect.poll(focused).toBe('who-title')
  })

  it('fits a window of 360 pixels', async () => {
    const demo = await signedIn(calm)
    await demo.page.setViewportSize({ width: 360, height: 780 })

    expect(await demo.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  })
})

describe('npm start', () => {
  it('prints one address, and ends when asked to', async () => {
    const demo = spawn(process.execPath, ['examples/start.ts'], {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, PORT: '0' },
    })
    let said = ''
    demo.stdout.on('data', (chunk) => {
      said += chunk
    })
    demo.stderr.on('data', (chunk) => {
      said += chunk
    })
    const ended = once(demo, 'exit')

    await expect.poll(() => said, { timeout: 30_000 }).toContain('Ctrl+C')
    const [address = ''] = said.match(/http:\S+/g) ?? []
    const page = await (await fetch(address)).text()
    demo.kill('SIGTERM')

    expect(said).toMatch(/^Latchkey demo: http:\/\/localhost:\d+\/\nSign in as [^\n]+\n$/)
    expect(page).toContain('<h1>Latchkey</h1>')
    expect(await ended).toEqual([0, null])
  })
})
