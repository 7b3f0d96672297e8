import { numberFrom, openPagePort, runExample, servePage } from './serve-page.ts'
import { createServer } from './server/app.ts'
import { listen } from './server/listen.ts'

/** What a demo can be told. */
export interface DemoOptions {
  /** The ports to listen on; 0 takes any that is free. @default 5173 or any for the page, any for the servers */
  ports?: { page?: number; body?: number; cookie?: number }
  /** How long an access token is good for, in seconds. @default 30 */
  lifetime?: number
  /** Reloads the page when a file has changed. @default true */
  watch?: boolean
}

/** A demo that runs. */
export interface Demo {
  /** The address of the page. */
  readonly url: string
  /** The addresses of the two example servers: refresh token in the body, and in a cookie. */
  readonly api: { readonly body: string; readonly cookie: string }
  stop(): Promise<void>
}

const host = 'localhost' // for page and servers alike: a SameSite=Strict cookie travels between ports, not between hosts

/** Starts two example servers, which can be broken on purpose, and the page of examples/vanilla. */
export async function startDemo({ ports = {}, lifetime = 30, watch = true }: DemoOptions = {}): Promise<Demo> {
  const port = await openPagePort(host, ports.page)
  const startApi = async (refreshTokenIn: 'body' | 'cookie') => {
    const app = await createServer({
      origins: [port.url],
      accessTokenLifetime: lifetime,
      refreshTokenIn,
      secureCookies: false, // plain HTTP on loopback, and not every browser trusts even that
      checkRevocation: true,
      control: true,
    })
    return listen(app, { host, port: ports[refreshTokenIn] ?? 0 })
  }
  const body = await startApi('body')
  const cookie = await startApi('cookie')
  const api = { body: body.url, cookie: cookie.url }
  const stopPage = await servePage(port, {
    root: `${import.meta.dirname}/vanilla`,
    servers: Object.values(api),
    define: { __API__: JSON.stringify(api) },
    watch,
  })

  return {
    url: `${port.url}/`,
    api,
    async stop() {
      await Promise.all([stopPage(), body.close(), cookie.close()])
    },
  }
}

if (import.meta.main) {
  await runExample(
    () =>
      startDemo({
        ports: {
          ...numberFrom('page', 'PORT'),
          ...numberFrom('body', 'BODY_API_PORT'),
          ...numberFrom('cookie', 'COOKIE_API_PORT'),
        },
        ...numberFrom('lifetime', 'ACCESS_TOKEN_LIFETIME'),
      }),
    ({ url }) => `Latchkey demo: ${url}
Sign in as johndoe or admin, password123. Ctrl+C stops it.`,
  )
}
