import { type AuthBackend, jsonBackend } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, FIRST_RENEWAL, formOf, LIFETIME, openBrowser, openTabs, pass, type Tab } from '../tabs/several-tabs.ts'
import { openHostedTabs, startWorker, workerFor } from './shared-worker.ts'

const forced = { forceRefresh: true }
const NO_WORKER = /no worker: /
const deaf = (): SharedWorker =>
  ({ port: { postMessage: () => undefined, close: () => undefined, onmessage: null } }) as unknown as SharedWorker

const BROKEN: [string, () => SharedWorker][] = [
  [
    'whose file the page’s policy forbids',
    () => {
      throw new TypeError('This document requires TrustedScriptURL assignment.')
    },
  ],
  ['that never answers', deaf],
  ['that is no worker', () => ({}) as SharedWorker],
  [
    'whose file cannot be loaded',
    () => {
      const worker = deaf()
      setTimeout(() => worker.onerror?.(new ErrorEvent('error')), 100)
      return worker
    },
  ],
]

describe.each(BROKEN)('a worker %s', (_, worker) => {
  it('T21: is done without: the pages make their own calls, one for all, in turn', async () => {
    const { server, tabs } = await openTabs(3, {}, { refresh: { worker } })
    await pass(4000)
    await pass(FIRST_RENEWAL)
    expect(server.refreshes).toBe(1)
    for (const { heard, why, token, reported } of tabs) {
      expect(heard('refresh')).toHaveLength(1)
      expect(await token).toBe(server.current.accessToken)
      expect(why().split(NO_WORKER)).toHaveLength(2)
      expect(reported).toEqual([])
    }
  })

  it('T21: delays the first page by four seconds at most', async () => {
    const { server, tabs } = await openTabs(1, {}, { refresh: { worker, when: 'on-demand' } })
    const asked = watch(tabs[0].client.getAccessToken(forced))
    await pass(4100)
    expect(asked.value).toBe(server.current.accessToken)
    const again = watch(tabs[0].client.getAccessToken(forced))
    await pass()
    expect(again.value).toBe(server.current.accessToken)
  })
})

describe('a worker that dies', () => {
  /** A worker in whose place another one can be started. */
  async function mortal(count = 2) {
    const browser = openBrowser()
    const first = workerFor(browser.server)
    const place = { worker: first, starts: 0 }
    const tabs: Tab[] = []
    for (let index = 0; index < count; index += 1) {
      const worker = (): SharedWorker => {
        place.starts += 1
        return place.worker.of(tab)
      }
      const tab: Tab = browser.open({ refresh: { worker, when: 'on-demand' } })
      await all([tab.client.start()])
      tabs.push(tab)
    }
    await all([(tabs[0] as Tab).client.login(formOf())])
    return { ...browser, tabs: tabs as [Tab, Tab], first, place }
  }

  it('between two refreshes is started again', async () => {
    const { server, tabs, first, place } = await mortal()
    await all([tabs[0].client.getAccessToken(forced)])
    expect(place.starts).toBe(2)
    first.stop()
    place.worker = workerFor(server)
    const asked = watch(tabs[0].client.getAccessToken(forced))
    await pass(2500)
    expect(asked.value).toBe(server.current.accessToken)
    expect(place.starts).toBe(3)
    expect(tabs[0].sent.filter(({ path }) => path === '/refresh')).toEqual([])
    expect(tabs[0].why()).not.toMatch(NO_WORKER)
  })

  it('for good is done without', async () => {
    const { server, tabs, first, place } = await mortal()
    await all([tabs[0].client.getAccessToken(forced)])
    first.stop()
    const asked = watch(tabs[0].client.getAccessToken(forced))
    await pass(5000)
    expect(asked.value).toBe(server.current.accessToken)
    expect(tabs[0].sent.filter(({ path }) => path === '/refresh')).toHaveLength(1)
    expect(tabs[0].why()).toMatch(NO_WORKER)
    expect(place.starts).toBe(3)
  })

  it('F43: in the middle of its call takes the answer with it: told as `timeout`, then as `refresh_lost`', async () => {
    const { server, tabs, first } = await mortal()
    server.slowDown('refresh', 5000)
    const asked = watch(tabs[0].client.getAccessToken(forced))
    await pass(1000)
    first.stop()
    await pass(9500)
    expect(asked.error).toMatchObject({ code: 'timeout' })
    expect(tabs[0].client.state).toMatchObject({ status: 'authenticated' })
    server.slowDown('refresh', 0)
    const again = watch(tabs[0].client.getAccessToken(forced))
    await pass(8000)
    expect(again.error).toMatchObject({ code: 'login_required' })
    for (const { heard } of tabs) expect(heard('logout')).toMatchObject([{ reason: 'revoked' }])
    expect(server.refreshes).toBe(2)
  })

  it('F43: in the middle of its call costs nobody anything where the server is lenient', async () => {
    const browser = await openHostedTabs(2, { server: { rotates: false } }, { refresh: { when: 'on-demand' } })
    const { server, tabs, worker } = browser
    server.failNext('refresh', 'hang')
    await pass(LIFETIME)
    const asked = tabs.map(({ token }) => watch(token))
    await pass(500)
    worker.stop()
    await pass(17_500)
    expect(asked.map(({ status }) => status)).not.toContain('pending')
    const results = await all(
      tabs.map(({ token }) => token),
      10_000,
    )
    expect(results.map((each) => each.status === 'fulfilled' && each.value)).toEqual(
      Array(2).fill(server.current.accessToken),
    )
    for (const { heard } of tabs) expect(heard('logout')).toEqual([])
  })
})

describe('a client with a worker', () => {
  it('F39: hangs up when it is disposed of', async () => {
    const { tabs, worker, locks } = await openHostedTabs(2)
    await all([tabs[0].client.getAccessToken(forced)])
    expect(worker.ports).toBe(4)
    for (const { client } of tabs) client.dispose()
    await pass(3000)
    expect(worker.ports).toBe(0)
    expect(locks.length).toBe(0)
    for (const { timers } of tabs) expect(timers).toBe(0)
  })

  it('F39: that is disposed of during its call takes the answer first, for the other tabs', async () => {
    const { server, tabs, worker, area } = await openHostedTabs(2)
    const [first, second] = tabs
    server.slowDown('refresh', 2000)
    const asked = watch(first.client.getAccessToken(forced))
    await pass(500)
    first.client.dispose()
    await pass()
    expect(asked.error).toMatchObject({ code: 'disposed' })
    expect(worker.ports).toBe(4)
    await pass(2000)
    expect(area.items.get('latchkey')).toContain(server.current.refreshToken)
    expect(worker.ports).toBe(2)
    expect(first.timers).toBe(0)
    second.emit('focus')
    await pass(500)
    expect(await second.token).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })

  it('F39: that is disposed of while it asks for the worker starts no other one', async () => {
    let starts = 0
    const browser = openBrowser()
    const place = workerFor(browser.server)
    const tab: Tab = browser.open({
      refresh: {
        worker: () => {
          starts += 1
          return place.of(tab)
        },
      },
    })
    await all([tab.client.login(formOf())], 100)
    watch(tab.client.getAccessToken(forced))
    const isAsked = (): boolean => place.asked.at(-1)?.call === 'ping'
    expect(isAsked()).toBe(false)
    while (!isAsked()) await undefined
    tab.client.dispose()
    await pass(5000)
    expect([starts, place.ports, tab.timers]).toEqual([1, 0, 0])
  })

  it('starts it once, and only when it begins', async () => {
    const { open } = openBrowser()
    let starts = 0
    const tab = open({
      refresh: {
        worker: () => {
          starts += 1
          return deaf()
        },
      },
    })
    expect(starts).toBe(0)
    const started = watch(tab.client.start())
    await pass()
    expect(started.status).toBe('fulfilled')
    expect(starts).toBe(1)
  })
})

describe('the backend in the worker', () => {
  /** One tab, whose worker has `backend` and `options`. */
  async function withBackend(
    make: (baseUrl: string, fetch: typeof globalThis.fetch) => ReturnType<typeof startWorker>,
    baseUrl = 'https://api.test',
  ) {
    const browser = openBrowser({ server: { baseUrl } })
    const worker = make(baseUrl, browser.server.fetch)
    const tab: Tab = browser.open({ allowInsecure: ['api.lan'], refresh: { worker: () => worker.of(tab) } })
    await all([tab.client.login(formOf())], 100)
    return { ...browser, tab }
  }

  it('T4: that throws what may hold a token is told as `server_error`, without it', async () => {
    const refresh: AuthBackend['refresh'] = async ({ refreshToken }) => {
      throw Object.assign(new Error(`cannot use ${refreshToken}`), { refreshToken })
    }
    const { tab, server } = await withBackend((baseUrl) => startWorker({ ...jsonBackend({ baseUrl }), refresh }))
    const asked = watch(tab.client.getAccessToken(forced))
    await pass(500)
    expect(asked.error).toMatchObject({ name: 'AuthError', code: expect.stringMatching(/server_error|network/) })
    const told = JSON.stringify([tab.events, tab.why(), String(asked.error), tab.reported.map(String)])
    for (const token of server.issued) expect(told).not.toContain(token)
  })

  it('T6: sends no token over plain http, but to hosts that `allowInsecure` names', async () => {
    const insecure = 'http://api.lan'
    const refused = await withBackend((baseUrl, fetch) => startWorker(jsonBackend({ baseUrl }), { fetch }), insecure)
    const asked = watch(refused.tab.client.getAccessToken(forced))
    await pass(500)
    expect(asked.error).toMatchObject({ code: 'insecure_url' })
    expect(refused.server.refreshes).toBe(0)
    refused.tab.client.dispose()
    const allowed = await withBackend(
      (baseUrl, fetch) => startWorker(jsonBackend({ baseUrl }), { fetch, allowInsecure: ['api.lan'] }),
      insecure,
    )
    const again = watch(allowed.tab.client.getAccessToken(forced))
    await pass(500)
    expect(again.value).toBe(allowed.server.current.accessToken)
  })
})
