import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createVite } from 'vite'
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
  const page = await listenForPage(ports.page)
  const url = `http://${host}:${(page.address() as AddressInfo).port}`
  const startApi = async (refreshTokenIn: 'body' | 'cookie') => {
    const app = await createServer({
      origins: [url],
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

  const source = `${import.meta.dirname}/../src`
  const alias = {
    'latchkey/core': `${source}/core.ts`,
    'latchkey/worker': `${source}/worker/index.ts`,
    latchkey: `${source}/index.ts`,
  }
  const root = `${import.meta.dirname}/vanilla`
  const vite = await createVite({
    root,
    configFile: false,
    logLevel: 'warn',
    clearScreen: false,
    define: { __API__: JSON.stringify(api) },
    resolve: { alias }, // in your own app: npm install latchkey
    optimizeDeps: { noDiscovery: true }, // all packages are ES modules already, and found at once
    server: { middlewareMode: true, hmr: { server: page }, ...(!watch && { watch: null }) },
  })
  const policy = contentSecurityPolicy(url, Object.values(api))
  page.on('request', (request, response) => {
    response.setHeader('Content-Security-Policy', policy)
    vite.middlewares(request, response)
  })

  return {
    url: `${url}/`,
    api,
    async stop() {
      page.close()
      page.closeAllConnections()
      await Promise.all([vite.close(), body.close(), cookie.close()])
    },
  }
}

/** No script and no style that is not a file of this page; calls to the two servers alone. The worker gets it, too. */
function contentSecurityPolicy(page: string, servers: readonly string[]): string {
  const reload = page.replace('http:', 'ws:') // Vite tells the page by it that a file has changed
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src 'self' ${reload} ${servers.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Vite's usual port, or any free one if something else has it. A port that was asked for is taken, or refused. */
async function listenForPage(port: number | undefined): Promise<Server> {
  const server = createHttpServer()
  try {
    server.listen(port ?? 5173, host)
    await once(server, 'listening')
  } catch (error) {
    if (port !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    server.listen(0, host)
    await once(server, 'listening')
  }
  return server
}

/** Reads a number from the environment; an empty variable counts as absent. */
function numberFrom<Name extends string>(name: Name, variable: string): { [name in Name]?: number } {
  const text = process.env[variable]?.trim()
  return (text ? { [name]: Number(text) } : {}) as { [name in Name]?: number }
}

if (import.meta.main) {
  try {
    const demo = await startDemo({
      ports: {
        ...numberFrom('page', 'PORT'),
        ...numberFrom('body', 'BODY_API_PORT'),
        ...numberFrom('cookie', 'COOKIE_API_PORT'),
      },
      ...numberFrom('lifetime', 'ACCESS_TOKEN_LIFETIME'),
    })
    console.log(`Latchkey demo: ${demo.url}`)
    console.log('Sign in as johndoe or admin, password123. Ctrl+C stops it.')
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => demo.stop())
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1) // the part that did start would keep it alive
  }
}
