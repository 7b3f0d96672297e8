import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { chromium, type LaunchOptions } from 'playwright'

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

const isRoot = process.getuid?.() === 0

/** What every browser test starts its Chromium with; throws if `ensureBrowser` has not found or installed one. */
export function launchOptions(): LaunchOptions {
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

/** Vitest's global setup: the browser tests have a Chromium, or the run fails here. */
export default function ensureBrowser(): void {
  const found = findBrowser()
  const how = found ? 'found' : isRoot && isDebian() ? installFromDebian() : installFromPlaywright()
  console.log(`Browser tests run in ${found ?? launchOptions().executablePath} (${how}).`)
}

function findBrowser(): string | undefined {
  for (const name of ['LATCHKEY_BROWSER', 'CHROME_PATH']) {
    const path = process.env[name]
    if (path && !existsSync(path)) throw new Error(`${name} says ${path}, and there is no such file.`)
    if (path) return path
  }
  return [...usualPlaces, chromium.executablePath()].find((path) => existsSync(path))
}

function isDebian(): boolean {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

function installFromDebian(): string {
  const apt = (...args: string[]) => run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=600', ...args])
  apt('update')
  apt('install', '-y', '--no-install-recommends', 'chromium')
  return 'installed from Debian'
}

function installFromPlaywright(): string {
  const playwright = createRequire(import.meta.url).resolve('playwright/package.json')
  const install = (...options: string[]) =>
    run(process.execPath, [join(dirname(playwright), 'cli.js'), 'install', ...options, 'chromium'])
  try {
    install('--with-deps')
  } catch {
    install() // who may not install system packages has, perhaps, all that Chromium needs
  }
  return 'installed by Playwright'
}

/** Quiet if all goes well; if not, the error tells what the command said. */
function run(command: string, args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64e6 })
}
