/** A stored session with `latchkey/core`. */
import { AuthClient, webStorage } from 'latchkey/core'

const create = (): AuthClient => new AuthClient({ baseUrl: '/api', storage: webStorage('local') })

export async function seed(token: string): Promise<void> {
  await create().setTokens({ accessToken: token, refreshToken: 'refresh', lifetime: 3_600_000 })
}

export const run = async (): Promise<unknown> => (await create().fetch('/api/todos')).json()
