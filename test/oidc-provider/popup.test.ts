import { expect } from 'vitest'
import type { EngineName } from '../storm/engines/index.ts'
import { until } from '../storm/stage.ts'
import type { AppTab, Login, Look } from './app-tab.ts'
import { CODE, PASSWORD } from './interactions.ts'
import type { Act } from './login-page.ts'
import { TWO_FACTORS } from './provider-configuration.ts'
import { inEachEngine, type Stage } from './scenes.ts'
import type { World } from './world.ts'

const person = (name: string): Act => ({ name, password: PASSWORD, code: CODE })

/** What stands in the table where the driver lets no page open a window. */
const words = (engine: EngineName): string | undefined =>
  engine === 'webkit' ? 'with a tab in the place of the popup' : undefined

interface Popup {
  closed: boolean
}
/** A page that keeps hold of its popups, and knows where the last one was led to if that was only the pretence of a window. */
type Page = Omit<typeof window, 'open'> & {
  popups: (Popup | null)[]
  pretended?: string
  open(...how: string[]): Popup | null
}

/** Keeps hold of the windows that the page opens; or only pretends to open some. */
const watchPopups = ({ tab }: AppTab, isPretence: boolean): Promise<void> =>
  tab.run((pretends) => {
    const page = window as unknown as Page
    const { open } = page
    const pretend = (): Popup => {
      const popup = {
        closed: false,
        location: {
          set href(url: string) {
            page.pretended = url
          },
        },
        close() {
          popup.closed = true
        },
      }
      return popup
    }
    page.popups = []
    delete page.pretended
    page.open = (...how) => {
      const popup = pretends ? pretend() : open.apply(window, how)
      page.popups.push(popup)
      return popup
    }
  }, isPretence)

const areClosed = ({ tab }: AppTab): Promise<boolean> =>
  tab.run(() => {
    const { popups } = window as unknown as Page
    return popups.length > 0 && popups.every((popup) => popup?.closed)
  }, undefined)

/** Signs in by popup, in which somebody does `act`; resolves when the app has been told. */
async function popUp({ engine, stage, world, app, login = {} }: Scene & { login?: Login }, act: Act): Promise<Look> {
  const isPretence = engine === 'webkit'
  world.provider.behaviour.acts.push(act)
  await watchPopups(app, isPretence)
  await app.popUp(login)
  if (isPretence) {
    const led = (): Promise<string> => app.tab.run(() => (window as unknown as Page).pretended ?? '', undefined)
    await until('the popup is led to the provider', async () => (await led()) !== '')
    if (act === 'close') {
      await app.tab.run(() => {
        for (const popup of (window as unknown as Page).popups) if (popup) popup.closed = true
      }, undefined)
    } else await stage.tab(await led())
  }
  if (act === 'close') {
    await until('the popup is closed', () => areClosed(app))
    // Without a screen no focus goes anywhere by itself.
    await app.tab.run(() => window.dispatchEvent(new Event('focus')), undefined)
  }
  const look = await app.see('the app has been told', ({ outcomes }) => outcomes.popup !== undefined)
  await until('the popup is closed', () => areClosed(app))
  return look
}

interface Scene {
  readonly engine: EngineName
  readonly stage: Stage
  readonly world: World
  readonly app: AppTab
}

inEachEngine(({ engine, scene }) => {
  scene('signs in by popup; the page stays where it is, and other tabs are told', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world, '/todos?page=2')
    const other = await stage.open(world)
    const look = await popUp({ engine, stage, world, app }, person('bob'))
    expect(look.outcomes.popup).toMatchObject({ value: { status: 'authenticated', idClaims: { sub: 'bob' } } })
    expect(look.href).toBe(`${world.site.origin}/todos?page=2`)
    expect(look.addresses).toEqual(Array(3).fill(look.href))
    expect(look.events).toMatchObject([{ name: 'login', origin: 'this-tab' }])
    expect(await app.ask()).toBe(200)
    expect(world.provider.grants('authorization_code').map(({ status }) => status)).toEqual([200])

    const there = await other.see('the other tab knows', ({ state }) => state.status === 'authenticated')
    expect(there.events).toMatchObject([{ name: 'login', origin: 'other-tab' }])
    expect(await other.token()).toBe(await app.token())
    return words(engine)
  })

  scene('steps up by popup, with DPoP too', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    const login = { parameters: { acr_values: TWO_FACTORS } }
    const { state } = await popUp({ engine, stage, world, app, login }, person('ann'))
    expect(state.idClaims).toMatchObject({ sub: 'ann', acr: TWO_FACTORS })
    expect(await app.ask()).toBe(200)
    return words(engine)
  })

  scene('a popup that the person closes ends the login as `aborted`; the next one signs in', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    const { outcomes, state } = await popUp({ engine, stage, world, app }, 'close')
    expect(outcomes.popup).toEqual({ code: 'aborted' })
    expect(state).toMatchObject({ status: 'unauthenticated', reason: 'never' })
    expect(world.provider.calls('token')).toEqual([])
    world.provider.behaviour.acts.length = 0
    const again = await popUp({ engine, stage, world, app }, person('ann'))
    expect(again.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
    return words(engine)
  })

  scene('a person who cancels in the popup is told apart, and the popup is closed', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    const { outcomes, state } = await popUp({ engine, stage, world, app }, 'cancel')
    expect(outcomes.popup).toEqual({ code: 'invalid_credentials', oauthError: 'access_denied' })
    expect(state.status).toBe('unauthenticated')
    return words(engine)
  })
})

/** With the settings that people have, which those of drivers are not. */
inEachEngine(
  ({ engine, scene, notRun }) => {
    const isolated = 'a provider that breaks with its opener (COOP) keeps nobody from signing in by popup'
    if (engine === 'webkit') notRun(isolated, 'its driver lets no page open a window')
    else
      scene(isolated, async (stage) => {
        const world = await stage.world()
        const app = await stage.open(world)
        Object.assign(world.provider.behaviour, { isolates: true, latency: { resume: 1500 } })
        const { state } = await popUp({ engine, stage, world, app }, person('ann'))
        expect(state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
        return undefined
      })

    const promise = 'a popup that nobody has clicked for is blocked, and told as `aborted`'
    if (engine === 'firefox') {
      notRun(promise, 'its driver switches the blocker off')
      return
    }
    scene(promise, async (stage) => {
      const world = await stage.world({ popsUp: true })
      await stage.tab(world.site.origin)
      const told = (): string | undefined =>
        world.site.visits.find(({ pathname }) => pathname.startsWith('/told/'))?.pathname
      await until('it is told', () => told() !== undefined)
      expect(told()).toBe('/told/aborted')
      expect(world.provider.calls('authorization')).toEqual([])
      return undefined
    })
  },
  { realTabs: true },
)
