import { AuthClient, jsonBackend, webStorage } from 'latchkey'
import { defineDevtools, type LatchkeyDevtoolsElement } from 'latchkey/devtools'

declare const __API__: string

const auth = new AuthClient({
  baseUrl: __API__,
  backend: jsonBackend({ baseUrl: __API__, refreshVia: 'cookie' }),
  storage: webStorage('local'),
  http: { retry: 0 },
})
const asked = new URLSearchParams(location.search)
document.documentElement.className = asked.get('scheme') ?? ''

defineDevtools()
const devtools = document.createElement('latchkey-devtools')
devtools.auth = auth
devtools.view = (asked.get('view') ?? 'dock') as LatchkeyDevtoolsElement['view']
document.querySelector('main')?.append(devtools)

document.querySelector('#todos')?.addEventListener('click', () => {
  auth.http.get('todos').catch(() => undefined) // the timeline tells
})
await auth.start()
Object.assign(globalThis, { auth, devtools })
