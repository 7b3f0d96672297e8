import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { apiRoutes } from './api-routes.ts'
import { authRoutes } from './auth-routes.ts'
import { type ResolvedConfig, resolveConfig, type ServerConfig } from './config.ts'
import { createControl, createCounts } from './control.ts'
import { createParts, type Parts } from './parts.ts'
import type { SignedIn } from './signed-in.ts'

/** Further routes for the same people and tokens, such as another way to sign in. */
export type MoreRoutes = (parts: Parts) => Hono<SignedIn>

/**
 * Builds a JWT server that keeps everything in memory, and listens nowhere yet.
 *
 * @throws {@link ConfigError} when a setting makes no sense.
 */
export async function createServer(options: ServerConfig = {}, moreRoutes?: MoreRoutes): Promise<Hono> {
  const config = resolveConfig(options)
  const counts = createCounts()
  const parts = await createParts(config, () => {
    counts.reuses += 1
  })

  const app = new Hono()
  app.use(corsFor(config))
  app.use(async (c, next) => {
    c.header('Cache-Control', 'no-store')
    await next()
  })
  app.use(bodyLimit({ maxSize: 16 * 1024, onError: (c) => c.json({ error: 'body_too_large' }, 413) }))

  if (config.control) {
    const control = createControl(parts, counts)
    app.use(control.watch)
    app.route('/control', control.routes)
  }
  app.route('/', authRoutes(parts))
  app.route('/', apiRoutes(parts))
  if (moreRoutes) app.route('/', moreRoutes(parts))

  app.notFound((c) => c.json({ error: 'not_found' }, 404))
  app.onError((error, c) => {
    if (error instanceof HTTPException)
      return c.json({ error: 'invalid_request', message: error.message }, error.status)
    console.error(error)
    return c.json({ error: 'server_error' }, 500)
  })
  return app
}

/** Lets scripts of the listed origins read the answers. It protects users, not the server: others can still send. */
function corsFor({ origins, refreshTokenIn }: ResolvedConfig) {
  return cors({
    origin: [...origins],
    credentials: refreshTokenIn === 'cookie',
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Auth-Request'],
    exposeHeaders: ['WWW-Authenticate', 'Retry-After'],
    maxAge: 600,
  })
}
