import { duration } from '../duration.js'
import { decode, type Fields, textOf } from './decode.js'
import type { FindingCode, Severity } from './finding.js'
import { isPlain, parse } from './hosts.js'
import { findPrivateData } from './private-data.js'

/**
 * Notes that something is wrong, unless `about` says that it is not: `false`, or no name at all. What it is about goes into
 * the text, and never holds what a claim says.
 */
export type Report = (code: FindingCode, about: boolean | string | readonly string[], severity?: Severity) => void

/** What is known about a token beside its text. */
export interface Circumstances {
  /** Epoch milliseconds, by the clock of the server as far as it is known. */
  readonly now: number
  /** Whether public keys are published for the issuer. */
  readonly hasKeySet: boolean
  /** Whether something renews it: then it expires in the course of things. */
  readonly isRenewed: boolean
  /** When the client received it, by the same clock; 0 where nobody knows. */
  readonly receivedAt: number
}

/** As RFC 7518, RFC 8037, RFC 8812, RFC 9864 and RFC 9964 register them. */
const ALGORITHMS = /^([RPEH]S(256|384|512)|ES256K|Ed(DSA|25519|448)|ML-DSA-(44|65|87))$/
const ACCESS_TOKEN_TYPE = /^(application\/)?(at\+)?jwt$/i
const ROLES = /role|permission|group|^sco?p|authorit|entitlement/i
const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The largest cookie that browsers keep. */
const LARGEST = 4096
const MANY = 64
/** In seconds, the year 5138; in milliseconds, 1973. */
const NOT_SECONDS = 1e11

/** Looks at one access token. */
export function auditToken(token: string, around: Circumstances, report: Report): void {
  const decoded = decode(token)
  const isLarge = token.length > LARGEST
  report('malformed-token', decoded === 'malformed')
  report('large-token', isLarge && decoded !== 'malformed')
  if (typeof decoded !== 'object') return
  const { header, claims, signature } = decoded
  const names = Object.keys(claims)
  auditHeader(header, signature, around, report)
  auditTimes(claims, around, report)
  auditParties(claims, report)
  auditKind(header, claims, report)
  const { secrets, persons } = findPrivateData(claims)
  report('secret-in-claims', secrets)
  report('personal-data-in-claims', persons)
  report('many-roles', isLarge ? [] : names.filter((name) => ROLES.test(name) && countOf(claims[name]) > MANY))
}

function auditHeader(header: Fields, signature: string, { hasKeySet }: Circumstances, report: Report): void {
  const alg = textOf(header.alg)
  const isNone = /^none$/i.test(alg)
  const isKnown = ALGORITHMS.test(alg)
  report('alg-none', isNone || (isKnown && !signature))
  report('alg-weak', !isNone && !isKnown)
  report('alg-symmetric', hasKeySet && alg.startsWith('HS'))
  report(
    'key-in-header',
    ['jku', 'jwk', 'x5u', 'x5c'].filter((name) => name in header),
  )
  report('critical-extension', 'crit' in header)
  report('unusual-type', !ACCESS_TOKEN_TYPE.test(textOf(header.typ ?? 'jwt')))
}

function auditTimes(claims: Fields, { now, receivedAt, isRenewed }: Circumstances, report: Report): void {
  const isTime = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) < NOT_SECONDS
  const at = (name: string): number => (isTime(claims[name]) ? claims[name] * 1000 : Number.NaN)
  const exp = at('exp')
  report(
    'time-not-in-seconds',
    ['exp', 'nbf', 'iat'].filter((name) => name in claims && !isTime(claims[name])),
  )
  report(
    'from-the-future',
    ['nbf', 'iat'].filter((name) => at(name) > now + MINUTE),
  )
  report('no-issue-time', !('iat' in claims))
  report('no-expiry', !('exp' in claims) && 'token')
  report('expired-token', exp <= now && !isRenewed)
  // Some servers keep the `iat` of the sign-in over all renewals: an old one proves nothing about this token.
  const life = exp - Math.max(at('iat') || receivedAt || now, receivedAt)
  const isUnsure = !receivedAt && at('iat') < now - HOUR && exp <= now + HOUR
  report('long-lifetime', life > HOUR && duration(life), isUnsure ? 'info' : life > 24 * HOUR ? 'error' : 'warning')
}

function auditParties({ iss, aud, sub, client_id, token_use }: Fields, report: Report): void {
  const audiences = [aud].flat().filter((each) => each)
  report('no-issuer', !iss)
  report('plain-http', isPlain(parse(iss)) && '`iss`', 'warning')
  // Amazon Cognito names the client where others name the audience.
  report('no-audience', !audiences.length && !(token_use && client_id))
  report(
    'wide-audience',
    audiences.some((each) => textOf(each).includes('*')),
  )
  report('no-subject', (sub ?? '') === '')
}

function auditKind(header: Fields, claims: Fields, report: Report): void {
  const marks = ['at_hash', 'c_hash', 's_hash'].filter((name) => name in claims)
  const kinds = ['typ', 'token_type', 'token_use'].filter((name) => /^(id|refresh)$/i.test(textOf(claims[name])))
  // Older Keycloaks copy the nonce into access tokens.
  const isForApis =
    'scope' in claims || 'scp' in claims || /bearer|at\+jwt/i.test(textOf(header.typ) + textOf(claims.typ))
  const nonce = 'nonce' in claims && !isForApis ? ['nonce'] : []
  report('wrong-kind-of-token', [...marks, ...kinds, ...nonce])
}

function countOf(value: unknown): number {
  return Object.keys(typeof value === 'string' ? value.split(' ') : Object(value)).length
}
