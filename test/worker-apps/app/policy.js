import { AuthClient, webStorage } from 'latchkey'
import { baseUrl } from './config.js'

/** Under Trusted Types a worker's address is a script: the app names the one that may run. */
const policy = trustedTypes.createPolicy('latchkey-app', {
  createScriptURL: () => new URL('./refresh.worker.js', import.meta.url).href,
})

const auth = new AuthClient({
  baseUrl,
  storage: webStorage('local'),
  refresh: {
    worker: () =>
      new SharedWorker(policy.createScriptURL(''), { type: 'module', name: 'auth', extendedLifetime: true }),
  },
})
globalThis.auth = auth
await auth.start()
document.body.textContent = auth.state.status
