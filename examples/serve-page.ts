import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { createServer as createVite, type PluginOption } from 'vite'

/** A port that listens, and serves nothing yet: the servers behind a page have to know its address first. */
export interface PagePort {
  readonly url: string
  readonly server: Server
}

/** Which page, and what it may do. */
export interface PageOptions {
  /** The folder of its index.html. */
  readonly root: string
  /** The origins that it may call besides its own. */
  readonly servers: readonly string[]
  /** What stands in its scripts in place of these names. */
  readonly define: Readonly<Record<string, string>>
  /** Reloads the page when a file has changed. */
  readonly watch: boolean
  /** What a framework needs. @default none */
  readonly plugins?: readonly PluginOption[]
  /** The packages that Vite has to prepare, being no ES modules. @default none */
  readonly optimize?: readonly string[]
}

const source = `${import.meta.dirname}/../src`
// In your own app: npm install latchkey
const alias = {
  'latchkey/core': `${source}/core.ts`,
  'latchkey/devtools': `${source}/devtools/index.ts`,
  'latchkey/worker': `${source}/worker/index.ts`,
  latchkey: `${source}/index.ts`,
}

/** Takes Vite's usual port, or any free one if something else has it. A port that was asked for is taken, or refused. */
export async function openPagePort(host: string, port: number | undefined): Promise<PagePort> {
  const server = createHttpServer()
  try {
    server.listen(port ?? 5173, host)
    await once(server, 'listening')
  } catch (error) {
    if (port !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    server.listen(0, host)
    await once(server, 'listening')
  }
  return { server, url: `http://${host}:${(server.address() as AddressInfo).port}` }
}

/** Serves a page with Vite, under a strict policy; hands back what ends it. */
export async function servePage({ server, url }: PagePort, options: PageOptions): Promise<() => Promise<void>> {
  const { root, servers, define, watch, plugins = [], optimize = [] } = options
  const nonce = randomBytes(16).toString('base64') // for what Vite writes into the page itself while developing
  const vite = await createVite({
    root,
    configFile: false,
    cacheDir: `${source}/../node_modules/.vite/${basename(root)}`, // examples that run together prepare other packages
    logLevel: 'warn',
    clearScreen: false,
    define: { ...define },
    resolve: { alias },
    plugins: [...plugins],
    html: { cspNonce: nonce },
    optimizeDeps: { noDiscovery: true, include: [...optimize] }, // the other packages are ES modules already
    server: { middlewareMode: true, hmr: { server }, ...(!watch && { watch: null }) },
  })
  const policy = contentSecurityPolicy(url, servers, nonce)
  server.on('request', (request, response) => {
    response.setHeader('Content-Security-Policy', policy)
    vite.middlewares(request, response)
  })

  return async () => {
    server.close()
    server.closeAllConnections()
    await vite.close()
  }
}

/** No script and no style but files of this page, and Vite's own; calls to the listed servers alone. A worker gets it, too. */
function contentSecurityPolicy(page: string, servers: readonly string[], nonce: string): string {
  const reload = page.replace('http:', 'ws:') // Vite tells the page by it that a file has changed
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    "worker-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    'img-src data:',
    `connect-src 'self' ${reload} ${servers.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Reads a number from the environment; an empty variable counts as absent. */
export function numberFrom<Name extends string>(name: Name, variable: string): { [name in Name]?: number } {
  const text = process.env[variable]?.trim()
  return (text ? { [name]: Number(text) } : {}) as { [name in Name]?: number }
}

/** Starts an example, says where it is and what to do there, and stops it at Ctrl+C. */
export async function runExample<Example extends { readonly url: string; stop(): Promise<void> }>(
  start: () => Promise<Example>,
  say: (example: Example) => string,
): Promise<void> {
  try {
    const example = await start()
    console.log(say(example))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => example.stop())
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1) // the part that did start would keep it alive
  }
}
