import { locks } from 'node:worker_threads'
import { IDBFactory } from 'fake-indexeddb'
import { AuthClient, type AuthClientOptions, type AuthEvents, webStorage } from 'latchkey'
import { type MockInstance, onTestFinished, vi } from 'vitest'
import { network } from '../support/network.ts'

export const HOME = 'http://localhost:3000/'
export const CALLBACK = `${HOME}callback`
export const API = 'https://api.test'

export type Browser = ReturnType<typeof openBrowser>

type Areas = readonly Record<string, string>[]

const areas = [() => localStorage, () => sessionStorage]

/** A browser in which nobody has been yet, at the app's home page. */
export function openBrowser() {
  localStorage.clear()
  sessionStorage.clear()
  vi.stubGlobal('indexedDB', new IDBFactory())
  // happy-dom has no locks; those of Node are the same.
  Object.defineProperty(navigator, 'locks', { value: locks, configurable: true })
  history.replaceState(null, '', HOME)
  const assign: MockInstance<(url: string | URL) => void> = vi
    .spyOn(location, 'assign')
    .mockImplementation(() => undefined)
  onTestFinished(() => {
    assign.mockRestore()
    vi.unstubAllGlobals()
    vi.useRealTimers()
    network.resetHandlers()
  })
  return {
    /** Where pages have left for. */
    left: (): URL[] => assign.mock.calls.map(([url]) => new URL(url)),
    /** The browser goes to `url`, which is one of the app. */
    goTo: (url: URL | string): void => history.replaceState(null, '', url),
    /** Whatever lies in its storages, by key. */
    stored: (): Record<string, string> => ({ ...sessionStorage, ...localStorage }),
    /** What lies in each of its storages. */
    areas: (): Areas => areas.map((area) => ({ ...area() })),
    /** Puts back into its storages what was in them. */
    restore(left: Areas): void {
      left.forEach((items, index) => {
        for (const [key, value] of Object.entries(items)) areas[index]?.().setItem(key, value)
      })
    },
    /** Whatever lies in its storages says `text` from now on. */
    overwrite(text: string): void {
      for (const area of areas) for (const key of Object.keys({ ...area() })) area().setItem(key, text)
    },
    /** From now on script has no storage. */
    deny(): void {
      const get = (): never => {
        throw new DOMException('Denied', 'SecurityError')
      }
      for (const name of ['localStorage', 'sessionStorage']) {
        const own = Object.getOwnPropertyDescriptor(globalThis, name)
        Object.defineProperty(globalThis, name, { get, configurable: true })
        onTestFinished(() => void Object.defineProperty(globalThis, name, own as PropertyDescriptor))
      }
    },
    /** The clock goes on by so many milliseconds; timers do not notice. */
    pass(milliseconds: number): void {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds })
    },
  }
}

/** A page of the app as it is now. */
export interface Page {
  readonly auth: AuthClient
  readonly logins: AuthEvents['login'][]
  readonly logouts: AuthEvents['logout'][]
}

/** Loads the app, in which Latchkey is by now; nothing is started yet. */
export function openPage(options: AuthClientOptions<object>): Page {
  const auth = new AuthClient({ baseUrl: API, storage: webStorage('local'), ...options })
  onTestFinished(() => auth.dispose())
  const page: Page = { auth, logins: [], logouts: [] }
  auth.on('login', (event) => page.logins.push(event))
  auth.on('logout', (event) => page.logouts.push(event))
  return page
}
