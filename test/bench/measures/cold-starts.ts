/** How long a page takes from the import to the first authorised answer, with a session that was stored before. */
import type { Browser, BrowserContext, Page } from 'playwright'
import { launchChromium } from '../../browser/ensure-browser.ts'
import { jwt } from '../../support/jwt.ts'
import type { Plan } from '../plan.ts'
import { bundle } from '../stages/bundle.ts'
import { openSite } from '../stages/site.ts'
import { createShuffle } from '../statistics.ts'

export const BY_HAND = 'ky + localStorage by hand'
export const BY_HAND_AGAIN = 'the same, again'
const STARTERS = [
  { name: BY_HAND, entry: 'cold/by-hand.ts' },
  { name: BY_HAND_AGAIN, entry: 'cold/by-hand.ts' },
  { name: 'Latchkey auth.http', entry: 'cold/latchkey.ts' },
  { name: 'latchkey/core auth.fetch', entry: 'cold/core.ts' },
]

/** Milliseconds on the wall by starter, one figure a round. */
export type ColdStarts = ReadonlyMap<string, readonly number[]>

const claims = { iss: 'https://id.example.com', sub: 'ada', iat: 1_800_000_000, exp: 4_000_000_000, scope: 'todos' }
/** As long as one that RS256 has signed. */
const TOKEN = jwt(claims) + 'c2ln'.repeat(82)

export async function measureColdStarts(plan: Plan): Promise<ColdStarts> {
  const shuffle = createShuffle(plan.seed)
  const browser = await launchChromium()
  const undo: (() => unknown)[] = [() => browser.close()]
  try {
    const starters = []
    for (const { name, entry } of STARTERS) {
      const { folder, remove } = await bundle(entry, 'browser')
      const site = await openSite(folder)
      undo.push(remove, site.close)
      starters.push({ name, origin: site.origin, context: await seed(browser, site.origin) })
    }
    const starts = new Map<string, number[]>()
    // The first round warms the browser up.
    for (let round = -1; round < plan.coldStarts; round += 1) {
      for (const { name, origin, context } of shuffle(starters)) {
        const milliseconds = await start(context, origin)
        if (round >= 0) starts.set(name, [...(starts.get(name) ?? []), milliseconds])
      }
    }
    return starts
  } finally {
    for (const each of undo) await each()
  }
}

async function visit<T>(context: BrowserContext, origin: string, act: (page: Page) => Promise<T>): Promise<T> {
  const page = await context.newPage()
  try {
    await page.goto(origin)
    return await act(page)
  } finally {
    await page.close()
  }
}

/** A browser in which somebody has signed in; what then lies in localStorage and IndexedDB is where each start begins. */
async function seed(browser: Browser, origin: string): Promise<BrowserContext> {
  const context = await browser.newContext()
  await visit(context, origin, (page) =>
    page.evaluate(
      async ([path, token]) => {
        const { seed } = await import(path)
        await seed(token)
      },
      [`${origin}/main.mjs`, TOKEN] as const,
    ),
  )
  return context
}

/** A new page in it, as after a reload. */
function start(context: BrowserContext, origin: string): Promise<number> {
  return visit(context, origin, (page) =>
    page.evaluate(async (path) => {
      const start = performance.now()
      const { run } = await import(path)
      const answer = await run()
      if (answer.id !== 1) throw new Error('Nobody was signed in.')
      return performance.now() - start
    }, `${origin}/main.mjs`),
  )
}
