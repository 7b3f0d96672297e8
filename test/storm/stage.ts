import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ContentProcess,
  type Engine,
  type EngineName,
  type LaunchOptions,
  launch,
  processOf,
  type Tab,
} from './engines/index.ts'
import type { Answer, Command, Look, TokenOutcome } from './pages/protocol.ts'
import { buildScripts } from './scripts.ts'
import { type Dialect, type StormServer, startServer } from './server.ts'
import type { World, WorldOptions } from './world.ts'

/** A server, and an engine that is started anew when a storm has brought it down. */
export interface House {
  readonly server: StormServer
  engine(): Promise<Engine>
  /** Sets a stage: a world and tabs in it. */
  stage(options?: StageOptions): Promise<Stage>
  /** After a storm: closes what its stages have opened. */
  tidy(): Promise<void>
  close(): Promise<void>
}

/** How the pages of a stage are set up: see `pages/latchkey.ts`. */
export interface PageOptions {
  readonly storage?: 'local' | 'session' | 'memory'
  readonly when?: 'always' | 'on-demand'
  readonly timeout?: number
  readonly before?: number
  readonly worker?: boolean
}

export interface StageOptions {
  readonly world?: WorldOptions
  readonly page?: PageOptions
  readonly tabs?: number
  /** Signs in by the first tab. @default true */
  readonly signIn?: boolean
  /** Which page the tabs show. @default 'latchkey' */
  readonly client?: string
}

/** What a house holds besides the pages of these storms. */
export interface Furniture {
  /** The files of further pages. */
  readonly pages?: readonly string[]
  /** How they speak to their worlds. */
  readonly dialect?: Dialect
}

/** Several tabs of one world, and a conductor who tells them all what to do in the same moment. */
export interface Stage {
  readonly world: World
  readonly hasWorker: boolean
  readonly actors: readonly Actor[]
  /** Opens one more tab. */
  open(): Promise<Actor>
  /** Takes it off the list of those who answer. */
  dismiss(actor: Actor): void
  /** Calls out to those who are listed, or to `to`; hands back how to gather their answers. */
  begin(
    act: string,
    argument?: unknown,
    to?: readonly Pick<Actor, 'name'>[],
  ): Promise<(patience?: number) => Promise<Answers>>
  /** The same, and waits. */
  ask(act: string, argument?: unknown, to?: readonly Pick<Actor, 'name'>[], patience?: number): Promise<Answers>
  /**
   * The need that the current generation does not meet and the next one does, where lifetimes are `growing`. `slack` is how
   * much of its life a token may have lost before it reached its tab, the worker having kept it: one that never lived as
   * long as asked is taken for as good as can be had.
   */
  need(slack?: number): Promise<{ minValidity: number }>
  /** Asks them all for an access token. */
  tokens(options?: object, to?: readonly Pick<Actor, 'name'>[], patience?: number): Promise<TokenOutcome[]>
  /** The process that runs the worker, if there is one at the moment. */
  workerProcess(): Promise<ContentProcess | undefined>
  looks(to?: readonly Pick<Actor, 'name'>[]): Promise<Look[]>
}

/**
 * Tokens of generation n live n × 1000 s. A need of that less 10 ms is one that generation n cannot meet once it is older
 * than 10 ms, and that the next one meets for long: all tabs have to renew, at the same moment, and one call is right.
 */
export const growing = (generation: number): number => generation * 1_000_000

/** Waits until `isTrue`, or fails. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, patience = 10_000): Promise<void> {
  for (const end = Date.now() + patience; !(await isTrue()); await sleep(10)) {
    if (Date.now() > end) throw new Error(`In ${patience} ms it did not happen that ${what}.`)
  }
}

/** A tab with a client in it. */
export interface Actor {
  readonly name: string
  readonly tab: Tab
  readonly url: string
  act<T = unknown>(act: string, argument?: unknown): Promise<T>
  /** The process that runs it. */
  process(): Promise<ContentProcess>
  look(): Promise<Look>
}

/** What each tab has answered, by its name. */
export type Answers = ReadonlyMap<string, unknown>

interface Hands {
  act(act: string, argument: unknown): unknown
  begin(command: Omit<Command, 'id'>): number
  collect(wanted: { id: number; expected: readonly string[]; patience: number }): Promise<Answer[]>
  isReady?: boolean
}

/** Starts a server; the engine follows when the first stage is set. */
export async function openHouse(
  name: EngineName,
  options: LaunchOptions = {},
  { pages, dialect }: Furniture = {},
): Promise<House> {
  const server = await startServer(await buildScripts(pages), dialect)
  let running: Promise<Engine> | undefined
  let opened: Tab[] = []
  const engine = (): Promise<Engine> => {
    running ??= launch(name, options)
    return running
  }
  const stop = async (): Promise<void> => {
    await (await running)?.close()
    running = undefined
    opened = []
  }
  return {
    server,
    engine,
    stage: async (stageOptions = {}) => {
      const using = await engine()
      return setStage(server, using, stageOptions, (tab) => opened.push(tab))
    },
    async tidy() {
      // WebKit's first tab is its window: with all closed there is no session left.
      if (name === 'webkit') return stop()
      await Promise.all(opened.map((tab) => Promise.race([tab.close(), sleep(2000)]).catch(() => undefined)))
      opened = []
    },
    async close() {
      await stop()
      await server.close()
    },
  }
}

async function setStage(
  server: StormServer,
  engine: Engine,
  { world: worldOptions, page = {}, tabs = 10, signIn = true, client = 'latchkey' }: StageOptions,
  onOpen: (tab: Tab) => void,
): Promise<Stage> {
  const world = server.world(worldOptions)
  const actors: Actor[] = []
  let count = 0
  const conductor = await engine.newTab(`${server.origin}/conductor?world=${world.name}`)
  onOpen(conductor)

  const open = async (): Promise<Actor> => {
    count += 1
    const name = `tab-${count}`
    const { worker, ...rest } = page
    const parameters = {
      world: world.name,
      key: world.name,
      tab: name,
      via: world.via,
      ...rest,
      ...(worker && { worker }),
    }
    const query = Object.entries(parameters).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    const url = `${server.origin}/${client}?${query.join('&')}`
    const tab = await engine.newTab(url)
    onOpen(tab)
    const actor = actorOf(name, tab, url)
    await isReady(actor)
    actors.push(actor)
    return actor
  }

  const begin: Stage['begin'] = async (act, argument, to = actors) => {
    const expected = to.map(({ name }) => name)
    const id = await conductor.run((command) => (window as unknown as Hands).begin(command), {
      act,
      argument,
      to: expected,
    })
    return async (patience = 20_000) => {
      const wanted = { id, expected, patience }
      const answers = await conductor.run((each) => (window as unknown as Hands).collect(each), wanted)
      return new Map(answers.map(({ from, value, error }) => [from, error === undefined ? value : { code: error }]))
    }
  }
  const ask: Stage['ask'] = async (act, argument, to, patience) => (await begin(act, argument, to))(patience)

  const first = tabs > 0 ? await open() : undefined
  if (signIn) await first?.act('login', 'ann')
  await Promise.all(Array.from({ length: tabs - 1 }, open))
  return {
    world,
    hasWorker: !!page.worker,
    actors,
    open,
    dismiss(actor) {
      if (actors.includes(actor)) actors.splice(actors.indexOf(actor), 1)
    },
    begin,
    ask,
    async need(slack = page.worker ? 250 : 10) {
      await sleep(slack + 20)
      return { minValidity: growing(world.family.generation) - slack }
    },
    async workerProcess() {
      const worker = [{ name: 'worker' }]
      const isThere = (await ask('spin', 1, worker, 1000)).size > 0
      return isThere ? processOf((duration) => ask('spin', duration, worker)) : undefined
    },
    tokens: async (options = {}, to, patience) =>
      [...(await ask('token', options, to, patience)).values()] as TokenOutcome[],
    looks: async (to) => [...(await ask('look', undefined, to)).values()] as Look[],
  }
}

function actorOf(name: string, tab: Tab, url: string): Actor {
  const act = <T>(what: string, argument?: unknown): Promise<T> =>
    tab.run((call) => (window as unknown as Hands).act(call.what, call.argument), { what, argument }) as Promise<T>
  return {
    name,
    tab,
    url,
    act,
    look: () => act<Look>('look'),
    process: () => processOf((duration) => act('spin', duration)),
  }
}

/** Waits until the page has started its client. */
export async function isReady({ tab }: Pick<Actor, 'tab'>): Promise<void> {
  for (let patience = 400; ; patience -= 1) {
    if (await tab.run(() => (window as unknown as Hands).isReady === true, undefined)) return
    if (!patience) throw new Error('The page has not started its client.')
    await sleep(25)
  }
}
