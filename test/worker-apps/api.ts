import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { createServer } from '../../examples/server/app.ts'
import type { ServerConfig } from '../../examples/server/config.ts'
import type { Counts } from '../../examples/server/control.ts'
import { listen } from '../../examples/server/listen.ts'

/** The example server, rotating refresh tokens without grace, and a look at what it was asked. */
export interface Api {
  readonly url: string
  /** How long an answer to a refresh is on its way, after the tokens were rotated, in milliseconds. */
  latency: number
  /** The headers of each refresh call. */
  readonly calls: readonly Readonly<Record<string, string>>[]
  /** Logins, refreshes, and spent refresh tokens that came back. */
  counts(): Promise<Pick<Counts, 'refreshes' | 'refreshesRefused' | 'reuses'>>
  close(): Promise<void>
}

/** Starts it for the pages of one origin. */
export async function startApi(origin: string, refreshTokenIn: ServerConfig['refreshTokenIn'] = 'body'): Promise<Api> {
  const calls: Record<string, string>[] = []
  const app = new Hono()
  app.post('/refresh', async (c, next) => {
    calls.push(c.req.header())
    await next()
    await sleep(api.latency)
  })
  app.route(
    '/',
    await createServer({
      origins: [origin],
      refreshTokenIn,
      secureCookies: false,
      checkRevocation: true,
      control: true,
    }),
  )
  const { url, close } = await listen(app, { host: 'localhost', port: 0 })
  const api: Api = {
    url,
    latency: 0,
    calls,
    async counts() {
      const { refreshes, refreshesRefused, reuses } = (await (await fetch(`${url}/control`)).json()) as Counts
      return { refreshes, refreshesRefused, reuses }
    },
    close,
  }
  return api
}
