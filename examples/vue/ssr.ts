import { jsonBackend, memoryStorage, type TokenResponse } from 'latchkey'
import { createSSRApp } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createMemoryHistory } from 'vue-router'
import { createTodoApp } from './app.ts'
import { type Credentials, createClient, type User } from './client.ts'
import type { HandedOver } from './hydrate.ts'

/** A request for a page. */
export interface PageRequest {
  /** The address of the API. */
  readonly baseUrl: string
  /** Which page is wanted. */
  readonly path: string
  /** The tokens of whoever asks, good for as long as the page needs: your server knows them. */
  readonly initial?: TokenResponse<User> | undefined
}

/** A page as HTML. */
export interface RenderedPage {
  /** Which page it is: redirect there if another one was asked for. */
  readonly path: string
  /** What belongs into `<div id="app">`. */
  readonly html: string
  /** A script without code, for the page to go on with. It has the access token: send `Cache-Control: no-store`. */
  readonly script: string
}

/** Renders a page for one person: nothing here outlives the request, so nobody sees what is another's. */
export async function renderPage({ baseUrl, path, initial }: PageRequest): Promise<RenderedPage> {
  const client = createClient(baseUrl, {
    initial,
    backend: jsonBackend<Credentials, User>({ baseUrl, refresh: false, user: 'me' }), // the cookie is the browser's
    storage: memoryStorage(),
    refresh: { when: 'on-demand' },
  })
  try {
    const { app, router, pinia } = createTodoApp(client, createMemoryHistory(), createSSRApp)
    await client.start()
    await router.push(path)
    const html = await renderToString(app)
    const script = scriptOf({ initial, stores: pinia.state.value })
    return { path: router.currentRoute.value.fullPath, html, script }
  } finally {
    client.dispose()
  }
}

function scriptOf(handedOver: HandedOver): string {
  const json = JSON.stringify(handedOver).replaceAll('<', '\\u003c') // or a to-do named </script> would end it
  return `<script type="application/json" id="handed-over">${json}</script>`
}
