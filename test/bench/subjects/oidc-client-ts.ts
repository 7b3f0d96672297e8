/** oidc-client-ts: the user that it has, else `signinSilent()` by the refresh token. */
import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { CLIENT_ID } from '../realm/server.ts'
import { API, type Opened } from './subject.ts'

export function openOidcClientTs(): Opened {
  const inNode = typeof window === 'undefined'
  const stores = {
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  }
  const manager = new UserManager({
    authority: API,
    client_id: CLIENT_ID,
    redirect_uri: `${API}/callback`,
    scope: 'openid offline_access',
    metadata: { issuer: `${API}/`, authorization_endpoint: `${API}/authorize`, token_endpoint: `${API}/token` },
    ...(inNode ? stores : {}),
  })
  return {
    signIn: () => manager.signinResourceOwnerCredentials({ username: 'ada', password: 'secret', skipUserInfo: true }),
    async token() {
      const user = await manager.getUser()
      if (user && !user.expired) return user.access_token
      const renewed = await manager.signinSilent()
      if (!renewed) throw new Error('Nobody is signed in.')
      return renewed.access_token
    },
  }
}
