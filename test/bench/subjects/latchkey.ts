/** Latchkey, by its `fetch` and by its `http`. */
import { AuthClient } from 'latchkey'
import { clock } from '../realm/clock.ts'
import type { AuthServer } from '../realm/server.ts'
import { API, type Opened, TODO } from './subject.ts'
import { useFetch } from './use-fetch.ts'

const create = (): AuthClient => new AuthClient({ baseUrl: API, environment: clock.environment() })

export const openFetch = (server: AuthServer): Opened => useFetch(create(), server)

export function openHttp(server: AuthServer): Opened {
  const auth = create()
  return {
    ...useFetch(auth, server),
    get: () => auth.http.get('todos').json(),
    post: () => auth.http.post('todos', { json: TODO }).json(),
  }
}
