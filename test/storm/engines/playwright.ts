import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type CDPSession, chromium, firefox, type Page } from 'playwright'
import { chromiumOptions, firefoxOptions } from '../../browser/ensure-browser.ts'
import type { Engine, LaunchOptions, Tab } from './engine.ts'
import { hasProcesses } from './processes.ts'

/** What keeps Playwright's Chromium from behaving as people's does. */
const UNREAL = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** A process for each tab, so that a kill ends one; and timers of hidden tabs as slow as Firefox makes them. */
const FIREFOX_PREFERENCES = {
  'dom.ipc.processCount': 16,
  'dom.ipc.processCount.webIsolated': 16,
  'browser.tabs.unloadOnLowMemory': false,
}
const FIREFOX_REAL_TABS = {
  'layout.testing.top-level-always-active': false,
  'dom.min_background_timeout_value': 1000,
  'dom.min_background_timeout_value_without_budget_throttling': 1000,
  'dom.timeout.enable_budget_timer_throttling': true,
}

interface Making {
  readonly context: BrowserContext
  /** A session of the DevTools protocol, which only Chromium has. */
  readonly inspect?: (page: Page) => Promise<CDPSession>
}

function tabOf(page: Page, { context, inspect }: Making): Tab {
  let session: Promise<CDPSession> | undefined
  const fresh = async (url: string, features: string): Promise<Tab> => {
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(([target, how]) => void window.open(target, '_blank', how), [url, features] as const),
    ])
    await popup.waitForLoadState()
    return tabOf(popup, { context, ...(inspect && { inspect }) })
  }
  return {
    run: <Argument, Result>(fn: (argument: Argument) => Result | Promise<Result>, argument: Argument) =>
      page.evaluate(fn as never, argument) as Promise<Result>, // Playwright's type unwraps handles, which nobody uses here
    async goto(url) {
      await page.goto(url)
    },
    async back() {
      // The page says so itself when it is back: `goBack` waits for a load that the back/forward cache spares.
      await page.evaluate(() => void setTimeout(() => history.back(), 10))
      await page.waitForTimeout(300)
    },
    front: () => page.bringToFront(),
    close: () => page.close(),
    duplicate: (url) => fresh(url, ''),
    ...(inspect && {
      async setFrozen(isFrozen) {
        session ??= inspect(page)
        await (await session).send('Page.setWebLifecycleState', { state: isFrozen ? 'frozen' : 'active' })
      },
    }),
  }
}

/** Starts Chromium: by Playwright, with the back/forward cache on; or as a person would, with real tabs. */
export async function launchChromium({ realTabs = false }: LaunchOptions): Promise<Engine> {
  const options = chromiumOptions()
  if (realTabs) return launchRealChromium(options)
  const browser = await chromium.launch({ ...options, ignoreDefaultArgs: UNREAL })
  const context = await browser.newContext()
  return {
    name: 'chromium',
    version: browser.version(),
    survivesKills: true,
    newTab: opener({ context, inspect: (page) => context.newCDPSession(page) }),
    setOffline: (isOffline) => context.setOffline(isOffline),
    close: () => browser.close(),
  }
}

async function launchRealChromium({
  executablePath,
  args,
}: {
  executablePath: string
  args: string[]
}): Promise<Engine> {
  const profile = mkdtempSync(join(tmpdir(), 'storm-'))
  const flags = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`]
  // What begins after five minutes begins after ten seconds.
  const soon = '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10'
  const child = spawn(executablePath, [...flags, ...args, soon, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const browser = await chromium.connectOverCDP(await addressOf(child), { noDefaults: true })
  const [context] = browser.contexts()
  if (!context) throw new Error('Chromium has no context.')
  return {
    name: 'chromium',
    version: browser.version(),
    survivesKills: true,
    newTab: opener({ context, inspect: (page) => context.newCDPSession(page) }),
    async close() {
      const ended = once(child, 'exit')
      const session = await browser.newBrowserCDPSession()
      await session.send('Browser.close').catch(() => undefined)
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function addressOf({ stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    stderr?.on('data', (chunk) => {
      said += chunk
      const [address] = /ws:\/\/\S+/.exec(said) ?? []
      if (address) resolve(address)
    })
    stderr?.once('close', () => reject(new Error(`Chromium did not start: ${said}`)))
  })
}

/** Starts Firefox. With `realTabs` only one is visible: opened by a page, since what a driver opens is a window. */
export async function launchFirefox({ realTabs = false }: LaunchOptions): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'storm-'))
  const { executablePath = '', ...options } = firefoxOptions()
  const browser = await firefox.launch({
    ...options,
    executablePath: hasProcesses ? unharmed(executablePath, folder) : executablePath,
    timeout: 60_000,
    firefoxUserPrefs: { ...FIREFOX_PREFERENCES, ...(realTabs && FIREFOX_REAL_TABS) },
  })
  const context = await browser.newContext()
  const newWindow = opener({ context })
  let first: Page | undefined
  return {
    name: 'firefox',
    version: browser.version(),
    survivesKills: true,
    async newTab(url) {
      if (!realTabs) return newWindow(url)
      if (!first) {
        first = await context.newPage()
        await first.goto(new URL('/elsewhere', url).href)
      }
      const [page] = await Promise.all([
        context.waitForEvent('page'),
        first.evaluate((target) => void window.open(target, '_blank', 'noopener'), url),
      ])
      await page.waitForLoadState()
      return tabOf(page, { context })
    },
    setOffline: (isOffline) => context.setOffline(isOffline),
    async close() {
      await browser.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A script that starts Firefox without the order, which Playwright gives it, to end when one of its processes is killed. */
function unharmed(executablePath: string, folder: string): string {
  const script = join(folder, 'firefox')
  const lines = ['#!/bin/sh', 'unset MOZ_CRASHREPORTER_SHUTDOWN', `exec '${executablePath}' "$@"`, '']
  writeFileSync(script, lines.join('\n'), { mode: 0o755 })
  return script
}

function opener(making: Making): (url: string) => Promise<Tab> {
  return async (url) => {
    const page = await making.context.newPage()
    await page.goto(url, { timeout: 60_000 })
    return tabOf(page, making)
  }
}
