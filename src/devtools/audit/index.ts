import type { AuthClient } from '../../auth-client.js'
import { type Inspection, inspect } from '../../inspection.js'
import { canRenew } from '../../refresh/plan.js'
import { decode, LONGEST, textOf } from './decode.js'
import type { Finding, FindingCode } from './finding.js'
import { auditSetup, clockOffset } from './setup-rules.js'
import { describe, inOrder } from './texts.js'
import { auditToken, type Report } from './token-rules.js'

export type { Finding, FindingCode, Reference, Severity } from './finding.js'

/** What {@link audit} can not find out by itself. */
export interface AuditOptions {
  /** What time it is, in epoch milliseconds. @default the client's clock, or `Date.now()` */
  now?: number | undefined
  /**
   * The public keys that the server publishes (the JSON behind its `jwks_uri`), or whether, or where, it does.
   *
   * @default `false`, unless the session's ID token is signed with such a key
   */
  keySet?:
    | {
        /** The keys (RFC 7517). */
        readonly keys: readonly object[]
      }
    | URL
    | string
    | boolean
    | undefined
  /** The address of the page, which must hold no token. @default `location.href`, where there is one */
  url?: string | URL | undefined
  /** What you know about, and have decided to live with. @default nothing */
  ignore?: readonly FindingCode[] | undefined
}

/**
 * Looks a token over, or a whole client: how the token is signed, what it says and for how long, where it goes and where
 * it is kept. Calls nobody, changes nothing, and verifies no signature; never throws.
 *
 * Of an opaque token only its size can be told. Display names (`name`, `preferred_username`) are not counted as personal
 * data; e-mail addresses, phone numbers, birthdates and the like are, wherever they stand, in `sub` or
 * `preferred_username` too.
 *
 * @param subject an access token, with or without `Bearer` or quotes, or a client, whose set-up is then looked at, too.
 *   Anything else, a client of a second copy of the package too, is the finding `not-a-client`.
 * @returns what was found, the worst first; never a part of a token, nor what a claim says.
 * @example
 * for (const { severity, title, fix } of audit(auth)) console.log(severity, title, fix)
 * @see [RFC 8725: JSON Web Token Best Current Practices](https://www.rfc-editor.org/rfc/rfc8725.html)
 */
export function audit(
  subject: string | Pick<AuthClient, 'state' | 'explain'>,
  options: AuditOptions = {},
): readonly Finding[] {
  const found = new Map<FindingCode, Finding>()
  const report: Report = (code, about, severity) => {
    const text = typeof about === 'object' ? list(about) : about === true ? ' ' : about
    if (text && !found.has(code) && !options.ignore?.includes(code)) found.set(code, describe(code, text, severity))
  }
  try {
    if (typeof subject === 'string') auditText(subject.trim(), options, report)
    else auditClient(inspected(subject), options, report)
  } catch {
    // A subject or option that throws when it is read: what was found until then is all that can be said.
  } finally {
    // Engines keep the last text that a pattern matched in `RegExp.input`, where every script can read it.
    ;/^/.test('')
  }
  return Object.freeze(inOrder(found))
}

function auditText(text: string, { now = Date.now(), keySet, url }: AuditOptions, report: Report): void {
  const token = text.replace(/^["']?([\w-]+\s+)?["']?|["']$/g, '')
  auditUrl(url, [token], report)
  auditToken(token, { now, receivedAt: 0, hasKeySet: hasPublicKeys(keySet), isRenewed: false }, report)
}

function inspected(subject: object): Inspection | undefined {
  try {
    return inspect(subject)
  } catch {
    return undefined
  }
}

function auditClient(inspection: Inspection | undefined, options: AuditOptions, report: Report): void {
  report('not-a-client', !inspection)
  if (!inspection) return
  const { settings, keeper } = inspection
  const session = keeper.current()
  const { accessToken = '', refreshToken = '', idToken = '' } = session?.tokens ?? {}
  auditSetup(inspection, report)
  auditUrl(options.url, [accessToken, refreshToken, idToken], report)
  if (!session || !accessToken) return
  report('wrong-kind-of-token', accessToken === idToken && 'Being the same as the ID token')
  const { backend, environment } = settings
  const offset = clockOffset(session)
  const now = (options.now ?? environment.clock.now()) + offset
  const receivedAt = session.receivedAt + offset
  const hasKeySet = hasPublicKeys(options.keySet ?? isSignedByKeyOf(accessToken, idToken))
  const isRenewed = canRenew(backend, { refreshToken })
  auditToken(accessToken, { now, receivedAt, hasKeySet, isRenewed }, report)
}

/** An ID token that is signed with a private key proves that its issuer publishes the public one. */
function isSignedByKeyOf(accessToken: string, idToken: string): boolean {
  const [access, id] = [accessToken, idToken].map(decode)
  if (typeof access !== 'object' || typeof id !== 'object') return false
  return access.claims.iss === id.claims.iss && /^[RPE][Sd]/.test(textOf(id.header.alg))
}

function hasPublicKeys(keySet: AuditOptions['keySet']): boolean {
  const { keys }: { keys?: unknown } = Object(keySet)
  return Array.isArray(keys) ? keys.some((key) => key?.kty !== 'oct') : !!keySet
}

/** Names of parameters that hold a token for certain, or if their value is a JWT. */
const [SURE, LIKELY] = [/^(access|id|refresh)_token$/i, /^(auth_?)?token$|^jwt$/i]

function auditUrl(given: AuditOptions['url'], tokens: readonly string[], report: Report): void {
  const address = String(given ?? globalThis.location?.href).slice(0, 4 * LONGEST)
  for (const [name, value] of address
    .split(/[?#]/)
    .slice(1)
    .flatMap((part) => [...new URLSearchParams(part)])) {
    const isToken =
      SURE.test(name) || tokens.includes(value) || (LIKELY.test(name) && typeof decode(value) === 'object')
    report('token-in-url', isToken && value ? [name] : [])
  }
}

/** Names as code, the first three of them. */
function list(names: readonly string[]): string {
  const some = [...new Set(names)].map((name) => `\`${name.length > 40 ? `${name.slice(0, 40)}…` : name}\``)
  return some.slice(0, 3).join(', ') + (some.length > 3 ? ` and ${some.length - 3} more` : '')
}
