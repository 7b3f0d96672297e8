import { type Browser, type BrowserContext, chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { launchOptions } from '../browser/ensure-browser.ts'
import { type Api, startApi } from './api.ts'
import { createProject } from './project.ts'
import { openSite, type Site } from './site.ts'
import { openTab, type Tab } from './tab.ts'

/** An app that is served, and the server that it calls. */
export interface Scene {
  readonly api: Api
  readonly site: Site
  readonly browser: Browser
  /** One profile of the browser for each test. */
  readonly context: BrowserContext
  /** Opens a tab. */
  open(path?: string): Promise<Tab>
  /** Opens the first tab, and signs in there. */
  enter(path?: string): Promise<Tab>
}

/** Builds the app in its folder, and has it served; hands back what ends that. */
export type Build = (folder: string, site: Site, api: Api) => Promise<() => Promise<void>>

/** What the tests of one app share. */
export function setTheScene(build: Build, refreshTokenIn?: 'cookie'): Scene {
  let api: Api
  let site: Site
  let browser: Browser
  let context: BrowserContext
  let stop: (() => Promise<void>) | undefined

  beforeAll(async () => {
    site = await openSite()
    api = await startApi(site.origin, refreshTokenIn)
    stop = await build(createProject(api.url), site, api)
    browser = await chromium.launch(launchOptions())
  })
  beforeEach(async () => {
    api.latency = 0
    context = await browser.newContext()
  })
  afterEach(() => context.close())
  afterAll(async () => {
    await browser?.close()
    await stop?.()
    await Promise.all([site?.close(), api?.close()])
  })

  const open = (path = '/'): Promise<Tab> => openTab(context, site.origin + path)
  return {
    get api() {
      return api
    },
    get site() {
      return site
    },
    get browser() {
      return browser
    },
    get context() {
      return context
    },
    open,
    async enter(path) {
      const tab = await open(path)
      await tab.signIn()
      return tab
    },
  }
}

/** Asks for new tokens, and closes the tab when the server has made them but not answered yet. */
export async function closeInMidRefresh(tab: Tab, api: Api): Promise<void> {
  const before = api.calls.length
  api.latency = 1500
  tab.renew().catch(() => undefined) // it dies with the tab
  await expect.poll(() => api.calls.length, { timeout: 10_000 }).toBe(before + 1)
  await tab.close()
}

/** Runs `act`; hands back what the server has counted meanwhile. */
export async function counting(api: Api, act: () => Promise<void>) {
  const before = await api.counts()
  await act()
  const after = await api.counts()
  return {
    refreshes: after.refreshes - before.refreshes,
    refused: after.refreshesRefused - before.refreshesRefused,
    reuses: after.reuses - before.reuses,
  }
}
