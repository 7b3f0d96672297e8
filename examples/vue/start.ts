import vue from '@vitejs/plugin-vue'
import { type App, runApp } from '../start-app.ts'

/** The app of this folder. */
export const app: App = { root: import.meta.dirname, plugins: [vue()] }

if (import.meta.main) await runApp('Vue', app)
