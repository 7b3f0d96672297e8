import { expect, it } from 'vitest'
import { nameAddresses } from './project.ts'
import { closeInMidRefresh, counting, setTheScene } from './scene.ts'
import { filesOf } from './site.ts'
import { workersOf } from './tab.ts'

const path = '/cookie.html'
const scene = setTheScene(async (folder, site) => {
  nameAddresses(folder)
  site.serve = filesOf(folder)
  return async () => undefined
}, 'cookie')

it('the worker makes the refreshes, by requests that ask for `keepalive`', async () => {
  const { api, browser, site } = scene
  const one = await scene.enter(path)
  const first = await one.token()
  expect(await one.renew()).not.toBe(first)
  const other = await scene.open(path)
  expect(await other.status()).toBe('authenticated')

  expect(await one.called(api.url)).toEqual(['/login'])
  expect(await other.called(api.url)).toEqual([])
  const workers = await workersOf(browser, site.origin)
  const calls = await Promise.all(workers.map((worker) => worker.called(api.url)))
  expect(calls).toHaveLength(1)
  expect(new Set(calls.flat())).toEqual(new Set(['/refresh']))
  expect(await api.counts()).toMatchObject({ refreshesRefused: 0, reuses: 0 })
})

it('the only tab, closed in mid-refresh, leaves the new tokens to the next', async () => {
  const { api } = scene
  const tab = await scene.enter(path)
  const first = await tab.token()
  const counts = await counting(api, async () => {
    await closeInMidRefresh(tab, api)
    const next = await scene.open(path)
    const token = await next.token()
    expect(token).not.toBe(first)
    api.latency = 0
    expect(await next.renew()).not.toBe(token)
    expect(await next.called(api.url)).toEqual([])
  })
  expect(counts).toEqual({ refreshes: 2, refused: 0, reuses: 0 })
})
