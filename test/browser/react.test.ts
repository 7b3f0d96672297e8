import { utimesSync } from 'node:fs'
import { type Browser, chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { app } from '../../examples/react/start.ts'
import { type Example, startApp } from '../../examples/start-app.ts'
import { launchOptions } from './ensure-browser.ts'
import { type Look, openReact, type ReactPage } from './react-page.ts'

let browser: Browser
let example: Example // tokens live longer than any test
let hasty: Example // tokens live 4 seconds
let opened: ReactPage[] = []

beforeAll(async () => {
  const ports = { page: 0 }
  example = await startApp(app, { ports, lifetime: 3600, watch: false })
  hasty = await startApp(app, { ports, lifetime: 4, watch: false })
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([example?.stop(), hasty?.stop()])
})

afterEach(async () => {
  const complaints = opened.flatMap((each) => each.complaints)
  await Promise.all(opened.map(({ context }) => context.close()))
  opened = []
  expect(complaints).toEqual([])
})

async function open(look?: Look, path?: string, which = example): Promise<ReactPage> {
  const page = await openReact(browser, which, look, path)
  opened.push(page)
  return page
}

async function signedIn(username = 'johndoe', which = example): Promise<ReactPage> {
  const page = await open({}, '', which)
  await page.signIn(username)
  await page.sees('Water the plants')
  return page
}

it('refuses a wrong password in words, and takes the right one to the page that was asked for', async () => {
  const page = await open({}, 'admin')
  await page.sees('Sign in')
  expect(new URL(page.page.url()).pathname).toBe('/sign-in')

  await page.signIn('johndoe', 'wrong')
  await page.sees('The username or the password is wrong.')
  await page.signIn('johndoe', '')
  await page.sees('This field is required.')
  await page.signIn()

  await page.sees('Not for you')
  expect(new URL(page.page.url()).pathname).toBe('/admin')
})

it('says how long to wait after too many attempts', async () => {
  const page = await open()

  for (let count = 0; count < 5; count += 1) {
    const answered = page.page.waitForResponse(`${example.api}/login`)
    await page.signIn('nobody', `guess ${count}`)
    await answered
  }
  await page.signIn('nobody', 'one more')

  await page.sees(/Too many attempts\. Try again in \d+ seconds?\./)
})

it('keeps the session over a reload, without a call for it', async () => {
  const page = await signedIn()
  const calls = page.requests('/refresh').length

  await page.page.reload()

  await page.sees('Water the plants')
  await page.sees('John Doe')
  expect(page.requests('/refresh')).toHaveLength(calls)
})

it('shows the page for admins to admins; others meet a 403 that renews nothing', async () => {
  const john = await signedIn()
  await john.goTo('Admin')
  await john.press('Ask the server all the same')
  await john.sees(/^403 Forbidden/)
  expect(john.requests('/refresh')).toEqual([])
  expect(john.requests('/admin').filter((each) => each.url().startsWith(example.api))).toHaveLength(1)

  const ada = await signedIn('admin')
  await ada.goTo('Admin')
  await ada.sees('Only admins may read this.')
})

it('adds a todo although the token has expired meanwhile, by one renewal', async () => {
  const page = await signedIn()
  const { refreshes } = await page.control({ expireAccessTokens: true })
  const title = `Buy milk ${Date.now()}`

  await page.type(title)
  await page.press('Add')

  await page.page.getByRole('listitem').filter({ hasText: title }).waitFor()
  expect(await page.draft()).toBe('')
  expect((await page.control()).refreshes).toBe(refreshes + 1)
  expect(page.requests('/todos').map((each) => each.method())).toEqual(['GET', 'POST', 'POST', 'GET'])
})

it('renews by itself while the page shows, and only the card that reads the expiry changes', async () => {
  const page = await signedIn('johndoe', hasty)
  await page.type('half')
  const header = await page.page.locator('.person-bar').evaluate((element) => {
    const changes = { count: 0 }
    const watcher = new MutationObserver((records) => {
      changes.count += records.length
    })
    watcher.observe(element, { subtree: true, childList: true, characterData: true, attributes: true })
    Object.assign(globalThis, { changes })
    return element.textContent
  })
  const until = await page.page.locator('#until').textContent()

  await page.page.waitForFunction((before) => document.getElementById('until')?.textContent !== before, until)

  expect(await page.page.locator('.person-bar').textContent()).toBe(header)
  expect(await page.page.evaluate('changes.count')).toBe(0)
  expect(await page.draft()).toBe('half')
})

describe('when the server ends the session', () => {
  it('asks to sign in again on top of the page, and goes on where the person was', async () => {
    const page = await signedIn()
    await page.type('Half a todo')
    await page.control({ revoke: 'johndoe', expireAccessTokens: true })

    await page.press('Add')

    expect(await page.dialog()).toContain('The server has ended your session.')
    expect(await page.page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('password')
    for (let count = 0; count < 3; count += 1) await page.page.keyboard.press('Escape')
    await page.page.getByLabel('Password').fill('password123')
    await page.press('Sign in')
    await page.sees('Water the plants')
    expect(await page.draft()).toBe('Half a todo')
    expect(await page.page.evaluate(() => document.activeElement?.textContent)).toBe('Add')
    await page.press('Add')
    await page.page.getByRole('listitem').filter({ hasText: 'Half a todo' }).waitFor()
  })

  it('keeps the keyboard within the dialog', async () => {
    const page = await signedIn()
    await page.control({ revoke: 'johndoe', expireAccessTokens: true })
    await page.press('Renew it now')
    await page.dialog()
    const reached = new Set<string | null | undefined>()

    for (let count = 0; count < 10; count += 1) {
      await page.page.keyboard.press('Tab')
      reached.add(await page.page.evaluate(() => document.activeElement?.closest('dialog, #app > *')?.localName))
    }

    reached.delete(undefined) // the browser's own bar
    expect([...reached]).toEqual(['dialog'])
  })
})

describe('two tabs', () => {
  it('are signed in together, and a sign-out in one asks in the other', async () => {
    const page = await signedIn()
    const second = await page.openSecond()
    await second.sees('Water the plants')
    expect(second.requests('/login')).toEqual([])
    await page.type('kept')

    await second.press('Sign out')

    await second.sees('You have signed out.')
    expect(await page.dialog()).toContain('You have signed out in another tab.')
    await second.signIn()
    await page.page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.draft()).toBe('kept')
  })

  it('both turn to another person who signs in in one of them', async () => {
    const page = await signedIn()
    const second = await page.openSecond()
    await second.sees('Water the plants')
    await page.type('of John')

    await second.press('Sign out')
    await second.signIn('admin')

    await page.page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.sees('Ada Admin')
    expect(await page.draft()).toBe('')
  })
})

describe('while developing', () => {
  let watched: Example

  beforeAll(async () => {
    watched = await startApp(app, { ports: { page: 0 }, lifetime: 3600 })
  })
  afterAll(() => watched?.stop())

  const clients = (page: ReactPage) =>
    page.page.evaluate(
      () => performance.getEntriesByType('resource').filter(({ name }) => /\/client\.ts/.test(name)).length,
    )
  const touch = (file: string) => utimesSync(`${app.root}/${file}`, new Date(), new Date())

  it('a changed component comes to the page without a second client, and what was typed stays', async () => {
    const page = await signedIn('johndoe', watched)
    await page.type('half')
    const updated = page.page.waitForEvent('console', (message) => message.text().includes('hot updated'))

    touch('pages/todos.tsx')
    await updated

    expect(await clients(page)).toBe(1)
    expect(await page.draft()).toBe('half')
    expect(page.requests('/login')).toHaveLength(1)
    expect(page.requests('/refresh')).toEqual([])
  })

  it('a changed wrapper or client loads the page anew, which finds its session', async () => {
    const page = await signedIn('johndoe', watched)
    for (const file of ['client.ts', 'auth.tsx']) {
      const loaded = page.page.waitForEvent('load')

      touch(file)
      await loaded

      await page.sees('Water the plants')
      expect(await clients(page)).toBe(1)
    }
    expect(page.requests('/login')).toHaveLength(1)
  })
})

describe.each([
  ['light', 1100],
  ['dark', 1100],
  ['light', 380],
] as const)('in %s, %i pixels wide', (colorScheme, width) => {
  it('no page has a barrier that axe knows of, and none scrolls sideways', async () => {
    const page = await open({ colorScheme, width })
    const found: Record<string, readonly string[]> = {}
    const look = async (name: string) => {
      await page.picture(`react-${name}-${colorScheme}-${width}`)
      const wide = await page.page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      found[name] = [...(await page.barriers()), ...(wide ? ['scrolls sideways'] : [])]
    }

    await page.sees('Try')
    await look('sign-in')
    await page.signIn('johndoe', '')
    await page.sees('This field is required.')
    await look('fields')
    await page.signIn()
    await page.sees('Water the plants')
    await look('todos')
    await page.goTo('Admin')
    await page.press('Ask the server all the same')
    await page.sees(/^403 Forbidden/)
    await look('forbidden')
    const read = page.page.waitForResponse(`${example.api}/todos`)
    await page.goTo('Todos')
    await read
    await page.type('half')
    await page.control({ revoke: 'johndoe', expireAccessTokens: true })
    await page.press('Add')
    await page.dialog()
    await look('dialog')
    await page.goTo('Leave this page')
    await page.page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.signIn('admin')
    await page.sees('Ada Admin')
    await page.goTo('Admin')
    await page.sees('Only admins may read this.')
    await look('admin')

    expect(found).toEqual({ 'sign-in': [], fields: [], todos: [], forbidden: [], dialog: [], admin: [] })
  })
})
