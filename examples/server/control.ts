import { setTimeout as sleep } from 'node:timers/promises'
import { Hono, type MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { invalidFields, readJson } from './answers.ts'
import { type Fault, type FaultRoute, readOrders } from './control-orders.ts'
import type { Parts } from './parts.ts'

/** What has happened since the start. */
export interface Counts {
  logins: number
  refreshes: number
  /** Refreshes that got any other answer than tokens. */
  refreshesRefused: number
  /** Spent refresh tokens that came back. */
  reuses: number
  api: number
  /** Of `api`: answered 401. */
  unauthorized: number
}

/** Breaks the server on purpose, and counts; for demos and tests alone. */
export interface Control {
  readonly routes: Hono
  /** Counts, delays and breaks the other routes. */
  readonly watch: MiddlewareHandler
}

const routeOf: Readonly<Record<string, FaultRoute>> = {
  '/login': 'login',
  '/refresh': 'refresh',
  '/public': 'api',
  '/me': 'api',
  '/todos': 'api',
  '/admin': 'api',
}

/** A fresh set of counts. */
export function createCounts(): Counts {
  return { logins: 0, refreshes: 0, refreshesRefused: 0, reuses: 0, api: 0, unauthorized: 0 }
}

/** Makes the control of one server. */
export function createControl(parts: Parts, counts: Counts): Control {
  const { config, users, accessTokens, refreshTokens } = parts
  const routes = new Hono()
  let latencyMs = 0
  let lateRefreshMs = 0
  let fault: { what: Fault; until: number; left: number } | undefined

  function nextFault(route: FaultRoute): Fault | undefined {
    if (fault?.what.route !== route || fault.left <= 0 || config.now() >= fault.until) return undefined
    fault.left -= 1
    return fault.what
  }

  const watch = createMiddleware(async (c, next) => {
    const route = routeOf[c.req.path]
    if (!route) return next()
    const broken = nextFault(route)
    if (latencyMs > 0) await sleep(latencyMs)
    if (broken) {
      if (broken.retryAfter !== undefined) c.header('Retry-After', String(broken.retryAfter))
      c.res = c.json({ error: 'injected_failure' }, broken.status as ContentfulStatusCode)
    } else {
      await next()
    }
    if (route === 'refresh' && lateRefreshMs > 0) {
      const delay = lateRefreshMs
      lateRefreshMs = 0
      await sleep(delay)
    }
    count(counts, route, c.res.status)
  })

  routes.get('/', (c) => c.json(counts))

  routes.post('/', async (c) => {
    const { orders, fields } = readOrders(await readJson(c))
    const revoked = orders.revoke === undefined ? undefined : users.byUsername(orders.revoke)
    if (orders.revoke !== undefined && !revoked) fields.revoke = 'There is no such user.'
    if (Object.keys(fields).length > 0) return invalidFields(c, fields)

    if (orders.latencyMs !== undefined) latencyMs = orders.latencyMs
    if (orders.lateRefreshMs !== undefined) lateRefreshMs = orders.lateRefreshMs
    if (orders.fail === null) fault = undefined
    if (orders.fail) {
      const { times = Infinity, forMs = Infinity } = orders.fail
      fault = { what: orders.fail, until: config.now() + forMs, left: times }
    }
    if (revoked) refreshTokens.endAllOf(revoked.id)
    if (orders.expireAccessTokens) await accessTokens.replaceKeys()
    return c.json(counts)
  })

  return { routes, watch }
}

function count(counts: Counts, route: FaultRoute, status: number): void {
  const isOk = status >= 200 && status < 300
  if (route === 'login' && isOk) counts.logins += 1
  if (route === 'refresh') counts[isOk ? 'refreshes' : 'refreshesRefused'] += 1
  if (route === 'api') counts.api += 1
  if (route === 'api' && status === 401) counts.unauthorized += 1
}
