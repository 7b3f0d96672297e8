import vue from '@vitejs/plugin-vue'
import { createServer as createVite } from 'vite'
import { openPagePort } from '../../examples/serve-page.ts'
import { createServer } from '../../examples/server/app.ts'
import { listen } from '../../examples/server/listen.ts'
import type { RenderedPage, renderPage } from '../../examples/vue/ssr.ts'

/** A server that renders the app for whoever `?as=` names. */
export interface VueSite {
  readonly url: string
  stop(): Promise<void>
}

const root = `${import.meta.dirname}/../..`
const host = 'localhost'

/** Starts the example server, and a server that renders pages of examples/vue for people who are signed in. */
export async function startSite(): Promise<VueSite> {
  const port = await openPagePort(host, 0)
  const api = await listen(
    await createServer({ origins: [port.url], refreshTokenIn: 'cookie', secureCookies: false, control: true }),
    { host, port: 0 },
  )
  const vite = await createVite({
    root: `${root}/examples/vue`,
    configFile: false,
    cacheDir: `${root}/node_modules/.vite/vue-ssr`,
    logLevel: 'warn',
    appType: 'custom',
    plugins: [vue()],
    resolve: { alias: { latchkey: `${root}/src/index.ts` } },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: { server: port.server }, watch: null },
  })
  const modules: { renderPage: typeof renderPage } = Object(await vite.ssrLoadModule('/ssr.ts'))

  async function render(path: string): Promise<RenderedPage> {
    const username = new URL(path, port.url).searchParams.get('as') ?? ''
    return modules.renderPage({ baseUrl: api.url, path, initial: await tokensOf(api.url, username) })
  }

  port.server.on('request', async (request, response) => {
    const { url: path = '/', headers } = request
    if (!headers.accept?.includes('text/html')) return vite.middlewares(request, response)
    const page = documentOf(api.url, await render(path))
    response.writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'no-store' }).end(page)
  })

  return {
    url: port.url,
    async stop() {
      port.server.close()
      port.server.closeAllConnections()
      await Promise.all([vite.close(), api.close()])
    },
  }
}

/** Signs in as a server would that knows its visitor, and has a session of its own. */
async function tokensOf(api: string, username: string) {
  const answer = await fetch(`${api}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Auth-Request': '1' },
    body: JSON.stringify({ username, password: 'password123' }),
  })
  const { access_token, expires_in, user } = await answer.json()
  return { accessToken: access_token as string, lifetime: expires_in * 1000, user }
}

/** `rendered` are the elements as the server sent them; `hydrated` resolves when the app has taken them over. */
function documentOf(api: string, { html, script }: RenderedPage): string {
  return `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><link rel="icon" href="data:,"><title>To-dos</title></head>
  <body>
    <div id="app">${html}</div>
    ${script}
    <script type="module">
      const root = document.getElementById('app')
      window.rendered = [...root.querySelectorAll('*')]
      window.hydrated = import('/hydrate.ts').then(({ hydrate }) => hydrate('${api}', root))
    </script>
  </body>
</html>`
}
