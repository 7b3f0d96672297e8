import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWorld, type Endpoint, type Reply, type World, type WorldOptions } from './world.ts'

/** One origin for all storms: pages, scripts, and as many auth servers as there are worlds. */
export interface StormServer {
  readonly origin: string
  /** A new auth server below `/w/<name>/`, with people, tokens and counts of its own. */
  world(options?: WorldOptions): World
  close(): Promise<void>
}

const ENDPOINTS: Record<string, Endpoint> = {
  'POST login': 'login',
  'POST refresh': 'refresh',
  'POST logout': 'logout',
  'GET me': 'me',
}
const COOKIE = 'refresh_token'

/** Starts the server on loopback; `scripts` are served by name, each with a page `/<name>` that runs it. */
export async function startServer(scripts: Readonly<Record<string, string>>): Promise<StormServer> {
  const worlds = new Map<string, World>()
  let count = 0
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  // A browser must not find a connection closed at the moment at which it sends a refresh.
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = `http://localhost:${port}`

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', origin)
    const [, w, name = '', path = ''] = pathname.split('/')
    const world = w === 'w' ? worlds.get(name) : undefined
    if (!world) return serve(pathname.slice(1), response)
    const endpoint = ENDPOINTS[`${request.method} ${path}`]
    if (!endpoint) return send(response, { status: 404, body: {} })
    await call(world, endpoint, request, response)
  }

  const serve = (path: string, response: ServerResponse): void => {
    const script = scripts[path]
    const isPage = !script && (scripts[`${path}.js`] !== undefined || path === 'elsewhere')
    // Not `no-store`: that would keep pages out of the back/forward cache.
    response.setHeader('cache-control', 'max-age=0')
    if (script) response.setHeader('content-type', 'text/javascript').end(script)
    else if (isPage) response.setHeader('content-type', 'text/html').end(page(path, scripts))
    else response.writeHead(404).end()
  }

  return {
    origin,
    world(options) {
      count += 1
      const name = `world-${count}-${Math.random().toString(36).slice(2, 8)}`
      const world = createWorld(name, `${origin}/w/${name}`, options)
      worlds.set(name, world)
      return world
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function page(name: string, scripts: Readonly<Record<string, string>>): string {
  const script = scripts[`${name}.js`] === undefined ? '' : `<script type="module" src="/${name}.js"></script>`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><h1>${name}</h1>${script}</html>`
}

async function call(
  world: World,
  endpoint: Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { latency, delay } = world.behaviour
  const text = await readBody(request)
  if (delay[endpoint]) await sleep(delay[endpoint])
  const body = parse(text)
  const cookie = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1]
  const inCookie = world.via === 'cookie'
  const isForged = inCookie && endpoint !== 'me' && request.headers['x-auth-request'] !== '1'
  const accessToken = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  const isWorker = request.headers['x-sent-by'] === 'worker'
  const refreshToken = inCookie ? cookie : String(body.refresh_token ?? '')
  const reply = isForged
    ? { status: 403, body: { error: 'forged' } }
    : world.call(endpoint, { body, accessToken, refreshToken, isWorker })
  const { family, fault } = reply
  if (fault === 'drop') {
    reply.settle?.('dropped')
    response.destroy()
    return
  }
  const settle = (): void => reply.settle?.(response.writableFinished ? 'answered' : 'abandoned')
  response.once('close', settle)
  if (latency[endpoint]) await sleep(latency[endpoint])
  if (family && inCookie && reply.refreshToken !== undefined) {
    const isOver = reply.refreshToken === ''
    response.setHeader(
      'set-cookie',
      `${COOKIE}=${reply.refreshToken}; Path=/w/${world.name}; HttpOnly; SameSite=Strict; Max-Age=${isOver ? 0 : 86_400}`,
    )
  }
  send(response, reply)
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
  response.end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += chunk
  return text
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
