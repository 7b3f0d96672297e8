import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Demo, startDemo } from '../../examples/start.ts'
import { violationsOn } from './axe.ts'
import { type DemoPage, type DemoTab, type Mode, openDemo } from './demo-page.ts'
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

async function open(demo: Demo, mode?: Mode, worker?: 'on' | 'off'): Promise<DemoPage> {
  const page = await openDemo(browser, demo, mode, worker)
  opened.push(page)
  return page
}

async function signedIn(demo: Demo, mode?: Mode, worker?: 'on' | 'off'): Promise<DemoPage> {
  const page = await open(demo, mode, worker)
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
    expect((await demo.lane(1)).match(/renewed to token/g)?.length).toBeGreaterThanOrEqual(3)
    expect(await demo.page.locator('.handover-at.this-tab').count()).toBeGreaterThanOrEqual(3)
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

    const second = await demo.openSecond()

    await second.sees('who', 'johndoe')
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

  it('says so when there is no worker, and makes its own calls', async () => {
    const demo = await open(calm, 'body', 'on')
    await demo.page.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'))
    await demo.page.reload()
    await demo.signIn()
    await demo.sees('who', 'johndoe')

    await demo.press('Expire the token')
    await demo.sees('news', 'refuses the token')
    await demo.press('/todos')

    await demo.sees('answer', /401 → renewed → 200/)
    await demo.sees('explain', 'no worker')
    await demo.sees('path', 'The worker does not answer')
  })

  it('never shows a token', async () => {
    const demo = await signedIn(calm)
    // From the stored record: the browser does not keep the body of an answer that the page has read as a stream.
    const records = await demo.page.evaluate(() => Object.values(localStorage).map((text) => JSON.parse(text)))
    const { a: accessToken, r: refreshToken } = records.find(({ a }) => a)
    await demo.press('/todos')
    await demo.sees('answer', '200')

    const html = await demo.page.evaluate(
      () => document.documentElement.outerHTML + document.querySelector('latchkey-devtools')?.shadowRoot?.innerHTML,
    )

    expect(accessToken).toMatch(/^eyJ/)
    expect(refreshToken).toMatch(/^[\w-]{43}$/)
    expect(html).toContain('Tab 1 · this tab')
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

  it.each(['light', 'dark'] as const)('has nothing that axe finds fault with, in %s', async (colorScheme) => {
    const demo = await open(calm)
    await demo.page.emulateMedia({ colorScheme })
    const found = await violationsOn(demo.page)
    await demo.signIn()
    await demo.sees('who', 'johndoe')
    await demo.press('Expire the token')
    await demo.sees('news', 'refuses the token')
    await demo.press('/todos')
    await demo.sees('answer', '200')
    await demo.page.locator('.chain').waitFor()

    found.push(...(await violationsOn(demo.page)))

    expect(found).toEqual([])
  })

  it('leads the keyboard from the mode to the sign-in form, and to the heading after it', async () => {
    const demo = await open(calm)
    await demo.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    const focused = () => demo.page.evaluate(() => document.activeElement?.id)

    const visited: (string | undefined)[] = []
    for (let step = 0; step < 7; step += 1) {
      await demo.page.keyboard.press('Tab')
      visited.push(await focused())
    }
    await demo.page.keyboard.press('Enter')
    await demo.sees('who', 'johndoe')

    expect(visited).toEqual(['mode-body', 'mode-cookie', 'worker-off', 'worker-on', 'username', 'password', ''])
    await expect.poll(focused).toBe('who-title')
  })

  it('keeps its modes apart, and each of them when the other changes', async () => {
    const { page } = await open(calm)

    for (const name of ['a worker', 'HttpOnly cookie']) {
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await page.getByRole('link', { name }).click()
    }
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()

    expect(new URL(page.url()).search).toBe('?mode=cookie&worker=on')
    const current = page.getByRole('navigation').locator('[aria-current=page]')
    expect(await current.allTextContents()).toEqual(['HttpOnly cookie', 'a worker'])
  })

  it('lets no script in that is not its own', async () => {
    const { page, complaints } = await open(calm)

    const blocked = page.waitForEvent('console', (message) => message.text().includes('Content Security Policy'))
    await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'document.title = "foreign"'
      document.body.append(script)
    })
    await blocked

    expect(await page.title()).toBe('Latchkey demo')
    expect(complaints.splice(0)).toHaveLength(1)
  })

  it('fits a window of 360 pixels', async () => {
    const demo = await signedIn(calm)
    await demo.page.setViewportSize({ width: 360, height: 780 })

    expect(await demo.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  })
})

describe.each(['off', 'on'] as const)('two tabs of the demo on one record, worker %s', (worker) => {
  async function twoTabs(demo: Demo): Promise<[DemoPage, DemoTab]> {
    const first = await signedIn(demo, 'body', worker)
    const second = await first.openSecond()
    await second.sees('who', 'johndoe')
    await second.sees('timeline', 'Tab 1')
    return [first, second]
  }

  it('renews once for both, and shows in both who did it', async () => {
    const [first, second] = await twoTabs(hasty)
    // Between two renewals: server and page then speak of the same moment.
    const atRest = async () => {
      for (;;) {
        const [counts, generation] = [await first.counts(), await first.generation()]
        await first.page.waitForTimeout(200)
        const { refreshes } = await first.counts()
        if (refreshes === counts.refreshes && (await first.generation()) === generation) return { counts, generation }
      }
    }
    const { counts: before, generation: from } = await atRest()

    await Promise.all([first.reaches(from + 4), second.reaches(from + 4)])

    const { counts: after, generation } = await atRest()
    const renewed = generation - from
    expect(after.refreshes - before.refreshes).toBe(renewed)
    expect(after.refreshesRefused).toBe(before.refreshesRefused)
    expect(after.reuses).toBe(before.reuses)
    await expect.poll(async () => (await newestDeeds(first)).sort()).toEqual(['adopted', 'renewed to'])
    await expect.poll(async () => (await newestDeeds(second)).sort()).toEqual(['adopted', 'renewed to'])
    await first.sees('path', worker === 'on' ? 'A SharedWorker makes' : 'Each page makes')
    if (worker === 'on') await first.sees('wire', 'POST /refresh by the worker')
    expect(await first.page.locator('#explain').textContent()).not.toContain('no worker')
    await picture(first, `two-tabs-worker-${worker}`)
  })

  it('signs both out within a second', async () => {
    const [first, second] = await twoTabs(calm)

    await second.press('Sign out')
    await second.sees('reason', 'You have signed out.')

    const heading = first.page.getByRole('heading', { name: 'Sign in' })
    await heading.waitFor({ timeout: 1000 })
    await first.sees('news', 'You have signed out in another tab.')
    await expect.poll(() => first.lane(2)).toMatch(/signed out \(logout\)/)
    await expect.poll(() => first.lane(1)).toMatch(/signed out by another tab \(logout\)/)
  })

  it('signs both out when one empties the storage', async () => {
    const [first, second] = await twoTabs(calm)

    await second.page.evaluate(() => localStorage.clear())

    await first.sees('reason', 'The stored session was removed.')
    await second.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  it('lives as long as it can when a tab is killed in mid-refresh', async () => {
    const [first, second] = await twoTabs(calm)
    const { logins } = await first.counts()
    const generation = await first.generation()

    await second.press('Kill this tab in mid-refresh')
    await expect
      .poll(() => (second.page.isClosed() ? 'closed' : second.page.url()), { timeout: 10_000 })
      .not.toMatch(/^http/)
    await first.sees('timeline', 'Tab 2 · closed')
    expect(await first.lane(2)).toContain('killed in mid-refresh')

    if (worker === 'on') {
      await first.reaches(generation + 1)
      await first.press('/todos')
      await first.sees('answer', /200.*Water the plants/)
      expect(await first.generation()).toBe(generation + 1)
    } else {
      await first.sees('reason', 'refresh_lost')
      await expect.poll(() => first.lane(1)).toMatch(/signed out \(refresh_lost\)/)
    }
    expect((await first.counts()).logins).toBe(logins)
    await picture(first, `killed-worker-${worker}`)
  })
})

/** Who did the last renewal that both lanes have: `renewed to` or `adopted`, of tab 1 and of tab 2. */
async function newestDeeds(tab: DemoTab): Promise<string[]> {
  const lanes = await Promise.all([tab.lane(1), tab.lane(2)])
  const deeds = lanes.map((lane) => new Map([...lane.matchAll(/(renewed to|adopted) token (\d+)/g)].map(toEntry)))
  const shared = [...(deeds[0]?.keys() ?? [])].filter((generation) => deeds[1]?.has(generation))
  return deeds.map((each) => each.get(Math.max(...shared)) ?? '')
}

function toEntry([, what = '', generation]: RegExpMatchArray): [number, string] {
  return [Number(generation), what]
}

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
