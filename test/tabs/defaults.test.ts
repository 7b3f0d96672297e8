import { locks as nodeLocks } from 'node:worker_threads'
import { memoryStorage, webStorage } from 'latchkey'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { all, FIRST_RENEWAL, forget, formOf, openBrowser, pass } from './several-tabs.ts'

beforeEach(() => localStorage.clear())

/** Two clients on one page, with the edges that a browser gives them: they behave as two tabs. */
async function twoClients() {
  Object.defineProperty(navigator, 'locks', { value: nodeLocks, configurable: true })
  onTestFinished(() => void Reflect.deleteProperty(navigator, 'locks'))
  const browser = openBrowser({ isReal: true })
  const options = { storage: webStorage('local') }
  const tabs = [await browser.start(options), await browser.start(options)] as const
  await all([tabs[0].client.login(formOf())], 100)
  await pass(100)
  return { ...browser, tabs }
}

describe('two clients with the edges of the browser', () => {
  it('renew once for both', async () => {
    const { server, tabs } = await twoClients()
    expect(tabs[1].heard('login')).toMatchObject([{ origin: 'other-tab' }])
    forget(tabs)
    await pass(FIRST_RENEWAL)
    await pass(500)
    expect(server.refreshes).toBe(1)
    for (const { heard, token } of tabs) {
      expect(heard('refresh')).toHaveLength(1)
      expect(await token).toBe(server.current.accessToken)
    }
    const held = await nodeLocks.query()
    expect([held.held, held.pending]).toEqual([[], []])
  })

  it('T12: call out one word on the channel, which any script may hear', async () => {
    const { tabs } = await twoClients()
    const heard: unknown[] = []
    const spy = new BroadcastChannel('latchkey')
    spy.onmessage = ({ data }) => void heard.push(data)
    onTestFinished(() => spy.close())
    await all([tabs[1].client.getAccessToken({ forceRefresh: true })], 100)
    await all([tabs[0].client.logout()], 3000)
    expect(heard.length).toBeGreaterThanOrEqual(2)
    expect(new Set(heard)).toEqual(new Set(['changed']))
    expect(tabs[1].heard('logout')).toMatchObject([{ origin: 'other-tab' }])
  })

  it('T12: believe no forged storage event', async () => {
    const { tabs, server } = await twoClients()
    await pass(3000)
    forget(tabs)
    for (const key of [null, 'latchkey']) window.dispatchEvent(new StorageEvent('storage', { key, newValue: null }))
    await pass(3000)
    for (const { events, client } of tabs) {
      expect(events).toEqual([])
      expect(client.state).toMatchObject({ status: 'authenticated' })
    }
    expect(server.refreshes).toBe(0)
  })

  it('F23: believe a storage event of which the storage itself says the same', async () => {
    const { tabs } = await twoClients()
    await pass(3000)
    localStorage.clear()
    window.dispatchEvent(new StorageEvent('storage', { key: null, newValue: null }))
    await pass(3000)
    for (const { heard } of tabs) expect(heard('logout')).toMatchObject([{ reason: 'storage-cleared' }])
  })

  it('F39: leave nothing on the page when they are disposed of', async () => {
    const listening = [window, document].map((target) => vi.spyOn(target, 'addEventListener'))
    onTestFinished(() => void vi.restoreAllMocks())
    const { tabs } = await twoClients()
    const listeners = listening.flatMap(({ mock }) => mock.calls)
    for (const { client } of tabs) client.dispose()
    expect(listeners.length).toBeGreaterThan(10)
    for (const [, , options] of listeners) expect(options).toMatchObject({ signal: { aborted: true } })
    expect(listeners.map(([name]) => name)).not.toContain('unload')
    for (const { timers } of tabs) expect(timers).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('go on when an element says `freeze`, as an animation does', async () => {
    const { tabs } = await twoClients()
    document.body.appendChild(document.createElement('div')).dispatchEvent(new CustomEvent('freeze'))
    await all(
      tabs.map(({ client }) => client.getAccessToken({ forceRefresh: true })),
      5000,
    )
  })

  it('share nothing where the storage is their own memory: no channel, no lock, no database', async () => {
    const opened = vi.fn()
    const { start, server } = openBrowser({ isReal: true })
    vi.stubGlobal(
      'BroadcastChannel',
      class {
        constructor() {
          opened('channel')
        }
      },
    )
    vi.stubGlobal('indexedDB', { open: () => opened('database') })
    const tab = await start({ storage: memoryStorage() })
    await all([tab.client.login(formOf())])
    await all([tab.client.getAccessToken({ forceRefresh: true })])
    await all([tab.client.logout()])
    expect(opened).not.toHaveBeenCalled()
    expect(server.refreshes).toBe(1)
  })
})
