/** Chromium, with a context, and so a process, for each subject. */
import { launchChromium } from '../../browser/ensure-browser.ts'
import { bundle } from './bundle.ts'
import { openSite } from './site.ts'
import type { Stage, Stand } from './stage.ts'

export async function openChromium(): Promise<Stage> {
  const { folder, remove } = await bundle('realm/page.ts', 'browser')
  const site = await openSite(folder)
  const browser = await launchChromium()
  return {
    name: `Chromium ${browser.version()}`,
    hasWindow: true,
    counts: "of the page's main thread",
    async open(subject) {
      const context = await browser.newContext()
      const page = await context.newPage()
      await page.goto(site.origin)
      await page.evaluate((path) => import(path), `${site.origin}/main.mjs`)
      const session = await context.newCDPSession(page)
      await session.send('Performance.enable', { timeDomain: 'threadTicks' })
      const cpu = async (): Promise<number> => {
        const { metrics } = await session.send('Performance.getMetrics')
        return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
      }
      const call = async (name: string, ...args: readonly unknown[]) => {
        const before = await cpu()
        const result = await page.evaluate(
          ([name, args]) => {
            const { realm } = globalThis as unknown as { realm: Record<string, (...args: unknown[]) => unknown> }
            return realm[name]?.(...args)
          },
          [name, args] as const,
        )
        return { result, cpu: (await cpu()) - before }
      }
      return { subject, call: call as Stand['call'], close: () => context.close() }
    },
    async close() {
      await browser.close()
      await site.close()
      remove()
    },
  }
}
