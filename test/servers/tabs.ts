import { randomUUID } from 'node:crypto'
import { AuthClient, type AuthClientOptions, type AuthEvents, type TokenResponse } from 'latchkey'
import { createLockQueue } from '../../src/testing/virtual/lock-queue.ts'
import { createStorageArea } from '../../src/testing/virtual/storage-area.ts'
import { createTabLife } from '../../src/testing/virtual/tab-life.ts'
import { presets } from './presets.ts'
import type { Server, ServerName } from './servers.ts'

/** A call of the backend, and the server's answer. */
export interface Call {
  readonly call: 'login' | 'refresh' | 'logout'
  readonly status: number
}

/** Where tabs are opened. */
export interface Site {
  readonly server: Server
  readonly baseUrl: string
  /** Calls `close` when the test has finished. */
  readonly atEnd: (close: () => void) => void
}

type EventName = keyof AuthEvents

/** A browser whose tabs sign in to a server: they share locks, ledger, channel and storage, and time is real. */
export type Browser = ReturnType<typeof openBrowser>

export function openBrowser({ server, baseUrl, atEnd }: Site, cookies: ReadonlyMap<string, string> = new Map()) {
  const jar = new Map(cookies)
  const storageKey = randomUUID()
  const area = createStorageArea()
  const locks = createLockQueue()
  const calls: Call[] = []
  const given: TokenResponse[] = []
  const requests: { readonly authorization: string | null; readonly status: number }[] = []

  const backendOf = () => {
    const backend = presets[server.name as ServerName](baseUrl)
    const note = <Input, Answer>(
      call: Call['call'],
      run: ((input: Input, context: Parameters<typeof backend.login>[1]) => Promise<Answer>) | undefined,
    ) =>
      run && {
        [call]: async (input: Input, context: Parameters<typeof backend.login>[1]) => {
          const fetch: typeof globalThis.fetch = async (target, init) => {
            const answer = await context.fetch(target, init)
            calls.push({ call, status: answer.status })
            return answer
          }
          const answer = await run(input, { ...context, fetch })
          if (answer) given.push(answer)
          return answer
        },
      }
    return {
      ...backend,
      ...note('login', backend.login),
      ...note('refresh', backend.refresh),
      ...note('logout', backend.logout),
    }
  }

  const fetch: typeof globalThis.fetch = async (target, init) => {
    const request = new Request(target, init)
    const withCookies = request.credentials === 'include'
    if (withCookies) {
      request.headers.set('Origin', 'http://app.test')
      request.headers.set('Cookie', [...jar].map((pair) => pair.join('=')).join('; '))
    }
    const answer = await globalThis.fetch(request.clone())
    for (const cookie of withCookies ? answer.headers.getSetCookie() : []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value) jar.set(name, value)
      else jar.delete(name)
    }
    if (new URL(request.url).pathname === server.me)
      requests.push({ authorization: request.headers.get('authorization'), status: answer.status })
    return answer
  }

  return {
    /** The calls of all tabs to the token endpoints. */
    calls,
    /** What the server gave, call by call. */
    given,
    /** The cookies that the server has set, which only calls with `credentials: 'include'` carry. */
    jar,
    /** The requests of all tabs to the protected route. */
    requests,
    /** Opens a tab whose client has begun. */
    async open(options: Partial<AuthClientOptions<object>> = {}) {
      const life = createTabLife()
      const door = area.join(life)
      const client = new AuthClient<object>({
        baseUrl,
        backend: backendOf(),
        storage: door.storage,
        storageKey,
        fetch,
        ...options,
        environment: {
          ...life.environment,
          locks: locks.of(life),
          watchStorage: door.watch,
          marks: door.storage,
          ...options.environment,
        },
      })
      atEnd(() => client.dispose())
      await client.start()
      return {
        client,
        /** Asks the protected route, and answers with the status and the name that came. */
        async me(): Promise<{ status: number; username: string | undefined }> {
          const response = await client.fetch(baseUrl + server.me)
          const text = await response.text()
          return {
            status: response.status,
            username: response.ok ? (JSON.parse(text) as { username: string }).username : undefined,
          }
        },
        heard: <Name extends EventName>(name: Name): Promise<AuthEvents[Name]> =>
          new Promise((resolve) => void client.on(name, resolve)),
      }
    },
  }
}
