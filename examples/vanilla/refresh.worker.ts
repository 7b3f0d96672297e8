import { jsonBackend } from 'latchkey/core'
import { watchFetch } from 'latchkey/devtools'
import { hostRefresh } from 'latchkey/worker'

/** The page tells the mode by the worker's name: there is one worker for each. An app has one backend, and needs none of this. */
const mode = self.name.endsWith('cookie') ? 'cookie' : 'body'
const baseUrl = __API__[mode]
const backend =
  mode === 'cookie' ? jsonBackend({ baseUrl, refreshVia: 'cookie', user: 'me' }) : jsonBackend({ baseUrl })

// The whole worker file of an app: hostRefresh(jsonBackend({ baseUrl: '/api' })). This one has a lane on the timeline, too.
hostRefresh(backend, { fetch: watchFetch(`latchkey-demo-${mode}`) })
