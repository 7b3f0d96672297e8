import './clock.ts'
import { UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { world, worldUrl } from '../../pages/protocol.ts'
import { play } from './peer.ts'

// It renews by itself too (`automaticSilentRenew`), which is its default.
const manager = new UserManager({
  authority: worldUrl,
  client_id: world,
  redirect_uri: location.origin,
  scope: 'openid offline_access',
  userStore: new WebStorageStateStore({ store: localStorage }),
})
await manager.getUser()

play({
  login: (username) => manager.signinResourceOwnerCredentials({ username, password: 'secret', skipUserInfo: true }),
  async token() {
    const user = await manager.getUser()
    if (!user) throw new Error('login_required')
    if (!user.expired) return user.access_token
    const renewed = await manager.signinSilent()
    if (!renewed) throw new Error('nothing_renewed')
    return renewed.access_token
  },
  isSignedIn: async () => (await manager.getUser()) !== null,
})
