import type { AuthBackend } from 'latchkey'
import { betterAuth, feathers, loopback, oauth2Password, payload, simpleJwt, simpleJwtSliding } from 'latchkey/backends'
import type { ServerName } from './servers.ts'

type Preset = (baseUrl: string) => AuthBackend<object>

const drf: Preset = (baseUrl) => simpleJwt({ baseUrl })
const oauth2: Preset = (baseUrl) => oauth2Password({ baseUrl, clientId: 'spa' })

/** The preset for each server, as an app would write it. */
export const presets: Record<ServerName, Preset> = {
  'Simple JWT, rotating': drf,
  'Simple JWT, not rotating': drf,
  'Simple JWT, sliding': (baseUrl) =>
    simpleJwtSliding({ baseUrl, login: '/api/sliding/token/', refresh: '/api/sliding/refresh/' }),
  'express-oauth-server, rotating': oauth2,
  'express-oauth-server, not rotating': oauth2,
  Feathers: (baseUrl) => feathers({ baseUrl }),
  'better-auth, token': (baseUrl) => betterAuth({ baseUrl }),
  'better-auth, cookie': (baseUrl) => betterAuth({ baseUrl, session: 'cookie' }),
  Payload: (baseUrl) => payload({ baseUrl }),
  'LoopBack 4': (baseUrl) => loopback({ baseUrl }),
  'django-oauth-toolkit': (baseUrl) =>
    oauth2Password({ baseUrl, clientId: 'spa', token: '/o/token/', revoke: '/o/revoke_token/' }),
  Doorkeeper: oauth2,
}
