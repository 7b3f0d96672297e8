/** Signed-in tabs of one virtual browser, in virtual time, and what each asks of it. */
import type { AuthClient } from 'latchkey'
import { SharedBrowser } from '../model/shared-browser.ts'
import { createPage, VirtualTime } from '../model/virtual.ts'
import { load } from '../package/bundle.ts'
import { seeded } from '../support/random.ts'
import { type Counts, countEdges } from './edges.ts'

/** One tab, and what it has asked for since `forget()`. */
export interface Tab {
  readonly client: AuthClient
  readonly counts: Counts
  /** Which generation it has heard of last. */
  generation: number
}

/** How the tabs are set up. */
export interface Setting {
  readonly tabs: number
  /** Of an access token, in seconds. */
  readonly lifetime: number
  /** What the server answers to a login or refresh besides, and what it takes for the access token. */
  readonly tokens?: (generation: number) => object
  /** Whether what a tab stores reaches the others later, as in Chromium. */
  readonly isLate?: boolean
}

let library: Promise<typeof import('latchkey')> | undefined

/** How long the server takes to answer. */
const LATENCY = 50

/** Opens tabs that are signed in, and lets them come to rest. */
export async function openTabs({ tabs: count, lifetime, tokens, isLate = false }: Setting) {
  library ??= load(`export { AuthClient } from 'latchkey'`)
  const { AuthClient } = await library
  const time = new VirtualTime()
  const random = seeded(6)
  const browser = new SharedBrowser({ isLate, hasLocks: true, hasChannel: true }, time, random)
  const server = { generation: 0 }
  const fetch = (input: RequestInfo | URL): Promise<Response> =>
    new Promise((resolve) => {
      const isToken = /\/(login|refresh)$/.test(String(input))
      if (isToken) server.generation += 1
      const { generation } = server
      const answer = {
        access_token: `token-${generation}`,
        refresh_token: `refresh-${generation}`,
        expires_in: lifetime,
      }
      const body = isToken ? { ...answer, ...tokens?.(generation) } : {}
      time.later(LATENCY, () => resolve(Response.json(body)))
    })

  /** Lets time pass until `promise` settles. */
  const until = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const done = promise.finally(() => {
      isSettled = true
    })
    for (let waited = 0; !isSettled && waited < 60_000; waited += 10) await time.advance(10)
    return done
  }

  const pages = Array.from({ length: count }, () => createPage(time, random))
  const tabs = pages.map((page): Tab => {
    const storage = browser.join(page)
    const { counts, ...edges } = countEdges({ environment: page.environment, storage, fetch })
    const client = new AuthClient({ baseUrl: 'https://api.example.com', ...edges })
    const tab: Tab = { client, counts, generation: 0 }
    client.on('refresh', ({ generation }) => {
      tab.generation = generation
    })
    return tab
  })
  const [first] = tabs
  if (!first) throw new Error('No tabs.')
  await until(first.client.login({}))
  await until(Promise.all(tabs.map(({ client }) => client.start())))
  await time.advance(5000)
  const forget = (): void => {
    for (const { counts } of tabs) counts.clear()
  }
  forget()

  return {
    time,
    server,
    tabs,
    first,
    until,
    /** Begins to count anew. */
    forget,
    /** Lets time pass until all tabs know the next generation, and are at rest again. */
    async nextGeneration(): Promise<void> {
      const wanted = server.generation + 1
      for (let waited = 0; tabs.some(({ generation }) => generation < wanted); waited += 1) {
        if (waited > 10 * lifetime) throw new Error(`The tabs have not come to generation ${wanted}.`)
        await time.advance(1000)
      }
      await time.advance(5000)
    },
    close(): void {
      for (const { client } of tabs) client.dispose()
    },
    /** How many timers, listeners, channels and turns in line for a lock the pages still have. */
    left: (): number =>
      pages.reduce((sum, page) => {
        const open = browser.channelCountOf(page) + browser.storage.listenerCountOf(page)
        return sum + page.timerCount + page.listenerCount + open + Number(browser.isInLine(page))
      }, 0),
  }
}
