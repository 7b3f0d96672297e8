/** What people write themselves. */
import ky, { type KyInstance } from 'ky'
import type { AuthServer } from '../realm/server.ts'
import { API, type Opened, TODO, TODOS } from './subject.ts'
import { post, read } from './use-fetch.ts'

/** The floor: a header in `init`, and no idea of a 401. */
export function openFetch(server: AuthServer): Opened {
  let authorization = ''
  return {
    signIn: () => {
      authorization = `Bearer ${server.issue().access_token}`
    },
    get: async () =>
      read(await fetch(TODOS, { headers: { Accept: 'application/json', Authorization: authorization } })),
    post: async () => read(await fetch(TODOS, post({ Authorization: authorization }))),
  }
}

const calls = (api: () => KyInstance): Pick<Opened, 'get' | 'post'> => ({
  get: () => api().get('todos').json(),
  post: () => api().post('todos', { json: TODO }).json(),
})

/** ky with the header as an option, and nothing else: the floor of all that build on it. */
export function openKy(server: AuthServer): Opened {
  let api = ky
  return {
    signIn: () => {
      const headers = { Authorization: `Bearer ${server.issue().access_token}` }
      api = ky.create({ prefix: API, timeout: 30_000, headers })
    },
    ...calls(() => api),
  }
}

/** The hook in ky's own README: each 401 refreshes. */
export const openNaive = (server: AuthServer): Opened => openHooked(server, (refresh) => refresh)

/** The same, but who meets a 401 while a refresh is under way waits for that one. */
export const openShared = (server: AuthServer): Opened =>
  openHooked(server, (refresh) => {
    let refreshing: Promise<void> | undefined
    return () => {
      refreshing ??= refresh().finally(() => {
        refreshing = undefined
      })
      return refreshing
    }
  })

function openHooked(server: AuthServer, share: (refresh: () => Promise<void>) => () => Promise<void>): Opened {
  let tokens = { access_token: '', refresh_token: '' }
  const refresh = share(async () => {
    tokens = await ky.post(`${API}/refresh`, { json: { refresh_token: tokens.refresh_token } }).json()
  })
  const api = ky.create({
    prefix: API,
    timeout: 30_000,
    hooks: {
      beforeRequest: [({ request }) => request.headers.set('Authorization', `Bearer ${tokens.access_token}`)],
      afterResponse: [
        async ({ request, response, retryCount }) => {
          if (response.status !== 401 || retryCount > 0) return undefined
          await refresh()
          const headers = new Headers(request.headers)
          headers.set('Authorization', `Bearer ${tokens.access_token}`)
          return ky.retry({ request: new Request(request, { headers }), code: 'TOKEN_REFRESHED' })
        },
      ],
    },
  })
  return {
    heals401: true,
    signIn: () => {
      tokens = server.issue()
    },
    ...calls(() => api),
  }
}
