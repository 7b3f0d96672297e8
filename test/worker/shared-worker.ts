import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type AuthBackend, jsonBackend } from 'latchkey'
import { type HostOptions, hostRefresh } from 'latchkey/worker'
import { onTestFinished, vi } from 'vitest'
import type { TabLife } from '../../src/testing/virtual/tab-life.ts'
import type { AuthServer } from '../support/auth-server.ts'
import {
  type BrowserOptions,
  forget,
  formOf,
  openBrowser,
  pass,
  type Tab,
  type TabOptions,
} from '../tabs/several-tabs.ts'

/** A SharedWorker whose file does nothing but `hostRefresh`; it runs here. */
export type Worker = ReturnType<typeof startWorker>

export function startWorker(backend: AuthBackend<object, unknown>, options?: HostOptions) {
  const ports = new Set<MessagePort>()
  const asked: { readonly call?: string }[] = []
  const listening = vi.spyOn(globalThis, 'addEventListener')
  hostRefresh(backend, options)
  const [type, listener] = listening.mock.calls.at(-1) as [string, EventListener]
  listening.mockRestore()
  let isDead = false
  const stop = (): void => {
    isDead = true
    globalThis.removeEventListener(type, listener)
    for (const port of ports) port.close()
    ports.clear()
  }
  onTestFinished(stop)

  const connect = (): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    if (!isDead) globalThis.dispatchEvent(Object.assign(new Event('connect'), { ports: [port2] }))
    for (const port of [port1, port2]) {
      ports.add(port)
      port.on('close', () => ports.delete(port))
    }
    return port1
  }

  return {
    /** A port to the worker, as a page that knows nothing of Latchkey has it. */
    connect,
    /** The worker as `tab` has it. */
    of(tab: TabLife): SharedWorker {
      const inner = connect()
      tab.whenGone(() => inner.close())
      const port = {
        onmessage: null as ((event: { data: unknown }) => void) | null,
        postMessage(data: unknown) {
          if (tab.isGone) return
          asked.push(data as object)
          inner.postMessage(data)
        },
        close: () => inner.close(),
      }
      inner.on('message', async (data) => {
        await tab.awake()
        port.onmessage?.({ data })
      })
      return { port } as unknown as SharedWorker
    },
    /** What the tabs have asked of it. */
    asked,
    /** The process of the worker is gone. */
    stop,
    /** How many ends of ports are open. */
    get ports() {
      return ports.size
    },
  }
}

/** A worker that calls `server` as its pages do. */
export function workerFor(server: AuthServer, refreshVia?: 'body' | 'cookie'): Worker {
  return startWorker(jsonBackend({ baseUrl: server.baseUrl, refreshVia }), { fetch: server.fetch })
}

/** A browser with Ada signed in, in so many tabs, whose refreshes are made by a worker. */
export async function openHostedTabs(count: number, options: BrowserOptions = {}, tabOptions: TabOptions = {}) {
  const browser = openBrowser(options)
  const { server } = browser
  const worker = workerFor(server, options.server?.refreshVia === 'cookie' ? 'cookie' : 'body')
  /** Opens a tab; its worker may be another one. */
  const start = async (own: TabOptions = {}): Promise<Tab> => {
    const refresh = { worker: (): SharedWorker => worker.of(tab), ...tabOptions.refresh, ...own.refresh }
    const tab: Tab = browser.open({ ...tabOptions, ...own, refresh })
    const started = tab.client.start()
    await pass(100)
    await started
    return tab
  }
  const tabs = [await start(), ...[]] as unknown as [Tab, Tab, ...Tab[]]
  const login = tabs[0].client.login(formOf())
  await pass()
  await login
  while (tabs.length < count) tabs.push(await start())
  forget(tabs)
  server.requests.length = 0
  browser.posted.length = 0
  return { ...browser, worker, start, tabs }
}
