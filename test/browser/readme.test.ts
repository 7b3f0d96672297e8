import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mockAuthServer } from 'latchkey/testing'
import { type Browser, chromium, type Page } from 'playwright'
import { compile } from 'svelte/compiler'
import { build, type Plugin } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchOptions } from './ensure-browser.ts'

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'README.md'), 'utf8')
const blockWith = (what: string): string =>
  [...text.matchAll(/^```\w+\n(.*?)^```/gms)].find(([, code]) => code?.includes(what))?.[1] ?? ''

/** The files of an app: the README's blocks as they are, and the little around them that the README leaves to its reader. */
const FILES: Record<string, string> = {
  'auth.js': `import { AuthClient, webStorage } from ${JSON.stringify(join(root, 'src/index.ts'))}
    export const auth = new AuthClient({ baseUrl: '/api', storage: webStorage('local') })`,
  'App.svelte': blockWith('svelte/store'),
  'session-status.ts': `import { auth } from './auth.js'\n${blockWith('class SessionStatus')}`,
  'main.ts': `import { mount } from 'svelte'
    import App from './App.svelte'
    import { auth } from './auth.js'
    import './session-status.ts'
    mount(App, { target: document.querySelector('main') })
    Object.assign(window, { auth })`,
}

const readme: Plugin = {
  name: 'readme',
  enforce: 'pre',
  resolveId: (id) => (id.replace(/^\.?\//, '') in FILES ? `/readme/${id.replace(/^\.?\//, '')}` : null),
  load: (id) => FILES[id.replace('/readme/', '')] ?? null,
  transform: (code, id) => (id.endsWith('.svelte') ? compile(code, { generate: 'client' }).js : null),
}

let browser: Browser
let script: string

beforeAll(async () => {
  browser = await chromium.launch(launchOptions())
  const built = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [readme],
    build: { write: false, rolldownOptions: { input: 'main.ts', output: { codeSplitting: false } } },
  })
  const [output] = [built].flat()
  script = output && 'output' in output ? output.output[0].code : ''
})
afterAll(() => browser.close())

/** Opens the app; its API is a mocked server. */
async function openApp(): Promise<Page> {
  const server = mockAuthServer({ baseUrl: 'https://app.test/api' })
  const page = await browser.newPage()
  await page.route('https://app.test/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    if (pathname === '/main.js') return route.fulfill({ contentType: 'text/javascript', body: script })
    if (!pathname.startsWith('/api/')) {
      const body = '<main></main><session-status></session-status><script type="module" src="/main.js"></script>'
      return route.fulfill({ contentType: 'text/html', body })
    }
    const [method, headers, body] = [route.request().method(), route.request().headers(), route.request().postData()]
    const response = await server.fetch(route.request().url(), { method, headers, body })
    await route.fulfill({ status: response.status, contentType: 'application/json', body: await response.text() })
  })
  await page.goto('https://app.test/')
  return page
}

it('has Svelte and a web component that follow a sign-in and a sign-out', async () => {
  const page = await openApp()
  await page.getByRole('link', { name: 'Sign in' }).waitFor()
  await page.getByText('Signed out').waitFor()
  await page.evaluate(`auth.login({ username: 'johndoe', password: 'password123' })`)
  await page.getByText('Signed in').waitFor()
  await page.getByRole('button', { name: 'Sign out u1' }).click()
  await page.getByRole('link', { name: 'Sign in' }).waitFor()
  expect(await page.locator('session-status').textContent()).toBe('Signed out')
  await page.close()
})
