import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { webkitPlaces } from '../../browser/ensure-browser.ts'
import { freePort } from '../../support/listen.ts'
import type { Engine, Tab } from './engine.ts'
import { openSession, type Session } from './webdriver.ts'

/** Starts WebKitGTK by its WebDriver, on a display of its own. */
export async function launchWebkit(): Promise<Engine> {
  const { driver: program, xvfb, browser: binary } = webkitPlaces
  const screen = spawn(xvfb, ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [display] = await once(screen.stdio[3] as NodeJS.ReadableStream, 'data')
  const port = await freePort()
  const driver = spawn(program, [`--port=${port}`, '--host=127.0.0.1'], {
    detached: true, // a process group of its own: the browser and its children end with it
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: `:${String(display).trim()}`,
      NO_AT_BRIDGE: '1',
      GTK_A11Y: 'none',
      LIBGL_ALWAYS_SOFTWARE: '1',
      WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    },
  })
  const endAll = (): void => {
    endGroup(driver)
    screen.kill()
  }
  process.once('exit', endAll)
  const url = `http://127.0.0.1:${port}`
  await answers(`${url}/status`)
  const session = await openSession(url, binary)
  let firstWindow: string | undefined = await session.window()

  return {
    name: 'webkit',
    version: session.version,
    survivesKills: false,
    async newTab(address) {
      const handle = firstWindow ?? (await session.newTab())
      firstWindow = undefined
      const tab = tabOf(session, handle)
      await tab.goto(address)
      return tab
    },
    async close() {
      await Promise.race([session.quit().catch(() => undefined), sleep(2000)])
      process.off('exit', endAll)
      const ended = screen.exitCode === null ? once(screen, 'exit') : undefined
      endAll()
      await ended
    },
  }
}

/** Whether it is installed. */
export const hasWebkit = (): boolean => Object.values(webkitPlaces).every((path) => existsSync(path))

function tabOf(session: Session, handle: string): Tab {
  return {
    run: (fn, argument) => session.run(handle, fn, argument),
    goto: (url) => session.goto(handle, url),
    async back() {
      await session.run(handle, () => void setTimeout(() => history.back(), 10), undefined)
      await sleep(300)
    },
    front: () => session.switchTo(handle),
    close: () => session.closeTab(handle),
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid) process.kill(-pid, 'SIGTERM')
  } catch {} // it has ended
}

async function answers(url: string): Promise<void> {
  for (let patience = 100; ; patience -= 1) {
    try {
      await fetch(url)
      return
    } catch (error) {
      if (!patience) throw error
      await sleep(100)
    }
  }
}
