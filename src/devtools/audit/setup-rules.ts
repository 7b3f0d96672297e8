import type { Inspection } from '../../inspection.js'
import type { Session } from '../../session/session.js'
import { duration } from '../duration.js'
import { decode } from './decode.js'
import { isNearby, isPlain, parse } from './hosts.js'
import type { Report } from './token-rules.js'

const MINUTE = 60_000

/** Looks at how a client is set up. */
export function auditSetup({ settings, keeper }: Inspection, report: Report): void {
  const { backend, baseUrl, prefixes, storage, environment, allowInsecure } = settings
  const page = parse(environment.location())
  const server = parse(backend.origin)
  const targets = prefixes.flatMap((prefix) => parse(prefix, page) ?? [])

  const refused = [...targets, server].filter((url) => {
    return isPlain(url) && !allowInsecure.some((host) => host === url?.hostname || host === url?.host)
  })
  const exposed = allowInsecure.filter((host) => !isNearby(parse(`http://${host}`)))
  report('plain-http', [...refused.map((url) => `${url?.host}`), ...exposed])

  const api = parse(baseUrl, page)
  const sites = [api, server, page].map(siteOf)
  const wide = targets.filter((url) => {
    const isForeign = url.origin === page?.origin || url.host.includes('*') || !sites.includes(siteOf(url))
    return url.href !== api?.href && url.pathname === '/' && isForeign
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
  const { iat } = claims ?? {}
  const ahead = typeof iat === 'number' ? iat * 1000 - receivedAt : 0
  return clockOffset || (ahead > MINUTE && ahead < 1e11 ? ahead : 0)
}

/**
 * What one owner has of a host, about: two labels, or three below the best known of those suffixes under which everybody
 * can have a name; all of an IP address.
 */
const SITE =
  /^[\d.]+$|[^.]+\.((com?|org|net|gov|ac)\.[a-z]{2}|github\.io|(vercel|netlify|web)\.app|(pages|workers)\.dev|[^.]+)$/

function siteOf(url: URL | undefined): string | undefined {
  return url && (SITE.exec(url.hostname)?.[0] ?? url.hostname)
}
