import { type Browser, chromium } from 'playwright'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { launchOptions } from './ensure-browser.ts'
import { startSite, type VueSite } from './vue-site.ts'

let browser: Browser
let site: VueSite

beforeAll(async () => {
  site = await startSite()
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await site?.stop()
})

/** Opens a page that was rendered for its person, in a browser of its own, and waits until the app has taken it over. */
async function open(path: string, username: string) {
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  const answer = await page.goto(`${site.url}${path}?as=${username}`)
  await page.waitForFunction('window.hydrated')
  const remade = await page.evaluate<string[]>(
    `hydrated.then(() => [...document.querySelectorAll('#app *')]
      .filter((each) => !rendered.includes(each)).map(({ outerHTML }) => outerHTML))`,
  )
  return { page, html: await answer?.text(), complaints, remade }
}

it.each(['/', '/todos', '/account', '/forbidden'])(
  'the browser takes %s over as the server has rendered it',
  async (path) => {
    const { html, complaints, remade } = await open(path, 'johndoe')

    expect(html).toContain('<span id="who">John Doe</span>')
    expect(remade).toEqual([])
    expect(complaints).toEqual([])
  },
)

it('the page lives after that, each for its own person', async () => {
  const [john, ada] = await Promise.all([open('/todos', 'johndoe'), open('/todos', 'admin')])

  await ada.page.getByLabel('What is to be done?').fill('Water the cat')
  await ada.page.getByRole('button', { name: 'Add' }).click()

  await ada.page.locator('#todos').getByText('Water the cat').waitFor()
  expect(await ada.page.locator('#who').textContent()).toBe('Ada Admin')
  expect(await john.page.locator('#who').textContent()).toBe('John Doe')
  expect(await john.page.locator('#todos li').allTextContents()).toEqual(['Water the plants'])
  expect([...john.complaints, ...ada.complaints]).toEqual([])
})
