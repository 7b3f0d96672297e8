/** `latchkey/core`, which has no ky in it. */
import { AuthClient } from 'latchkey/core'
import { clock } from '../realm/clock.ts'
import type { AuthServer } from '../realm/server.ts'
import { API, type Opened } from './subject.ts'
import { useFetch } from './use-fetch.ts'

export const openCore = (server: AuthServer): Opened =>
  useFetch(new AuthClient({ baseUrl: API, environment: clock.environment() }), server)
