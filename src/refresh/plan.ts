import type { AuthBackend } from '../backends/contract.js'
import type { Environment } from '../environment.js'
import type { RenewalPlan } from '../session/session.js'
import type { TokenSet } from '../session/tokens.js'
import type { Backoff } from './backoff.js'

/** Whether there is something to renew `tokens` with. */
export function canRenew(
  { refresh, refreshVia }: Pick<AuthBackend, 'refresh' | 'refreshVia'>,
  { refreshToken }: Pick<TokenSet, 'refreshToken'>,
): boolean {
  return !!refresh && (refreshVia === 'body' ? !!refreshToken : refreshVia !== 'none')
}

/** When tokens are renewed; see `refresh` of the client's options. */
export interface PlanOptions {
  readonly before?: number | undefined
  readonly spread?: boolean | undefined
}

/**
 * The moment for the renewal of tokens that arrived at `receivedAt`. Renewals are spread, so that a million clients
 * that signed in together do not come back together: over 30–90 % of the lifetime after what makes crowds (`isWide`), over
 * 80–90 % else, which keeps the crowd apart. Never later than `before` expiry, and never in the first half of the
 * lifetime unless by spreading. `npm run simulate` shows what a token endpoint sees of it.
 */
export function planRenewal(
  receivedAt: number,
  expiresAt: number,
  isWide: boolean,
  random: () => number,
  { before, spread = true }: PlanOptions,
): number {
  const lifetime = expiresAt - receivedAt
  const latest = expiresAt - Math.min(before ?? Math.min(lifetime / 10, 60_000), lifetime / 2)
  const share = isWide ? 0.3 + 0.6 * random() : 0.8 + 0.1 * random()
  return spread ? Math.round(Math.min(latest, receivedAt + share * lifetime)) : latest
}

/** What a plan is made of. */
export interface PlanParts {
  readonly environment: Pick<Environment, 'random'>
  readonly backend: Pick<AuthBackend, 'refresh' | 'refreshVia'>
  readonly refresh: PlanOptions
  readonly backoff: Pick<Backoff, 'failure'>
}

/**
 * Plans the renewals of a client. A sign-in and an expiry make crowds, and so does an outage: all come back in the
 * minutes after it, and would stay together from then on.
 */
export function createPlan({ environment, backend, refresh, backoff }: PlanParts): RenewalPlan {
  return (tokens, receivedAt, isWide) => {
    // Only what calls the server needs spreading.
    const spread = refresh.spread !== false && canRenew(backend, tokens)
    const options = { ...refresh, spread }
    return planRenewal(receivedAt, tokens.expiresAt, isWide || !!backoff.failure, environment.random, options)
  }
}
