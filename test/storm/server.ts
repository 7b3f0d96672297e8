import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Listening, listen } from '../support/listen.ts'
import { createWorld, type Endpoint, type Reply, type World, type WorldOptions } from './world.ts'

/** One origin for all storms: pages, scripts, and as many auth servers as there are worlds. */
export interface StormServer extends Listening {
  /** What Latchkey's pages did that their Content-Security-Policy forbids, as the browser has reported it. */
  readonly violations: string[]
  /** A new auth server below `/w/<name>/`, with people, tokens and counts of its own. */
  world(options?: WorldOptions): World
}

/** A call below `/w/<name>/`, as it came in. */
export interface Call {
  readonly method: string
  /** What follows the name of the world. */
  readonly path: string
  readonly search: URLSearchParams
  /** JSON or a form. */
  readonly body: Record<string, unknown>
}

/** What a call means to a world, and how the reply is put for the one who called. */
export interface Translation {
  readonly endpoint: Endpoint
  readonly body: Record<string, unknown>
  readonly refreshToken?: string
  tell(reply: Reply): Reply
}

/** How others than Latchkey speak to a world: hands back what a call means, or its answer, or nothing. */
export type Dialect = (call: Call, world: World) => Translation | Reply | undefined

const ENDPOINTS: Record<string, Endpoint> = {
  'POST login': 'login',
  'POST refresh': 'refresh',
  'POST logout': 'logout',
  'GET me': 'me',
}
const COOKIE = 'refresh_token'

/**
 * What a strict app sends with its pages; under Trusted Types only this policy makes the URL of a worker. Images are for the
 * icon, which some browsers ask for by themselves, and count.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
  "require-trusted-types-for 'script'; trusted-types latchkey-worker; report-uri /violations"

/**
 * Starts the server on loopback; `scripts` are served by name, each with a page `/<name>` that runs it. `dialect` is asked
 * for calls that it does not understand.
 */
export async function startServer(scripts: Readonly<Record<string, string>>, dialect?: Dialect): Promise<StormServer> {
  const worlds = new Map<string, World>()
  const violations: string[] = []
  let count = 0
  const { origin, close } = await listen((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams: search } = new URL(request.url ?? '/', origin)
    const [, w, name = '', ...rest] = pathname.split('/')
    const world = w === 'w' ? worlds.get(name) : undefined
    if (pathname === '/violations') {
      violations.push(await readBody(request))
      response.writeHead(204).end()
      return
    }
    if (!world) return serve(pathname.slice(1), response)
    const { method = '' } = request
    const path = rest.join('/')
    const endpoint = ENDPOINTS[`${method} ${path}`]
    const body = parse(await readBody(request), request.headers['content-type'])
    const meant = endpoint ? { endpoint, body } : dialect?.({ method, path, search, body }, world)
    if (meant && 'endpoint' in meant) await call(world, meant, request, response)
    else send(response, meant ?? { status: 404, body: {} })
  }

  const serve = (path: string, response: ServerResponse): void => {
    const script = scripts[path]
    const isPage = !script && (scripts[`${path}.js`] !== undefined || path === 'elsewhere')
    // Not `no-store`: that would keep pages out of the back/forward cache.
    response.setHeader('cache-control', 'max-age=0')
    if (path === 'latchkey') response.setHeader('content-security-policy', POLICY)
    if (script) response.setHeader('content-type', 'text/javascript').end(script)
    else if (isPage) response.setHeader('content-type', 'text/html').end(page(path, scripts))
    else response.writeHead(404).end()
  }

  return {
    origin,
    violations,
    world(options) {
      count += 1
      const name = `world-${count}-${Math.random().toString(36).slice(2, 8)}`
      const world = createWorld(name, `${origin}/w/${name}`, options)
      worlds.set(name, world)
      return world
    },
    close,
  }
}

function page(name: string, scripts: Readonly<Record<string, string>>): string {
  const script = scripts[`${name}.js`] === undefined ? '' : `<script type="module" src="/${name}.js"></script>`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><h1>${name}</h1>${script}</html>`
}

async function call(
  world: World,
  { endpoint, body, refreshToken: given, tell }: Omit<Translation, 'tell'> & Partial<Translation>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { latency, delay } = world.behaviour
  if (delay[endpoint]) await sleep(delay[endpoint])
  const cookie = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1]
  const inCookie = world.via === 'cookie'
  const isForged = inCookie && endpoint !== 'me' && request.headers['x-auth-request'] !== '1'
  const accessToken = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  const isWorker = request.headers['x-sent-by'] === 'worker'
  const refreshToken = inCookie ? cookie : (given ?? String(body.refresh_token ?? ''))
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
  send(response, tell?.(reply) ?? reply)
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

function parse(text: string, type = ''): Record<string, unknown> {
  if (type.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
