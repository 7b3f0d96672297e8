import type { TokenResponse } from 'latchkey'
import type { StateTree } from 'pinia'
import { createApp, createSSRApp } from 'vue'
import { createWebHistory } from 'vue-router'
import { createTodoApp } from './app.ts'
import { createClient, type User } from './client.ts'
import { personOf } from './forget.ts'

/** What the server gives the page to go on with. */
export interface HandedOver {
  /** The tokens that the page was rendered with. */
  readonly initial?: TokenResponse<User> | undefined
  /** What was in the Pinia stores. */
  readonly stores: Readonly<Record<string, StateTree>>
}

/** Brings a page to life that `ssr.ts` has rendered into `root`; instead of `main.ts`. */
export async function hydrate(baseUrl: string, root: Element) {
  const { initial, stores } = JSON.parse(document.getElementById('handed-over')?.textContent ?? '') as HandedOver
  const client = createClient(baseUrl, { initial })
  const person = () => (client.state.status === 'authenticated' ? (personOf(client.state) ?? Symbol()) : undefined)
  const rendered = person()
  await client.start().catch(() => undefined) // why a redirect login failed is told by the page that it comes back to
  const isSame = person() === rendered // else this browser knows better who is there: the page is rendered anew
  const { app, auth, router, pinia } = createTodoApp(client, createWebHistory(), isSame ? createSSRApp : createApp)
  if (isSame) pinia.state.value = stores
  await router.isReady()
  app.mount(root)
  return { app, auth, router, pinia }
}
