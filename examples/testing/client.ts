import { AuthClient, webStorage } from 'latchkey'

/** What the sign-in form sends. */
export interface Credentials {
  username: string
  password: string
}

/** Who the server says is signed in. */
export interface User {
  name: string
  roles: readonly string[]
}

export const baseUrl = 'https://api.example.com'

/** The one client of this app. */
export const auth = new AuthClient<Credentials, User>({ baseUrl, storage: webStorage('local') })
