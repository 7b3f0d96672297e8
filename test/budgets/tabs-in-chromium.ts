/** What one refresh costs each of many tabs of a real Chromium: what they ask of it, and CPU time, which is only printed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright'
import { type Budget, hold } from './budget.ts'
import { openSite } from './site.ts'

const SIZES = [2, 10]
const REFRESHES = 20
const IDLE = 5000

/** What one tab may ask for, for one refresh, on average: localStorage comes late at times, and is read again. */
const BUDGETS: Record<string, number> = {
  'messages heard': 1,
  'storage reads': 8,
  'timers rung': 3,
  'locks asked': 1,
  transactions: 3,
}
/** What all tabs together may ask for. */
const IN_ALL = ['requests', 'messages sent', 'storage writes']

interface Tab {
  readonly counts: Record<string, number>
  refresh(): Promise<unknown>
  /** Resolves once the tab has heard of that generation. */
  reach(generation: number): Promise<void>
}

/** Runs in the page: counts at the browser's own edges, then starts a client. */
async function setUp(isFirst: boolean): Promise<void> {
  const counts: Record<string, number> = {}
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  const path = '/page.js'
  const { AuthClient, countCalls, webStorage }: typeof import('./page.ts') = await import(path)
  const watch = (owner: object, name: string, what: string): void => countCalls(owner, name, () => count(what))
  watch(Storage.prototype, 'getItem', 'storage reads')
  watch(Storage.prototype, 'setItem', 'storage writes')
  watch(Storage.prototype, 'removeItem', 'storage writes')
  watch(LockManager.prototype, 'request', 'locks asked')
  watch(IDBDatabase.prototype, 'transaction', 'transactions')
  watch(BroadcastChannel.prototype, 'postMessage', 'messages sent')
  watch(window, 'fetch', 'requests')
  const set = window.setTimeout
  Reflect.set(window, 'setTimeout', (callback: () => void, delay: number) =>
    set(() => {
      count('timers rung')
      callback()
    }, delay),
  )
  const { onmessage } = Object.getOwnPropertyDescriptors(BroadcastChannel.prototype)
  Object.defineProperty(BroadcastChannel.prototype, 'onmessage', {
    ...onmessage,
    set(listener: (event: MessageEvent) => void) {
      onmessage.set?.call(this, (event: MessageEvent) => {
        count('messages heard')
        listener(event)
      })
    },
  })

  const client = new AuthClient({ baseUrl: location.origin, storage: webStorage('local') })
  let known = 0
  let arrive: (() => void) | undefined
  client.on('refresh', ({ generation }) => {
    known = generation
    arrive?.()
  })
  const tab: Tab = {
    counts,
    refresh: () => client.getAccessToken({ forceRefresh: true }),
    async reach(generation) {
      while (known < generation) {
        await new Promise<void>((resolve) => {
          arrive = resolve
        })
      }
    },
  }
  Object.assign(window, { tab })
  if (isFirst) await client.login({})
  else await client.start()
}

const inPage = <Result>(
  page: Page,
  work: (tab: Tab, argument: number) => Result,
  argument = 0,
): Promise<Awaited<Result>> => page.evaluate(`(${work})(window.tab, ${argument})`)

const site = await openSite()
const system = await site.browser.newBrowserCDPSession()

/** The processor's time so far, in milliseconds, of all pages, and of the browser besides. */
async function cpuTime(): Promise<{ pages: number; browser: number }> {
  const { processInfo } = await system.send('SystemInfo.getProcessInfo')
  const time = (isPage: boolean): number =>
    processInfo.reduce((sum, { type, cpuTime }) => ((type === 'renderer') === isPage ? sum + cpuTime * 1000 : sum), 0)
  return { pages: time(true), browser: time(false) }
}

/** So many tabs, which renew one after the other. */
async function watch(size: number) {
  const context = await site.browser.newContext()
  const pages: Page[] = []
  site.server.generation = 0
  for (let index = 0; index < size; index += 1) {
    const page = await context.newPage()
    await page.goto(site.origin)
    await page.evaluate(setUp, index === 0)
    pages.push(page)
  }
  const [first] = pages
  if (!first) throw new Error('No page.')
  await sleep(1000) // what the start still has to do
  const forget = (): Promise<unknown> =>
    Promise.all(
      pages.map((page) =>
        inPage(page, ({ counts }) => {
          for (const name of Object.keys(counts)) delete counts[name]
        }),
      ),
    )
  const look = (): Promise<Record<string, number>[]> =>
    Promise.all(pages.map((page) => inPage(page, ({ counts }) => counts)))

  await forget()
  await sleep(IDLE)
  const idle = (await look()).flatMap((counts) => Object.values(counts)).reduce((sum, count) => sum + count, 0)

  /** Renews so often, and lets all tabs hear of it; without `refresh` it only asks them, which costs something, too. */
  const run = async (refresh: (tab: Tab) => unknown): Promise<{ pages: number; browser: number }> => {
    const before = await cpuTime()
    for (let done = 0; done < REFRESHES; done += 1) {
      await inPage(first, refresh)
      const { generation } = site.server
      await Promise.all(pages.map((page) => inPage(page, (tab, wanted) => tab.reach(wanted), generation)))
    }
    const after = await cpuTime()
    return { pages: after.pages - before.pages, browser: after.browser - before.browser }
  }
  await run(({ refresh }) => refresh())
  const asking = await run(() => undefined)
  await forget()
  const renewing = await run(({ refresh }) => refresh())
  const counts = await look()
  await context.close()
  const inAll = (what: string): number => counts.reduce((sum, each) => sum + (each[what] ?? 0), 0) / REFRESHES
  return {
    idle,
    refreshes: site.server.generation - 1 - REFRESHES,
    inAll,
    perTab: (what: string): number => inAll(what) / size,
    cpu: (renewing.pages - asking.pages) / REFRESHES / size,
    browserCpu: (renewing.browser - asking.browser) / REFRESHES / size,
  }
}

type Watched = Awaited<ReturnType<typeof watch>>
const watched: Watched[] = []
for (const size of SIZES) watched.push(await watch(size))
await site.close()

const row = (what: string, of: (each: Watched) => number, budget?: number, unit = ''): Budget => {
  const reached = watched.map(of)
  const numbers = reached.map((number) => Number(number.toFixed(2)))
  return { what: `${what}: ${numbers.join(', ')}`, reached: Math.max(...reached), budget, unit }
}
hold(
  `One refresh in Chromium, ${SIZES.join(' and ')} tabs: a tab on average, ${REFRESHES} refreshes`,
  [
    ...Object.entries(BUDGETS).map(([what, budget]) => row(what, ({ perTab }) => perTab(what), budget)),
    ...IN_ALL.map((what) => row(`${what} in all`, ({ inAll }) => inAll(what), 1)),
    row('CPU time of a page', ({ cpu }) => cpu, undefined, 'ms'),
    row('CPU time of the browser, by tab', ({ browserCpu }) => browserCpu, undefined, 'ms'),
    row(`anything at all in ${IDLE / 1000} idle seconds`, ({ idle }) => idle, 0),
  ],
  { 'each refresh was one': watched.every(({ refreshes }) => refreshes === REFRESHES) },
)
