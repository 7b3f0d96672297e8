import { createPinia } from 'pinia'
import { createApp } from 'vue'
import type { RouterHistory } from 'vue-router'
import App from './App.vue'
import { createAuth } from './auth.ts'
import type { Client } from './client.ts'
import { forgetWithSession } from './forget.ts'
import { createAppRouter } from './router.ts'

/** Puts an app together, and mounts it nowhere yet: the page, the server and the tests do so each in their way. */
export function createTodoApp(client: Client, history: RouterHistory, create: typeof createApp = createApp) {
  const auth = createAuth(client)
  const router = createAppRouter(auth, history)
  const pinia = createPinia().use(forgetWithSession)
  const app = create(App).use(auth).use(pinia).use(router)
  return { app, auth, router, pinia }
}
