import { expect, it } from 'vitest'
import { closeInMidRefresh, counting, type Scene } from './scene.ts'
import { workersOf } from './tab.ts'

/** What holds wherever the app was built. */
export function keepsItsPromises(scene: Scene, path?: string): void {
  it('the worker makes the refresh, the page does not', async () => {
    const { api, browser, site } = scene
    const tab = await scene.enter(path)
    const first = await tab.token()
    const counts = await counting(api, async () => {
      expect(await tab.renew()).not.toBe(first)
    })
    expect(counts).toEqual({ refreshes: 1, refused: 0, reuses: 0 })
    expect(await tab.called(api.url)).toEqual(['/login'])
    const workers = await workersOf(browser, site.origin)
    expect(await Promise.all(workers.map((worker) => worker.called(api.url)))).toEqual([['/refresh']])
    expect((await tab.explain()).map(({ what }) => what)).not.toContain('no worker')
  })

  it('two tabs share it, and the one finishes what the other has begun', async () => {
    const { api, browser, site } = scene
    const one = await scene.enter(path)
    const other = await scene.open(path)
    expect(await other.status()).toBe('authenticated')
    await expect.poll(async () => (await workersOf(browser, site.origin)).length).toBe(1)
    api.latency = 300
    const together = await counting(api, async () => {
      const [token, same] = await Promise.all([one.renew(), other.renew()])
      expect(token).toBe(same)
    })
    expect(together).toEqual({ refreshes: 1, refused: 0, reuses: 0 })

    const first = await other.token()
    const inTurn = await counting(api, async () => {
      await closeInMidRefresh(one, api)
      expect(await other.renew()).not.toBe(first)
    })
    expect(inTurn).toEqual({ refreshes: 1, refused: 0, reuses: 0 })
    expect(await other.called(api.url)).toEqual([])
  })

  it('the only tab, closed in mid-refresh, leaves the new tokens to the next', async () => {
    const { api } = scene
    const tab = await scene.enter(path)
    const first = await tab.token()
    const counts = await counting(api, async () => {
      await closeInMidRefresh(tab, api)
      const next = await scene.open(path)
      const token = await next.renew()
      expect(token).not.toBe(first)
      api.latency = 0
      expect(await next.renew()).not.toBe(token) // by the refresh token that the closed tab has never seen
      expect(await next.called(api.url)).toEqual([])
    })
    expect(counts).toEqual({ refreshes: 2, refused: 0, reuses: 0 })
  })
}
