import { onTestFinished } from 'vitest'
import { createServer } from '../../../examples/server/app.ts'
import type { ServerConfig } from '../../../examples/server/config.ts'
import { listen } from '../../../examples/server/listen.ts'
import { createDemoUsers } from '../../../examples/server/users.ts'

export const page = 'http://localhost:5173'
export const foreignPage = 'https://evil.example'

type Headers = Readonly<Record<string, string>>

export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly refresh_token: string
}

const users = createDemoUsers()

/** Starts a server on a free port of loopback, with a clock that stands still; stops it after the test. */
export async function startServer(config: ServerConfig = {}) {
  const clock = { at: Date.UTC(2030, 0, 1) }
  const app = await createServer({ origins: [page], users: await users, now: () => clock.at, ...config })
  const { url, close } = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(close)

  const get = (path: string, headers: Headers = {}) => fetch(url + path, { headers })
  const post = (path: string, body: unknown, headers: Headers = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const login = (username = 'johndoe', password = 'password123', headers: Headers = {}) =>
    post('/login', { username, password }, headers)

  return {
    url,
    get,
    post,
    login,
    getAs: (token: string, path: string) => get(path, { Authorization: `Bearer ${token}` }),
    signIn: async (username?: string) => (await (await login(username)).json()) as TokenAnswer,
    refresh: (refresh_token: string) => post('/refresh', { refresh_token }),
    advance(ms: number) {
      clock.at += ms
    },
    now: () => clock.at,
  }
}

export async function tokensOf(response: Response): Promise<TokenAnswer> {
  if (!response.ok) throw new Error(`No tokens: the server answered ${response.status}.`)
  return (await response.json()) as TokenAnswer
}
