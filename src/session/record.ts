import { AuthError } from '../errors.js'
import { isObject, parseBody } from './json.js'
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
    k: tokens.keyId,
    u: session.user,
  })
}

/** Throws where a record could not hold `user`. */
export function checkUser(user: unknown): void {
  try {
    JSON.stringify(user)
  } catch {
    throw new AuthError('invalid_option', '`user` must be something that JSON can hold.')
  }
}

const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
const isMoment = (value: unknown): boolean => value === undefined || Number.isFinite(value)

/** The session in a record, or `undefined` where the text is damaged, of another version, or of another backend. */
export function decodeRecord<User>(text: unknown, backendId: string): StoredSession<User> | undefined {
  const record = typeof text === 'string' && text.length < LARGEST && parseBody(text)
  if (!isObject(record) || record.v !== VERSION || record.b !== backendId) return undefined
  const { id, g, t, e, n, o = 0, a, r, i, s, k, u } = record
  const isSound =
    isToken(id) &&
    isToken(a) &&
    [r, i, s, k].every(isText) &&
    [e, n, o].every(isMoment) &&
    Number.isSafeInteger(g) &&
    Number.isFinite(t)
  if (!isSound) return undefined
  const tokens = { accessToken: a, refreshToken: r, idToken: i, expiresAt: e, scope: s, keyId: k }
  return { id, generation: g, tokens, user: u, receivedAt: t, renewAt: n, clockOffset: o } as StoredSession<User>
}
