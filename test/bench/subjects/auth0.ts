/** auth0-spa-js: a token from its cache, or by its refresh token. */
import { Auth0Client, InMemoryCache } from '@auth0/auth0-spa-js'
import { CLIENT_ID } from '../realm/server.ts'
import { API, type Opened } from './subject.ts'

export function openAuth0(): Opened {
  const client = new Auth0Client({
    domain: API,
    clientId: CLIENT_ID,
    // Its default cache, but for the worker that would call the server from where no stub is.
    cache: new InMemoryCache().enclosedCache,
    useRefreshTokens: true,
    authorizationParams: { redirect_uri: `${API}/callback` },
  })
  return {
    // The one login that takes no redirect.
    signIn: () =>
      client.loginWithCustomTokenExchange({ subject_token: 'ada', subject_token_type: 'urn:bench:username' }),
    token: () => client.getTokenSilently(),
  }
}
