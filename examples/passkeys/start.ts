import { numberFrom, openPagePort, runExample, servePage } from '../serve-page.ts'
import { createServer } from '../server/app.ts'
import { listen } from '../server/listen.ts'
import { passkeyRoutes } from './passkey-routes.ts'

/** What the example can be told. */
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

/** Passkeys belong to a domain, and `localhost` is the only one that may do without HTTPS; `127.0.0.1` is none. */
const host = 'localhost'

/** Starts the example server with its routes for passkeys, and the page of examples/passkeys. */
export async function startExample(options: ExampleOptions = {}): Promise<Example> {
  const { ports = {}, lifetime = 60, watch = true, now } = options
  const port = await openPagePort(host, ports.page)
  const app = await createServer(
    { origins: [port.url], accessTokenLifetime: lifetime, checkRevocation: true, now },
    (parts) => passkeyRoutes(parts, { id: host, name: 'Latchkey' }),
  )
  const api = await listen(app, { host, port: ports.api ?? 0 })
  const stopPage = await servePage(port, {
    root: import.meta.dirname,
    servers: [api.url],
    define: { __PASSKEYS_API__: JSON.stringify(api.url) },
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

if (import.meta.main) {
  await runExample(
    () =>
      startExample({
        ports: { ...numberFrom('page', 'PORT'), ...numberFrom('api', 'API_PORT') },
        ...numberFrom('lifetime', 'ACCESS_TOKEN_LIFETIME'),
      }),
    ({ url }) => `Latchkey passkeys: ${url}
Sign in once as johndoe or admin, password123, and add a passkey. Ctrl+C stops it.`,
  )
}
