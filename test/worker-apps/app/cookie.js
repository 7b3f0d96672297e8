import { AuthClient, jsonBackend } from 'latchkey'
import { baseUrl } from './config.js'

const auth = new AuthClient({
  baseUrl,
  backend: jsonBackend({ baseUrl, refreshVia: 'cookie' }),
  refresh: {
    worker: () =>
      new SharedWorker(new URL('./cookie.worker.js', import.meta.url), {
        type: 'module',
        name: 'auth',
        extendedLifetime: true,
      }),
  },
})
globalThis.auth = auth
await auth.start()
document.body.textContent = auth.state.status
