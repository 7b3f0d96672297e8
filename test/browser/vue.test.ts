import { type Browser, chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Example, startApp } from '../../examples/start-app.ts'
import { app } from '../../examples/vue/start.ts'
import { launchOptions } from './ensure-browser.ts'
import { openVue, type VuePage } from './vue-page.ts'

let browser: Browser
let calm: Example // tokens live longer than any test
let hasty: Example // tokens live 4 seconds
let opened: VuePage[] = []

beforeAll(async () => {
  const ports = { page: 0 }
  calm = await startApp(app, { ports, lifetime: 3600, watch: false })
  hasty = await startApp(app, { ports, lifetime: 4, watch: false })
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([calm?.stop(), hasty?.stop()])
})

afterEach(async () => {
  const complaints = opened.flatMap((each) => each.complaints)
  await Promise.all(opened.map(({ context }) => context.close()))
  opened = []
  expect(complaints).toEqual([])
})

async function open(path = '/', example = calm): Promise<VuePage> {
  const app = await openVue(browser, example, path)
  opened.push(app)
  return app
}

async function signedIn(path: string, username?: string, example = calm): Promise<VuePage> {
  const app = await open(path, example)
  await app.signIn(username)
  await app.page.getByRole('button', { name: 'Sign out' }).waitFor()
  return app
}

describe('the way in', () => {
  it('leads over the sign-in to the page that was asked for', async () => {
    const app = await open('/todos?from=mail#list')
    await app.reaches('Sign in')
    expect(app.path()).toBe('/sign-in?to=/todos?from=mail%23list')
    expect(await app.violations()).toEqual([])
    await app.picture('sign-in')

    await app.signIn()

    await app.reaches('To-dos')
    await app.says('Water the plants')
    expect(app.path()).toBe('/todos?from=mail#list')
    expect(await app.page.title()).toBe('To-dos')
    expect(await app.violations()).toEqual([])
    await app.picture('todos')
  })

  it('tells what is wrong with a sign-in, and lets in who tries again', async () => {
    const app = await open('/sign-in')
    await app.press('Sign in')
    await app.says('This field is required.')
    expect(await app.page.getByLabel('Username').getAttribute('aria-invalid')).toBe('true')
    expect(await app.violations()).toEqual([])
    await app.picture('sign-in-problem')

    await app.signIn('johndoe', 'wrong')
    await app.says('The username or the password is wrong.')
    await app.signIn()

    await app.reaches('Welcome, John Doe')
    expect(await app.violations()).toEqual([])
    await app.picture('home')
  })

  it('goes to no other site after a sign-in', async () => {
    const app = await signedIn('/sign-in?to=//evil.example/todos')

    await app.reaches('Welcome, John Doe')
    expect(app.path()).toBe('/')
  })

  it('is open to anonymous visitors where it is public, at no call of the server', async () => {
    const before = await (await open()).counts()
    const app = await open()

    await app.reaches('Come in')
    await app.page.getByRole('link', { name: 'Sign in' }).waitFor()
    expect(await app.counts()).toEqual(before)
    expect(await app.violations()).toEqual([])
  })

  it('says so where there is no such page', async () => {
    const app = await open('/nowhere')

    await app.reaches('There is no such page')
    expect(await app.violations()).toEqual([])
  })
})

describe('a session', () => {
  it('outlives a reload, without a call for tokens', async () => {
    const app = await signedIn('/todos')
    const { refreshes, logins } = await app.counts()

    await app.page.reload()

    await app.says('Water the plants')
    expect(await app.page.locator('#who').textContent()).toBe('John Doe')
    expect(await app.counts()).toMatchObject({ refreshes, logins })
  })

  it('is renewed by itself, and the page tells how often', async () => {
    const app = await signedIn('/account', 'johndoe', hasty)

    await app.page
      .locator('#renewals')
      .filter({ hasText: /^[2-9] times/ })
      .waitFor()

    await app.says(/expires in \d seconds?/)
    await app.press('Renew it now')
    expect(await app.violations()).toEqual([])
    await app.picture('account')
  })

  it('serves a call whose token has expired meanwhile, once', async () => {
    const app = await signedIn('/todos')
    await app.says('Water the plants')
    const { refreshes } = await app.counts()
    await app.control({ expireAccessTokens: true })

    await app.page.getByLabel('What is to be done?').fill('Call the plumber')
    await app.press('Add')

    await app.says('Call the plumber')
    expect(await app.page.locator('#todos li').allTextContents()).toEqual(['Water the plants', 'Call the plumber'])
    expect((await app.counts()).refreshes).toBe(refreshes + 1)
    expect(await app.page.getByLabel('What is to be done?').inputValue()).toBe('')
  })

  it('ends where the person signs out: the page goes, and coming back asks again', async () => {
    const app = await signedIn('/todos')

    await app.press('Sign out')

    await app.reaches('Sign in')
    await app.says('You have signed out.')
    expect(await app.dialog.isVisible()).toBe(false)
    await app.page.goBack()
    await app.reaches('Sign in')
    expect(app.path()).toBe('/sign-in?to=/todos')
  })
})

describe('a page for one role', () => {
  it('is not for others, whom the server refuses too; they stay signed in, and nothing is renewed', async () => {
    const app = await signedIn('/admin')
    await app.reaches('This page is not for you')
    expect(app.path()).toBe('/forbidden?to=/admin')
    const { refreshes } = await app.counts()

    await app.press('Ask the server')

    await app.says('The server refused it (403).')
    expect((await app.counts()).refreshes).toBe(refreshes)
    expect(await app.page.locator('#who').textContent()).toBe('John Doe')
    expect(await app.violations()).toEqual([])
    await app.picture('forbidden')
  })

  it('opens to who has it', async () => {
    const app = await signedIn('/admin', 'admin')
    await app.reaches('Admin')

    await app.press('Ask the server')

    await app.says('Only admins may read this.')
    expect(await app.violations()).toEqual([])
    await app.picture('admin')
  })
})

describe('a session that the server has ended', () => {
  async function ended() {
    const app = await signedIn('/todos')
    await app.says('Water the plants')
    await app.page.getByLabel('What is to be done?').fill('Water the cat')
    await app.control({ revoke: 'johndoe' })
    await app.press('Add')
    await app.dialog.waitFor()
    return app
  }

  it('asks to sign in again over the page, where nothing typed is lost', async () => {
    const app = await ended()
    await app.says('The server has ended your session. Sign in again to go on.')
    expect(await app.page.getByLabel('Password').evaluate((each) => each === document.activeElement)).toBe(true)
    expect(await app.violations()).toEqual([])
    await app.picture('ended')

    await app.page.getByLabel('Password').fill('wrong')
    await app.page.keyboard.press('Enter')
    await app.says('The username or the password is wrong.')
    await app.page.getByLabel('Password').fill('password123')
    await app.page.keyboard.press('Enter')

    await app.dialog.waitFor({ state: 'hidden' })
    expect(app.path()).toBe('/todos')
    expect(await app.page.getByLabel('What is to be done?').inputValue()).toBe('Water the cat')
    await app.press('Add')
    await app.page.locator('#todos').getByText('Water the cat').waitFor()
  })

  it.each([
    ['the button', async ({ press }: VuePage) => press('Leave this page')],
    ['the Escape key', async ({ page }: VuePage) => page.keyboard.press('Escape')],
  ])('lets the person leave by %s, to the sign-in page that leads back', async (_how, leave) => {
    const app = await ended()

    await leave(app)

    await app.reaches('Sign in')
    expect(app.path()).toBe('/sign-in?to=/todos')
    expect(await app.dialog.isVisible()).toBe(false)
    await app.signIn()
    await app.reaches('To-dos')
  })

  it('asks after a reload, too', async () => {
    const app = await signedIn('/todos')
    await app.control({ revoke: 'johndoe', expireAccessTokens: true })

    await app.page.reload()

    await app.dialog.waitFor()
    await app.says('The server has ended your session. Sign in again to go on.')
  })
})

describe('two tabs', () => {
  it('end together: the other one says so, shows no to-dos, and goes on when the person is back', async () => {
    const app = await signedIn('/todos')
    await app.says('Water the plants')
    const second = await app.openSecond('/account')
    await second.press('Sign out')
    await second.reaches('Sign in')

    await app.dialog.waitFor()
    await app.says('You have signed out in another tab.')
    expect(await app.page.locator('#todos li').count()).toBe(0)
    expect(await app.violations()).toEqual([])
    await app.picture('signed-out-elsewhere')

    await second.signIn()
    await app.dialog.waitFor({ state: 'hidden' })
    await app.says('Water the plants')
    expect(await second.page.locator('#who').textContent()).toBe('John Doe')
  })

  it('tell of it on a public page, too, where no dialog is needed', async () => {
    const app = await signedIn('/sign-in')
    await app.reaches('Welcome, John Doe')
    const second = await app.openSecond('/todos')

    await second.press('Sign out')

    await app.says('You have signed out in another tab.')
    await app.reaches('Come in')
    expect(await app.dialog.isVisible()).toBe(false)
    await app.picture('news')
  })

  it('change hands together: nothing of the person before is left', async () => {
    const app = await signedIn('/todos')
    await app.page.getByLabel('What is to be done?').fill('My secret')
    const second = await app.openSecond('/')
    await second.press('Sign out')
    await app.dialog.waitFor()
    await second.page.getByRole('link', { name: 'Sign in' }).click()
    await second.signIn('admin')

    await app.says('Ada Admin has signed in, in another tab.')

    expect(await app.dialog.isVisible()).toBe(false)
    expect(await app.page.getByLabel('What is to be done?').inputValue()).toBe('')
    expect(await app.page.locator('#who').textContent()).toBe('Ada Admin')
    await app.says('Water the plants')
  })

  it('share one renewal', async () => {
    const app = await signedIn('/account')
    const second = await app.openSecond('/account')
    await second.says(/expires in/)
    const { refreshes } = await app.counts()

    await second.press('Renew it now')

    for (const { page } of [app, second]) await page.locator('#renewals').filter({ hasText: '1 time' }).waitFor()
    expect((await app.counts()).refreshes).toBe(refreshes + 1)
  })
})
