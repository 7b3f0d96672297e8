/** The routes that can be broken; `api` is all that is not about signing in. */
export type FaultRoute = 'refresh' | 'login' | 'api'

/** An answer to give instead of the right one, until a number of times or a span of time is over. */
export interface Fault {
  readonly route: FaultRoute
  readonly status: number
  /** Seconds, for the header `Retry-After`. */
  readonly retryAfter?: number
  readonly times?: number
  readonly forMs?: number
}

/** What `POST /control` can be asked for, in any combination. */
export interface Orders {
  /** Delays every answer. */
  latencyMs?: number
  /** Delays the answer to the next refresh, whose token is spent at once: time for a client to die in between. */
  lateRefreshMs?: number
  /** `null` ends a fault. */
  fail?: Fault | null
  /** The username whose sessions end. */
  revoke?: string
  /** Refuses every access token issued until now. */
  expireAccessTokens?: boolean
}

const longest = 10 * 60_000

/** Reads orders from JSON; `fields` says what is wrong with it. */
export function readOrders(body: Readonly<Record<string, unknown>>): {
  orders: Orders
  fields: Record<string, string>
} {
  const { latencyMs, lateRefreshMs, fail, revoke, expireAccessTokens, ...unknown } = body
  const fields: Record<string, string> = {}
  const orders: Orders = {}

  for (const name of Object.keys(unknown)) fields[name] = 'There is no such order.'

  if (isWhole(latencyMs, 0, longest)) orders.latencyMs = latencyMs
  else if (latencyMs !== undefined) fields.latencyMs = `Must be a whole number up to ${longest}.`

  if (isWhole(lateRefreshMs, 0, longest)) orders.lateRefreshMs = lateRefreshMs
  else if (lateRefreshMs !== undefined) fields.lateRefreshMs = `Must be a whole number up to ${longest}.`

  if (fail === null || isFault(fail)) orders.fail = fail
  else if (fail !== undefined) fields.fail = 'Must be null or { route, status, retryAfter?, times?, forMs? }.'

  if (typeof revoke === 'string') orders.revoke = revoke
  else if (revoke !== undefined) fields.revoke = 'Must be a username.'

  if (typeof expireAccessTokens === 'boolean') orders.expireAccessTokens = expireAccessTokens
  else if (expireAccessTokens !== undefined) fields.expireAccessTokens = 'Must be true.'

  return { orders, fields }
}

function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null) return false
  const { route, status, retryAfter = 0, times = 0, forMs = 0 } = value as Record<string, unknown>
  return (
    (route === 'refresh' || route === 'login' || route === 'api') &&
    isWhole(status, 400, 599) &&
    [retryAfter, times, forMs].every((number) => isWhole(number, 0, Number.MAX_SAFE_INTEGER))
  )
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}
