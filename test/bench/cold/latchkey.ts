/** A stored session with `latchkey`. */
import { AuthClient, webStorage } from 'latchkey'

const create = (): AuthClient => new AuthClient({ baseUrl: '/api', storage: webStorage('local') })

export async function seed(token: string): Promise<void> {
  await create().setTokens({ accessToken: token, refreshToken: 'refresh', lifetime: 3_600_000 })
}

export const run = (): Promise<unknown> => create().http.get('todos').json()
