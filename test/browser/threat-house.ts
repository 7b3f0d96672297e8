import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Frame, type Page } from 'playwright'
import { createWorld, type Endpoint, type World, type WorldOptions } from '../storm/world.ts'
import { bundlePages } from '../support/bundle-pages.ts'
import { chromiumOptions, launchOptions } from './ensure-browser.ts'
import { type Answerer, type Gate, openGate, type Seen } from './threat-gate.ts'
import type { Hands, PageOptions } from './threat-page.ts'

/** Names that lead to our own server; every other name and port, and every address, leads to the thief's. */
const OURS = [
  ...['app.test:443', 'api.test:443', 'files.test:8443', 'insecure.test:80', 'news.test:443'],
  ...['app.shop.test:443', 'blog.shop.test:443'],
]

/** A browser for which `app.test`, `api.test`, … are ours, and the rest of the world is one thief. */
export interface House {
  readonly browser: Browser
  /** With which a Chromium has to be started to see the same world. */
  readonly args: readonly string[]
  /** The auth server of this test, below `/v1` of each name. */
  readonly world: World
  /** What came to our own names. */
  readonly seen: Seen[]
  /** What came to everybody else. */
  readonly stolen: Seen[]
  /** What went wrong in pages that nobody caught, and violations of their Content-Security-Policy. */
  readonly complaints: string[]
  /** Endpoints that answer with a redirect instead. */
  readonly redirects: Partial<Record<Endpoint, { status: number; to: string }>>
  /** The next call of this endpoint is answered 401, whatever it brings. */
  refuseNext(endpoint: Endpoint): void
  /** Begins a test with a new auth server, a browser without any data, and an empty book. */
  begin(options?: WorldOptions): Promise<void>
  /** Opens a page that has a client. */
  open(options?: Partial<PageOptions>, origin?: string): Promise<Tab>
  /** Opens one of the pages that {@link PAGES} has, or anything else, and waits for nothing. */
  visit(url?: string): Promise<Page>
  close(): Promise<void>
}

/** A page, or a frame in it, with a client. */
export interface Tab {
  readonly page: Page
  readonly frame: Frame
  /** Calls a function of `threat-page.ts`. */
  call<K extends keyof Hands>(name: K, ...parameters: Parameters<Hands[K]>): Promise<Awaited<ReturnType<Hands[K]>>>
}

const ENDPOINTS: Record<string, Endpoint> = {
  'POST login': 'login',
  'POST refresh': 'refresh',
  'POST logout': 'logout',
  'GET me': 'me',
  'GET todos': 'me',
  'POST todos': 'me',
}
const COOKIE = '__Host-refresh'

/** What a strict app sends with its pages; `policy` is the Trusted Types policy that may make URLs of workers. */
export const strictPolicy = (policy = "'none'"): string =>
  "default-src 'none'; script-src 'self'; connect-src 'self' https://api.test; base-uri 'none'; form-action 'none'; " +
  `require-trusted-types-for 'script'; trusted-types ${policy}; report-uri /violations`

/** Starts the servers and the browser; `own` answers first what comes to further names of ours, `host:port` as in a URL. */
export async function openHouse(own: Readonly<Record<string, Answerer>> = {}): Promise<House> {
  const scripts = await bundlePages(
    ...['threat-page', 'threat-alone', 'threat-worker'].map((name) => join(import.meta.dirname, `${name}.ts`)),
  )
  const [seen, stolen, complaints]: [Seen[], Seen[], string[]] = [[], [], []]
  const redirects: House['redirects'] = {}
  let refused: Endpoint | undefined
  let world = createWorld('v1', 'https://api.test/v1')
  let context: BrowserContext | undefined

  const ours = await openGate(async (request, response, raw) => {
    seen.push(request)
    const url = new URL(request.url)
    const other = own[url.host]
    if (other) return other(request, response, raw)
    for (const [name, value] of Object.entries(corsOf(request))) response.setHeader(name, value)
    if (request.method === 'OPTIONS') return response.writeHead(204).end()
    const [, root = '', path = '', last] = url.pathname.split('/')
    if (root === 'violations') {
      complaints.push(request.body)
      return response.writeHead(204).end()
    }
    if (path === 'moved') return redirect(response, Number(last), url.searchParams.get('to') ?? '')
    if (root === 'pub') return send(response, 200, {})
    const endpoint = root === 'v1' ? ENDPOINTS[`${request.method} ${path}`] : undefined
    const leading = endpoint && redirects[endpoint]
    if (leading) return redirect(response, leading.status, leading.to)
    if (endpoint && endpoint === refused) {
      refused = undefined
      return send(response, 401, {})
    }
    return endpoint ? call(world, endpoint, request, response) : serve(root, url, response, scripts)
  })
  const thief = await openGate((request, response) => {
    // What the browser itself has to say to its makers is no concern of ours.
    if (/\.google(apis)?\.com$/.test(request.headers.host ?? '')) return response.destroy()
    stolen.push(request)
    for (const [name, value] of Object.entries(corsOf(request))) response.setHeader(name, value)
    return send(response, request.method === 'OPTIONS' ? 204 : 401, { error: 'invalid_token' })
  })
  const args = argsOf([...OURS, ...Object.keys(own)], ours, thief)
  const browser = await chromium.launch({ ...launchOptions(), args })

  const visit = async (url?: string): Promise<Page> => {
    if (!context) throw new Error('Nothing has begun.')
    const page = await context.newPage()
    if (url) await page.goto(url)
    return page
  }
  return {
    browser,
    args,
    seen,
    stolen,
    complaints,
    redirects,
    refuseNext(endpoint) {
      refused = endpoint
    },
    visit,
    get world() {
      return world
    },
    async begin(options) {
      await context?.close()
      context = await browser.newContext({ ignoreHTTPSErrors: true })
      context.on('weberror', (error) => complaints.push(String(error.error())))
      for (const list of [seen, stolen, complaints]) list.length = 0
      for (const endpoint of Object.values(ENDPOINTS)) delete redirects[endpoint]
      world = createWorld('v1', 'https://api.test/v1', options)
    },
    open: async (options, origin) => tabOf(await visit(addressOf(options, 'page', origin))),
    async close() {
      await browser.close()
      await Promise.all([ours.close(), thief.close()])
    },
  }
}

/** The address of a page of ours. */
export function addressOf(options: Partial<PageOptions> = {}, name = 'page', origin = 'https://app.test'): string {
  const query = Object.entries(options).map(([key, value]): [string, string] => [key, String(value)])
  return `${origin}/${name}?${new URLSearchParams(query)}`
}

/** The tab of a page that has a client, or of a frame in it. */
export async function tabOf(page: Page, frame = page.mainFrame()): Promise<Tab> {
  await frame.waitForFunction(() => 'hands' in window)
  return {
    page,
    frame,
    call: (name, ...parameters) =>
      frame.evaluate(
        ([method, given]) => {
          const { hands } = window as unknown as { hands: Record<string, (...all: unknown[]) => unknown> }
          return hands[method]?.(...given)
        },
        [name, parameters] as const,
      ) as never,
  }
}

function argsOf(names: readonly string[], ours: Gate, thief: Gate): string[] {
  const rules = [...names.map((name) => `MAP ${name} 127.0.0.1:${ours.port}`), `MAP * 127.0.0.1:${thief.port}`]
  return [
    ...chromiumOptions().args,
    `--host-resolver-rules=${rules.join(', ')}`,
    '--ignore-certificate-errors',
    '--allow-running-insecure-content', // so that nothing but the client keeps a token off plain http
  ]
}

const scriptOf = (name: string): string => `<script type="module" src="/${name}.js"></script>`
/** What stands in our pages, by name; the query goes on to frames and to what is prerendered. */
const PAGES: Record<string, (query: string) => string> = {
  page: () => scriptOf('threat-page'),
  alone: () => scriptOf('threat-alone'),
  empty: () => '',
  sandbox: (query) => `<iframe sandbox="allow-scripts" src="/page${query}"></iframe>`,
  embedding: (query) => `<iframe src="https://app.test/page${query}"></iframe>`,
  prerendering: (query) => {
    const url = JSON.stringify(`/alone${query}`)
    const rules = `{ "prerender": [{ "source": "list", "urls": [${url}], "eagerness": "immediate" }] }`
    const leave = `setTimeout(() => location.assign(${url}), 2500)`
    return `<script type="speculationrules">${rules}</script><script>${leave}</script>`
  },
}

function serve(name: string, { search, searchParams }: URL, response: ServerResponse, scripts: Record<string, string>) {
  const [source, content] = [scripts[name], PAGES[name]]
  if (source) return response.setHeader('content-type', 'text/javascript').end(source)
  if (!content) return send(response, 404, {})
  const csp = searchParams.get('csp')
  if (csp) response.setHeader('content-security-policy', strictPolicy(csp === 'strict' ? undefined : csp))
  response.setHeader('content-type', 'text/html')
  return response.end(`<!doctype html><meta charset="utf-8"><title>${name}</title>${content(search)}`)
}

function call(world: World, endpoint: Endpoint, { headers, body }: Seen, response: ServerResponse): void {
  const inCookie = world.via === 'cookie'
  const cookie = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(headers.cookie ?? '')?.[1]
  const fields = body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {}
  if (inCookie && endpoint !== 'me' && headers['x-auth-request'] !== '1') {
    send(response, 403, {})
    return
  }
  const reply = world.call(endpoint, {
    body: fields,
    accessToken: /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1],
    refreshToken: inCookie ? cookie : String(fields.refresh_token ?? ''),
    isWorker: headers['sec-fetch-dest'] === 'empty' && headers['x-sent-by'] === 'worker',
  })
  if (inCookie && reply.refreshToken !== undefined) {
    const age = reply.refreshToken ? 86_400 : 0
    const attributes = `Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${age}`
    response.setHeader('set-cookie', `${COOKIE}=${reply.refreshToken}; ${attributes}`)
  }
  reply.settle?.('answered')
  // In cookie mode, too: as a careless server would.
  const careless = reply.refreshToken ? { refresh_token: reply.refreshToken } : {}
  send(response, reply.status, { ...reply.body, ...careless })
}

/** Lets every page read everything: nothing but the client keeps a token from where it should not go. */
function corsOf({ headers }: Seen): Record<string, string> {
  return {
    'access-control-allow-origin': headers.origin ?? '*',
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '*',
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    ...(headers.origin && { 'access-control-allow-credentials': 'true' }),
    'access-control-allow-private-network': 'true',
    'cache-control': 'no-store',
  }
}

function redirect(response: ServerResponse, status: number, to: string): void {
  response.writeHead(status, { location: to }).end()
}

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(status === 204 ? undefined : JSON.stringify(body))
}
