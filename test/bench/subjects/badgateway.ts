/** badgateway's OAuth2Fetch, which wraps `fetch`. */
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
import type { AuthServer } from '../realm/server.ts'
import { API, type Opened, TODOS } from './subject.ts'
import { post, read } from './use-fetch.ts'

export function openBadgateway(server: AuthServer): Opened {
  const client = new OAuth2Client({ server: `${API}/`, clientId: 'bench', tokenEndpoint: '/token' })
  let wrapper: OAuth2Fetch
  return {
    heals401: true,
    signIn: () => {
      const { access_token, refresh_token, expires_in } = server.issue()
      const expiresAt = Date.now() + expires_in * 1000
      wrapper = new OAuth2Fetch({
        client,
        getNewToken: () => null,
        getStoredToken: () => ({ accessToken: access_token, refreshToken: refresh_token, expiresAt }),
      })
    },
    get: async () => read(await wrapper.fetch(TODOS, { headers: { Accept: 'application/json' } })),
    post: async () => read(await wrapper.fetch(TODOS, post())),
    token: () => wrapper.getAccessToken(),
  }
}
