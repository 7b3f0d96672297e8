import { run } from 'MIGRATING.md/axios-jwt.ts'
import { AuthClient, webStorage } from 'latchkey'

/** An app that begins when it is told, as the document says, and then asks its API for something. */
const starting = new BroadcastChannel('start')
const told = new Promise((resolve) => {
  starting.onmessage = resolve
})
Object.assign(globalThis, { isReady: true })
await told
const auth = new AuthClient({ baseUrl: '/api', storage: webStorage('local') })
let logins = 0
let logouts = 0
auth.on('login', ({ origin }) => {
  if (origin === 'this-tab') logins += 1
})
auth.on('logout', () => {
  logouts += 1
})
await run({ auth })
const { status } = auth.state
const { ok } = await auth.fetch('/api/todos')
Object.assign(globalThis, { outcome: { status, ok, logins }, logoutsUntilNow: () => logouts })
