import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Browser, chromium, firefox, type LaunchOptions } from 'playwright'

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map(
    (name) => `${process.env[name]}\\Google\\Chrome\\Application\\chrome.exe`,
  ),
]
/** A stock Firefox, which Playwright drives by WebDriver BiDi. */
const stockFirefox = '/usr/bin/firefox-esr'

const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
/** Where Debian has WebKitGTK, its driver, and a display without a screen. */
export const webkitPlaces = {
  driver: '/usr/bin/WebKitWebDriver',
  xvfb: '/usr/bin/Xvfb',
  browser: `/usr/lib/${arch}-linux-gnu/webkit2gtk-4.1/MiniBrowser`,
}

const isRoot = process.getuid?.() === 0

/** What every browser test starts its Chromium with; throws if `ensureBrowser` has not found or installed one. */
export function launchOptions(): LaunchOptions {
  return chromiumOptions()
}

/** The same, for whoever starts Chromium by itself. */
export function chromiumOptions(): { executablePath: string; args: string[] } {
  const executablePath = findBrowser()
  if (!executablePath) throw new Error('No Chromium here. Run the tests with `npm test`, or set LATCHKEY_BROWSER.')
  return {
    executablePath,
    args: [
      ...(isRoot ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  }
}

/** What a storm starts its Firefox with: a stock one, else Playwright's own. */
export function firefoxOptions(): LaunchOptions {
  const executablePath = findFirefox()
  if (!executablePath) throw new Error('No Firefox here. Run the storms with `npm run test:browsers`.')
  return executablePath === stockFirefox ? { channel: 'moz-firefox', executablePath } : { executablePath }
}

/** Vitest's global setup: the browser tests have a Chromium, or the run fails here. */
export default function ensureBrowser(): void {
  const found = findBrowser()
  const how = found ? 'found' : install('chromium')
  console.log(`Browser tests run in ${found ?? launchOptions().executablePath} (${how}).`)
}

/** Starts Chromium for a script, before which no global setup has run. */
export function launchChromium(): Promise<Browser> {
  ensureBrowser()
  return chromium.launch(launchOptions())
}

/** Makes sure of all engines that can be had here, and says which in one line. */
export function ensureEngines(): void {
  const missing = [...(findBrowser() ? [] : ['chromium']), ...(findFirefox() ? [] : ['firefox'])]
  const noWebkit = Object.values(webkitPlaces).some((path) => !existsSync(path))
  const canHaveWebkit = isRoot && isDebian()
  const wanted = [...missing, ...(noWebkit && canHaveWebkit ? ['webkit'] : [])]
  const how = wanted.length ? install(...wanted) : 'found'
  const webkit = noWebkit && !canHaveWebkit ? 'no WebKit: it is driven on Debian only, as root' : webkitPlaces.browser
  console.log(`Storms run in ${findBrowser()}, ${findFirefox()}, ${webkit} (${how}).`)
}

/** The Chromium to use, if there is one. */
export function findBrowser(): string | undefined {
  for (const name of ['LATCHKEY_BROWSER', 'CHROME_PATH']) {
    const path = process.env[name]
    if (path && !existsSync(path)) throw new Error(`${name} says ${path}, and there is no such file.`)
    if (path) return path
  }
  return [...usualPlaces, chromium.executablePath()].find((path) => existsSync(path))
}

/** The Firefox to use, if there is one. */
export function findFirefox(): string | undefined {
  return [stockFirefox, firefox.executablePath()].find((path) => existsSync(path))
}

function isDebian(): boolean {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

const PACKAGES: Record<string, readonly string[]> = {
  chromium: ['chromium'],
  firefox: ['firefox-esr'],
  webkit: ['webkit2gtk-driver', 'xvfb'],
}

function install(...engines: string[]): string {
  return isRoot && isDebian() ? installFromDebian(engines) : installFromPlaywright(engines)
}

function installFromDebian(engines: readonly string[]): string {
  const apt = (...args: string[]) => run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=600', ...args])
  apt('update')
  apt('install', '-y', '--no-install-recommends', ...engines.flatMap((engine) => PACKAGES[engine] ?? []))
  return 'installed from Debian'
}

function installFromPlaywright(engines: readonly string[]): string {
  const playwright = createRequire(import.meta.url).resolve('playwright/package.json')
  const install = (...options: string[]) =>
    run(process.execPath, [join(dirname(playwright), 'cli.js'), 'install', ...options, ...engines])
  try {
    install('--with-deps')
  } catch {
    install() // who may not install system packages has, perhaps, all that a browser needs
  }
  return 'installed by Playwright'
}

/** Quiet if all goes well; if not, the error tells what the command said. */
function run(command: string, args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64e6 })
}
