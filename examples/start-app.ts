import type { PluginOption } from 'vite'
import { numberFrom, openPagePort, runExample, servePage } from './serve-page.ts'
import { createServer } from './server/app.ts'
import type { ServerConfig } from './server/config.ts'
import { listen } from './server/listen.ts'

/** An app: its folder, what Vite needs for it, and what its server does. */
export interface App {
  /** The folder of its index.html. */
  readonly root: string
  /** @default none */
  readonly plugins?: readonly PluginOption[]
  /** The packages that are no ES modules, or whose parts are found too late. @default none */
  readonly optimize?: readonly string[]
  /** Where the server takes refresh tokens. @default 'cookie' */
  readonly refreshTokenIn?: ServerConfig['refreshTokenIn']
  /** Routes of its own. @default none */
  readonly routes?: Parameters<typeof createServer>[1]
}

/** What an example can be told. */
export interface ExampleOptions {
  /** The ports to listen on; 0 takes any that is free. @default 5173 or any for the page, any for the server */
  ports?: { page?: number; api?: number }
  /** How long an access token is good for, in seconds. @default 60 */
  lifetime?: number
  /** Reloads the page when a file has changed. @default true */
  watch?: boolean
  /** The server's clock, in epoch milliseconds. @default Date.now */
  now?: () => number
}

/** An example that runs. */
export interface Example {
  /** The address of the page. */
  readonly url: string
  /** The address of the example server. */
  readonly api: string
  stop(): Promise<void>
}

/**
 * For page and server alike: a SameSite=Strict cookie travels between ports, not between hosts. Passkeys belong to a
 * domain, and `localhost` is the only one that may do without HTTPS; `127.0.0.1` is none.
 */
export const host = 'localhost'

/** Starts the example server and the page of an app; the page finds the server's address in `__API__`. */
export async function startApp(app: App, options: ExampleOptions = {}): Promise<Example> {
  const { ports = {}, lifetime = 60, watch = true, now } = options
  const { refreshTokenIn = 'cookie', routes, ...page } = app
  const port = await openPagePort(host, ports.page)
  const config: ServerConfig = {
    origins: [port.url],
    accessTokenLifetime: lifetime,
    refreshTokenIn,
    secureCookies: false, // plain HTTP on loopback, and not every browser trusts even that
    checkRevocation: true,
    control: true,
    now,
  }
  const server = await createServer(config, routes)
  const api = await listen(server, { host, port: ports.api ?? 0 })
  const stopPage = await servePage(port, {
    ...page,
    servers: [api.url],
    define: { __API__: JSON.stringify(api.url) },
    watch,
  })

  return {
    url: `${port.url}/`,
    api: api.url,
    async stop() {
      await Promise.all([stopPage(), api.close()])
    },
  }
}

/** Starts an app as its ports and the token's lifetime are set in the environment, until Ctrl+C. */
export async function runApp(
  name: string,
  app: App,
  hint = 'Sign in as johndoe or admin, password123.',
): Promise<void> {
  const ports = { ...numberFrom('page', 'PORT'), ...numberFrom('api', 'API_PORT') }
  await runExample(
    () => startApp(app, { ports, ...numberFrom('lifetime', 'ACCESS_TOKEN_LIFETIME') }),
    ({ url }) => `Latchkey with ${name}: ${url}
${hint} Ctrl+C stops it.`,
  )
}
