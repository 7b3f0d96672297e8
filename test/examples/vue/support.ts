import { flushPromises } from '@vue/test-utils'
import { memoryStorage, type TokenResponse, type TokenStorage } from 'latchkey'
import { delay, HttpResponse, http } from 'msw'
import { onTestFinished, vi } from 'vitest'
import { type App, type Component, createApp, defineComponent, h, onUpdated } from 'vue'
import { createMemoryHistory } from 'vue-router'
import { createTodoApp } from '../../../examples/vue/app.ts'
import { type Client, createClient, type User } from '../../../examples/vue/client.ts'
import { type AuthServer, createAuthServer } from '../../support/auth-server.ts'
import { jwt } from '../../support/jwt.ts'
import { network } from '../../support/network.ts'

/** Who signs in at the server of {@link setUp}. */
export const ADA = { id: 'ada', username: 'ada', name: 'Ada', email: 'ada@example.com' }
export const FORM = { username: 'ada', password: 'secret' }

/** A client of the example and its server, with nobody signed in; both are gone when the test has finished. */
export function setUp({
  baseUrl = 'https://api.test',
  storage = memoryStorage(),
}: {
  baseUrl?: string
  storage?: TokenStorage
} = {}): { client: Client; server: AuthServer } {
  const server = createAuthServer({ baseUrl, refreshVia: 'cookie', user: ADA })
  network.use(...server.handlers)
  const client = createClient(baseUrl, { storage })
  onTestFinished(() => {
    client.dispose()
    globalThis.localStorage?.clear() // the mark of a cookie that is gone
  })
  return { client, server }
}

/** Tokens of a person whose name is `sub`. */
export function tokensOf(sub: string, roles: readonly string[] = []): TokenResponse<User> {
  const user = { id: sub, username: sub, name: sub, email: `${sub}@example.com` }
  return { accessToken: jwt({ sub, roles, exp: Math.floor(Date.now() / 1000) + 300 }), user }
}

/** Signs in with such tokens, past the server. */
export function enter(client: Client, sub: string, roles?: readonly string[]): Promise<unknown> {
  return client.setTokens(tokensOf(sub, roles))
}

/** An API where each person has a to-do that names them, and Ada's comes late; hands back who has asked. */
export function serveTodos(baseUrl: string, title = (sub: string) => `to-do of ${sub}`): string[] {
  const asked: string[] = []
  network.use(
    http.get(`${baseUrl}/todos`, async ({ request }) => {
      const [, payload = ''] = request.headers.get('authorization')?.split('.') ?? []
      const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }
      asked.push(sub)
      if (sub === 'ada') await delay(30)
      return HttpResponse.json([{ id: '1', title: title(sub), done: false }])
    }),
  )
  return asked
}

/** Mounts an app of one component on `client`; it is unmounted when the test has finished. */
export function mountWith(plugin: { install(app: App): void }, component: Component) {
  const element = document.body.appendChild(document.createElement('div'))
  const app = createApp(component).use(plugin)
  app.mount(element)
  onTestFinished(() => {
    app.unmount()
    element.remove()
  })
  return { app, element }
}

/** A component that shows what `setup` hands back, and counts how often it is rendered again. */
export function counting(setup: () => () => unknown): { component: Component; updates: () => number } {
  let updates = 0
  const component = defineComponent(() => {
    onUpdated(() => {
      updates += 1
    })
    const read = setup()
    return () => h('p', String(read()))
  })
  return { component, updates: () => updates }
}

/** Mounts the whole app of the example at `path`. */
export async function openApp(client: Client, path: string) {
  const { app, ...parts } = createTodoApp(client, createMemoryHistory())
  const element = document.body.appendChild(document.createElement('div'))
  onTestFinished(() => {
    app.unmount()
    element.remove()
  })
  await parts.router.push(path)
  app.mount(element)
  await flushPromises()
  return { app, element, ...parts }
}

/** Waits until `isTrue`, on a busy computer, too. */
export function until(isTrue: () => unknown): Promise<unknown> {
  return vi.waitUntil(isTrue, { timeout: 20_000 })
}

export { flushPromises }
