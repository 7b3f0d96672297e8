import { afterAll, afterEach, beforeAll, describe, inject, it } from 'vitest'
import { type Engine, type EngineName, engines, type LaunchOptions, launch, type Tab } from '../storm/engines/index.ts'
import { addToReport } from '../storm/report.ts'
import { type Listening, listen } from '../support/listen.ts'
import { type AppTab, appTab } from './app-tab.ts'
import { openWorld, type World, type WorldOptions } from './world.ts'

/** What a scene is played with; all of it is cleared away afterwards. */
export interface Stage {
  world(options?: WorldOptions): Promise<World>
  /** A tab with the app in it, ready. */
  open(world: World, path?: string): Promise<AppTab>
  /** A tab at any address. */
  tab(url: string): Promise<Tab>
}

/** What the scenes of a file are made of, in one engine. */
export interface Scenes {
  readonly engine: EngineName
  /** A scene, whose title is its promise; it hands back what is worth a word in the table at the end. */
  readonly scene: (promise: string, play: (stage: Stage) => Promise<string | undefined>) => void
  /** Says in the table why a scene cannot be had in this engine. */
  readonly notRun: (promise: string, why: string) => void
}

const wanted = process.env.OIDC_ENGINES?.split(',') ?? engines

/** Plays the same scenes in each engine; `OIDC_ENGINES` (`chromium,webkit`) chooses among them. */
export function inEachEngine(define: (scenes: Scenes) => void, options: LaunchOptions = {}): void {
  describe.each(engines.filter((name) => wanted.includes(name)))('in %s', (engine) => {
    let running: Engine
    let lobby: Listening
    let worlds: World[] = []
    let tabs: Tab[] = []
    beforeAll(async () => {
      running = await launch(engine, options)
      // A WebDriver session ends with its last window: this one stays.
      lobby = await listen((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'))
      await running.newTab(lobby.origin)
    })
    afterEach(async () => {
      await Promise.all(tabs.map((tab) => tab.close().catch(() => undefined)))
      await Promise.all(worlds.map((world) => world.close()))
      tabs = []
      worlds = []
    })
    afterAll(async () => {
      await running?.close()
      await lobby?.close()
    })

    const tab = async (url: string): Promise<Tab> => {
      const opened = await running.newTab(url)
      tabs.push(opened)
      return opened
    }
    const stage: Stage = {
      tab,
      async world(worldOptions) {
        const world = await openWorld(inject('oidcScript'), worldOptions)
        worlds.push(world)
        return world
      },
      async open(world, path = '/') {
        const app = appTab(await tab(world.site.origin + path), world)
        await app.ready()
        return app
      },
    }
    const write = (scene: string, figures: string): void =>
      addToReport(inject('oidcReport'), { storm: scene, engine, figures })

    define({
      engine,
      scene(promise, play) {
        it(promise, async () => {
          const since = performance.now()
          try {
            const words = await play(stage)
            const seconds = `${((performance.now() - since) / 1000).toFixed(1)} s`
            write(promise, words ? `${words} (${seconds})` : seconds)
          } catch (error) {
            write(promise, '**failed**')
            throw error
          }
        })
      },
      notRun(promise, why) {
        it(`not run: ${promise} (${why})`, () => write(promise, `not run: ${why}`))
      },
    })
  })
}
