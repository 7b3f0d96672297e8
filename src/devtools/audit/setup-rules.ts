import type { Inspection } from '../../inspection.js'
import type { Session } from '../../session/session.js'
import { duration } from '../duration.js'
import { decode } from './decode.js'
import { isNearby, isPlain, parse } from './hosts.js'
import type { Report } from './token-rules.js'

const MINUTE = 60_000

/** Looks at how a client is set up. */
export function auditSetup({ settings, keeper }: Inspection, report: Report): void {
  const { backend, prefixes, storage, environment, allowInsecure } = settings
  const page = parse(environment.location())
  const server = parse(backend.origin)
  const targets = prefixes.flatMap((prefix) => parse(prefix, page) ?? [])

  const refused = [...targets, server].filter((url) => {
    return isPlain(url) && !allowInsecure.some((host) => host === url?.hostname || host === url?.host)
  })
  const exposed = allowInsecure.filter((host) => !isNearby(parse(`http://${host}`)))
  report('plain-http', [...refused.map((url) => `${url?.host}`), ...exposed])

  // The first one is the API itself.
  const sites = [targets[0], server, page].map(siteOf)
  const wide = targets.slice(1).filter((url) => {
    const isForeign = url.origin === page?.origin || url.host.includes('*') || !sites.includes(siteOf(url))
    return url.pathname === '/' && isForeign
  })
  report(
    'wide-destination',
    wide.map(({ origin }) => origin),
  )

  const isInScript = /^(body|access-token)$/.test(backend.refreshVia) && (storage.scope ?? 'origin') === 'origin'
  // A bound token is of no use to a thief; and a provider whose page signs in can set no cookie for the app.
  const isAtRisk = !!backend.refresh && isInScript && !backend.authorize
  report('refresh-token-in-storage', isAtRisk, backend.resume && 'info')

  const session = keeper.current()
  const offset = session ? clockOffset(session) : 0
  const refresh = decode(session?.tokens.refreshToken ?? '')
  report('clock-off', Math.abs(offset) >= MINUTE && duration(offset))
  report('no-expiry', typeof refresh === 'object' && !refresh.claims.exp && 'refresh token', 'warning')
}

/** How far the server's clock is ahead, in milliseconds: a token that comes from the future proves that it is. */
export function clockOffset({ clockOffset, claims, receivedAt }: Session): number {
  const ahead = Number(claims?.iat) * 1000 - receivedAt
  return clockOffset || (ahead > MINUTE && ahead < 1e11 ? ahead : 0)
}

/** What one owner has of a host, about. */
function siteOf(url: URL | undefined): string | undefined {
  return url?.hostname.split('.').slice(-2).join('.')
}
