/** keycloak-js: `updateToken(5)`, then its `token`. */
import Keycloak from 'keycloak-js'
import type { AuthServer } from '../realm/server.ts'
import { API, type Opened } from './subject.ts'

export function openKeycloak(server: AuthServer): Opened {
  let keycloak: Keycloak
  return {
    async signIn() {
      const { access_token: token, refresh_token: refreshToken, id_token: idToken } = server.issue()
      keycloak = new Keycloak({ url: API, realm: 'bench', clientId: 'bench' })
      await keycloak.init({ token, refreshToken, idToken, checkLoginIframe: false })
    },
    async token() {
      await keycloak.updateToken(5)
      return keycloak.token ?? ''
    },
  }
}
