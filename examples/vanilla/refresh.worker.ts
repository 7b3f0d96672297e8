import { jsonBackend } from 'latchkey/core'
import { hostRefresh } from 'latchkey/worker'
import { createWire } from './wire.ts'

/** The page tells the mode by the worker's name: there is one worker for each. An app has one backend, and needs none of this. */
const mode = self.name.endsWith('cookie') ? 'cookie' : 'body'
const baseUrl = __API__[mode]
const backend =
  mode === 'cookie' ? jsonBackend({ baseUrl, refreshVia: 'cookie', user: 'me' }) : jsonBackend({ baseUrl })

/** All tabs draw what the worker sends: it is their call, whoever asked for it. */
const channel = new BroadcastChannel(`demo-wire-${mode}`)
const wire = createWire((call) => channel.postMessage(call), 'worker')

// The whole worker file of an app: hostRefresh(jsonBackend({ baseUrl: '/api' }))
hostRefresh(backend, { fetch: wire.fetch })
