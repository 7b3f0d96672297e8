import vue from '@vitejs/plugin-vue'
import { type App, type Example, type ExampleOptions, runApp, startApp } from '../start-app.ts'

const app: App = { root: import.meta.dirname, plugins: [vue()] }

/** Starts the example server, and the page of examples/vue. */
export function startVue(options?: ExampleOptions): Promise<Example> {
  return startApp(app, options)
}

if (import.meta.main) await runApp('Vue', app)
