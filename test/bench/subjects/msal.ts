/** msal-browser: a token for an account that is in its cache. */
import { loadExternalTokens, PublicClientApplication } from '@azure/msal-browser'
import { type AuthServer, CLIENT_ID, TENANT } from '../realm/server.ts'
import type { Opened } from './subject.ts'

const scopes = ['todos.read']
const authority = `https://login.microsoftonline.com/${TENANT}`
const configuration = { auth: { clientId: CLIENT_ID, authority } }

export async function openMsal(server: AuthServer): Promise<Opened> {
  const app = new PublicClientApplication(configuration)
  await app.initialize()
  return {
    async signIn() {
      const { expires_in, ...answer } = server.issue()
      const response = { ...answer, expires_in, scope: scopes.join(' ') }
      const { client_info } = answer
      const options = { clientInfo: client_info, expiresOn: Math.floor(Date.now() / 1000) + expires_in }
      await loadExternalTokens(configuration, { scopes, authority }, response, options)
    },
    async token() {
      const [account] = app.getAllAccounts()
      if (!account) throw new Error('Nobody is signed in.')
      return (await app.acquireTokenSilent({ scopes, account })).accessToken
    },
  }
}
