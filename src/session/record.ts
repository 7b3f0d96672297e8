import { isObject, parseJson } from './json.js'
import type { StoredSession } from './session.js'
import { isToken } from './tokens.js'

const VERSION = 1
const LARGEST = 512 * 1024

/** What stands in the storage for `session`; short names, since cookies carry it too. */
export function encodeRecord({ id, generation, tokens, ...session }: StoredSession, backendId: string): string {
  return JSON.stringify({
    v: VERSION,
    b: backendId,
    id,
    g: generation,
    t: session.receivedAt,
    e: tokens.expiresAt,
    n: session.renewAt,
    o: session.clockOffset || undefined,
    a: tokens.accessToken,
    r: tokens.refreshToken,
    i: tokens.idToken,
    s: tokens.scope,
    u: session.user,
  })
}

const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'
const isMoment = (value: unknown): value is number => Number.isFinite(value)
const isPerhapsMoment = (value: unknown): value is number | undefined => value === undefined || isMoment(value)

/** The session in a record, or `undefined` where the text is damaged, of another version, or of another backend. */
export function decodeRecord<User>(text: string, backendId: string): StoredSession<User> | undefined {
  if (text.length > LARGEST) return undefined
  let record: unknown
  try {
    record = parseJson(text)
  } catch {
    return undefined
  }
  if (!isObject(record) || record.v !== VERSION || record.b !== backendId) return undefined
  const { id, g: generation, t: receivedAt, e: expiresAt, n: renewAt, o: clockOffset = 0 } = record
  const { a: accessToken, r: refreshToken, i: idToken, s: scope, u: user } = record
  const isSound =
    isToken(id) &&
    Number.isSafeInteger(generation) &&
    isMoment(receivedAt) &&
    isPerhapsMoment(expiresAt) &&
    isPerhapsMoment(renewAt) &&
    isMoment(clockOffset) &&
    isToken(accessToken) &&
    isText(refreshToken) &&
    isText(idToken) &&
    isText(scope)
  if (!isSound) return undefined
  return {
    id,
    generation: generation as number,
    tokens: { accessToken, refreshToken, idToken, expiresAt, scope },
    user: user as User | undefined,
    receivedAt,
    renewAt,
    clockOffset,
  }
}
