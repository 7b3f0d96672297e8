import { findBrowser, findFirefox } from '../../browser/ensure-browser.ts'
import type { Engine, EngineName, LaunchOptions } from './engine.ts'
import { launchChromium, launchFirefox } from './playwright.ts'
import { hasWebkit, launchWebkit } from './webkit.ts'

export type { Engine, EngineName, LaunchOptions, Tab } from './engine.ts'
export { type ContentProcess, hasProcesses, processOf } from './processes.ts'

const all: readonly EngineName[] = ['chromium', 'firefox', 'webkit']
const wanted = process.env.STORM_ENGINES?.split(',') ?? all
const isHere: Record<EngineName, () => boolean> = {
  chromium: () => !!findBrowser(),
  firefox: () => !!findFirefox(),
  webkit: hasWebkit,
}

/** The engines that are installed; `STORM_ENGINES` (`chromium,webkit`) chooses among them. */
export const engines: readonly EngineName[] = all.filter((name) => wanted.includes(name) && isHere[name]())

/** Starts an engine. */
export function launch(name: EngineName, options: LaunchOptions = {}): Promise<Engine> {
  if (name === 'webkit') return launchWebkit()
  return name === 'chromium' ? launchChromium(options) : launchFirefox(options)
}
