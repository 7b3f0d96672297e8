import { AuthClient, webStorage } from 'latchkey'
import { baseUrl } from './config.js'

const auth = new AuthClient({
  baseUrl,
  storage: webStorage('local'),
  refresh: {
    worker: () =>
      new SharedWorker(new URL('./refresh.worker.js', import.meta.url), {
        type: 'module',
        name: 'auth',
        extendedLifetime: true,
      }),
  },
})
globalThis.auth = auth
await auth.start()
document.body.textContent = auth.state.status
