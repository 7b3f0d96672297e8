import './clock.ts'
import { createAuth0Client } from '@auth0/auth0-spa-js'
import { world, worldUrl } from '../../pages/protocol.ts'
import { play } from './peer.ts'

const client = await createAuth0Client({
  domain: worldUrl,
  clientId: world,
  cacheLocation: 'localstorage',
  useRefreshTokens: true,
  authorizationParams: { redirect_uri: location.origin },
})

play({
  // The one login that takes no redirect; the SDK keeps what it gets by it as it keeps what it gets by the others.
  login: (username) =>
    client.loginWithCustomTokenExchange({ subject_token: username, subject_token_type: 'urn:storm:username' }),
  token: () => client.getTokenSilently(),
  isSignedIn: () => client.isAuthenticated(),
})
