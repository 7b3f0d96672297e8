import { jsonBackend } from 'latchkey/core'
import { hostRefresh } from 'latchkey/worker'
import { baseUrl } from './config.js'

hostRefresh(jsonBackend({ baseUrl, refreshVia: 'cookie' }))
