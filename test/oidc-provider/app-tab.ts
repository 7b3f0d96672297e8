import type { Tab } from '../storm/engines/index.ts'
import { until } from '../storm/stage.ts'
import { CODE, PASSWORD } from './interactions.ts'
import type { App, HeardEvent, Outcome } from './pages/app.ts'
import type { World } from './world.ts'

/** How to sign in: what `login()` takes. */
export type Login = NonNullable<Parameters<App['auth']['login']>[0]>

/** What a page of the app says of itself. */
export interface Look {
  readonly href: string
  readonly state: {
    readonly status: string
    readonly reason?: string
    readonly user?: { readonly sub: string; readonly name?: string }
    readonly idClaims?: Readonly<Record<string, unknown>>
  }
  readonly addresses: readonly string[]
  readonly events: readonly HeardEvent[]
  readonly outcomes: Readonly<Record<string, Outcome>>
  /** What the page shows. */
  readonly shown: string
  readonly trace: readonly string[]
}

/** A tab with the app in it, or on its way to the provider and back. */
export interface AppTab {
  readonly tab: Tab
  /** Waits until the app has started in a page of its own, which has not been left. */
  ready(): Promise<void>
  look(): Promise<Look>
  /** Waits until what the page says is so. */
  see(what: string, isSo: (look: Look) => boolean, patience?: number): Promise<Look>
  /** Leaves for the provider by `login()`. */
  leave(login?: Login): Promise<void>
  /** Waits until the tab is at the login page. */
  atLogin(): Promise<void>
  /** Waits until the tab is at the page where the provider asks whether to sign out. */
  atLogout(): Promise<void>
  /** Fills in the login page and sends it off. */
  type(name?: string, code?: string): Promise<void>
  press(id: string): Promise<void>
  /** All of it: from the app to the login page and back. */
  signIn(name?: string, login?: Login): Promise<void>
  /** Signs in by popup; what comes of it stands in `outcomes.popup`. */
  popUp(login?: Login): Promise<void>
  /** Leaves by `logout()`. */
  signOut(options?: { returnTo?: string }): Promise<void>
  /** Asks for a token at a moment; what comes of it stands in `outcomes.token`. */
  tokenAt(at: number, options: object): Promise<void>
  /** The access token. */
  token(options?: object): Promise<string>
  /** The status of a request to the API, or the code of its error. */
  ask(path?: string, init?: RequestInit): Promise<number | string>
}

type AppWindow = typeof globalThis & { app: App; isLeft?: boolean }

export function appTab(tab: Tab, { site, provider }: World): AppTab {
  /** What the page answers; nothing while the tab is between two pages. */
  const attempt = <Argument, Result>(
    fn: (argument: Argument) => Result,
    argument: Argument,
  ): Promise<Result | undefined> => tab.run<Argument, Result>(fn, argument).catch(() => undefined)

  const look = (): Promise<Look> =>
    tab.run(() => {
      const { auth, addresses, events, outcomes } = (window as unknown as AppWindow).app
      return JSON.parse(
        JSON.stringify({
          href: location.href,
          state: auth.state,
          addresses,
          events,
          outcomes,
          shown: document.getElementById('status')?.textContent,
          trace: auth.explain().map(({ what, why }) => `${what}: ${why}`),
        }),
      ) as Look
    }, undefined)

  /** Waits; what the provider was asked meanwhile belongs to the story of a failure. */
  const wait = async (what: string, isTrue: () => Promise<boolean>, patience?: number): Promise<void> => {
    try {
      await until(what, isTrue, patience)
    } catch (error) {
      throw new Error(`${error} The provider: ${provider.story()}`)
    }
  }

  /** Waits for a form of the provider. */
  const at = (form: string): Promise<void> =>
    wait(`the tab is at the form ${form} of ${provider.issuer}`, async () => {
      const isThere = await attempt((id) => document.readyState === 'complete' && !!document.getElementById(id), form)
      return isThere === true
    })

  const app: AppTab = {
    tab,
    look,
    ready: () =>
      wait(`the app is ready at ${site.origin}`, async () => {
        const isReady = await attempt(() => {
          const { app: page, isLeft } = window as unknown as Partial<AppWindow>
          return !isLeft && page?.outcomes.start !== undefined
        }, undefined)
        return isReady === true
      }),
    async see(what, isSo, patience) {
      let last: Look | undefined
      try {
        await wait(
          what,
          async () => {
            last = await look().catch(() => undefined)
            return !!last && isSo(last)
          },
          patience,
        )
      } catch (error) {
        throw new Error(`${error} It says: ${JSON.stringify(last, null, 1)}`)
      }
      return last as Look
    },
    leave: (login) =>
      tab.run((options) => {
        const page = window as unknown as AppWindow
        page.isLeft = true
        page.app.begin('login', () => page.app.auth.login(options))
      }, login ?? {}),
    atLogin: () => at('login'),
    atLogout: () => at('op.logoutForm'),
    async type(name = 'ann', code = CODE) {
      await tab.run(
        (typed) => {
          for (const [field, value] of Object.entries(typed)) {
            const input = document.querySelector<HTMLInputElement>(`input[name=${field}]`)
            if (input) input.value = value
          }
        },
        { name, password: PASSWORD, code },
      )
      await app.press('sign-in')
    },
    press: (id) =>
      tab.run((button) => {
        // Later, so that the driver is done with the page when it goes.
        setTimeout(() => document.getElementById(button)?.click(), 10)
      }, id),
    async signIn(name, login) {
      await app.leave(login)
      await app.atLogin()
      await app.type(name)
      await app.ready()
    },
    async popUp(login) {
      await tab.run((options) => {
        const { app: page } = window as unknown as AppWindow
        delete page.outcomes.popup
        page.popupLogin = options
      }, login ?? {})
      await app.press('pop-up')
    },
    signOut: (options) =>
      tab.run((given) => {
        const page = window as unknown as AppWindow
        page.isLeft = true
        page.app.begin('logout', () => page.app.auth.logout(given))
      }, options ?? {}),
    tokenAt: (at, options) =>
      tab.run(
        (wish) => {
          const { begin, auth } = (window as unknown as AppWindow).app
          begin('token', () => auth.getAccessToken(wish.options), wish.at)
        },
        { at, options },
      ),
    token: (options) =>
      tab.run((given) => (window as unknown as AppWindow).app.auth.getAccessToken(given), options ?? {}),
    ask: (path = '/me', init = {}) =>
      tab.run((request) => (window as unknown as AppWindow).app.ask(request.path, request.init), { path, init }),
  }
  return app
}
