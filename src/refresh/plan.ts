import type { AuthBackend } from '../backends/contract.js'
import type { TokenSet } from '../session/tokens.js'

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
 * that signed in together do not come back together: over 30–90 % of the lifetime after a sign-in or an expiry
 * (`isWide`), the events that make crowds; over 80–90 % else, which keeps the crowd apart. Never later than `before`
 * expiry, and never in the first half of the lifetime unless by spreading.
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
