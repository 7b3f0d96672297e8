import type { PluginOption } from 'vite'
import { numberFrom, openPagePort, runExample, servePage } from './serve-page.ts'
import { createServer } from './server/app.ts'
import { listen } from './server/listen.ts'

/** An app of a framework: its folder, and what Vite needs for it. */
export interface App {
  /** The folder of its index.html. */
  readonly root: string
  readonly plugins: readonly PluginOption[]
  /** The packages that are no ES modules, or whose parts are found too late. */
  readonly optimize?: readonly string[]
}

/** What an example can be told. */
export interface ExampleOptions {
  /** The ports to listen on; 0 takes any that is free. @default 5173 or any for the page, any for the server */
  ports?: { page?: number; api?: number }
  /** How long an access token is good for, in seconds. @default 60 */
  lifetime?: number
  /** Reloads the page when a file has changed. @default true */
  watch?: boolean
}

/** An example that runs. */
export interface Example {
  /** The address of the page. */
  readonly url: string
  /** The address of the example server. */
  readonly api: string
  stop(): Promise<void>
}

const host = 'localhost' // for page and server alike: a SameSite=Strict cookie travels between ports, not between hosts

/** Starts the example server in cookie mode, and the page of an app; the page finds the server's address in `__API__`. */
export async function startApp(app: App, options: ExampleOptions = {}): Promise<Example> {
  const { ports = {}, lifetime = 60, watch = true } = options
  const port = await openPagePort(host, ports.page)
  const server = await createServer({
    origins: [port.url],
    accessTokenLifetime: lifetime,
    refreshTokenIn: 'cookie',
    secureCookies: false, // plain HTTP on loopback, and not every browser trusts even that
    checkRevocation: true,
    control: true,
  })
  const api = await listen(server, { host, port: ports.api ?? 0 })
  const stopPage = await servePage(port, {
    ...app,
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
export async function runApp(name: string, app: App): Promise<void> {
  const ports = { ...numberFrom('page', 'PORT'), ...numberFrom('api', 'API_PORT') }
  await runExample(
    () => startApp(app, { ports, ...numberFrom('lifetime', 'ACCESS_TOKEN_LIFETIME') }),
    ({ url }) => `Latchkey with ${name}: ${url}
Sign in as johndoe or admin, password123. Ctrl+C stops it.`,
  )
}
