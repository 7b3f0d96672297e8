import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { build, type Rollup } from 'vite'
import { type AuthServer, createAuthServer } from '../support/auth-server.ts'
import { type Listening, listen } from '../support/listen.ts'
import { quoted } from './quoted.ts'

/** The app of `pages/app.ts` with its API, on a free port of this machine. */
export interface AppServer extends Listening {
  /** Begins with a server that knows nobody; one-time refresh tokens, and no grace. */
  readonly reset: () => AuthServer
}

async function bundle(): Promise<string> {
  const { output } = (await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [quoted()],
    resolve: { alias: { latchkey: join(import.meta.dirname, '../../src/index.ts') } },
    build: { write: false, target: 'es2022', rollupOptions: { input: join(import.meta.dirname, 'pages/app.ts') } },
  })) as Rollup.RollupOutput
  return output[0].code
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += chunk
  return text
}

export async function serveApp(): Promise<AppServer> {
  const script = await bundle()
  const pages: Readonly<Record<string, [type: string, text: string]>> = {
    '/': ['text/html', '<!doctype html><title>Before</title>'],
    '/app': ['text/html', '<!doctype html><title>App</title><script type="module" src="/app.js"></script>'],
    '/app.js': ['text/javascript', script],
    '/favicon.ico': ['image/x-icon', ''],
  }
  let api: AuthServer
  const server = await listen(async (request, response) => {
    const { url = '', method = 'GET', headers } = request
    const [type, text] = pages[url] ?? []
    if (type) {
      response.setHeader('Content-Type', type).end(text)
      return
    }
    const body = method === 'GET' ? undefined : await read(request)
    const { authorization = '' } = headers
    const answer = await api.fetch(server.origin + url, { method, headers: { authorization }, body: body ?? null })
    response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(await answer.text())
  })
  const reset = (): AuthServer => {
    api = createAuthServer({ baseUrl: `${server.origin}/api` })
    return api
  }
  api = reset()
  return { ...server, reset }
}
