import { type App, host, runApp } from '../start-app.ts'
import { passkeyRoutes } from './passkey-routes.ts'

/** The app of this folder. */
export const app: App = {
  root: import.meta.dirname,
  refreshTokenIn: 'body',
  routes: (parts) => passkeyRoutes(parts, { id: host, name: 'Latchkey' }),
}

if (import.meta.main) {
  await runApp('passkeys', app, 'Sign in once as johndoe or admin, password123, and add a passkey.')
}
