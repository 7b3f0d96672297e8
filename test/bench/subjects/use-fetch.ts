/** Calls that a `fetch` can make, whoever made it. */
import type { AuthClient } from 'latchkey/core'
import type { AuthServer } from '../realm/server.ts'
import { type Opened, TODO, TODOS } from './subject.ts'

/** The answer of those whose `fetch` rejects for no status. */
export async function read(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(String(response.status))
  return response.json()
}

/** `init` of a POST, as an app writes it. */
export const post = (headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(TODO),
  headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
})

/** What `latchkey` and `latchkey/core` have in common. */
export function useFetch(
  auth: Pick<AuthClient, 'fetch' | 'setTokens' | 'getAccessToken'>,
  server: AuthServer,
): Opened & Required<Pick<Opened, 'token'>> {
  return {
    heals401: true,
    signIn() {
      const { access_token, refresh_token, expires_in } = server.issue()
      return auth.setTokens({ accessToken: access_token, refreshToken: refresh_token, lifetime: expires_in * 1000 })
    },
    get: async () => read(await auth.fetch(TODOS, { headers: { Accept: 'application/json' } })),
    post: async () => read(await auth.fetch(TODOS, post())),
    token: () => auth.getAccessToken(),
  }
}
