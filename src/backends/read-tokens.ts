import { AuthError } from '../errors.js'
import { isObject } from '../session/json.js'
import type { TokenResponse } from '../session/tokens.js'

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isUseful = (value: unknown): boolean => value !== undefined && value !== null

/** The names under which tokens travel. */
export const TOKEN_NAMES = {
  accessToken: ['access_token', 'accessToken', 'access', 'token', 'jwt'],
  refreshToken: ['refresh_token', 'refreshToken', 'refresh'],
  idToken: ['id_token', 'idToken'],
} as const

/**
 * Finds the tokens in the body of a successful answer, at the top level or under `data`, `tokens` or `session`:
 * `access_token accessToken access token jwt`, `refresh_token refreshToken refresh`, `id_token idToken`,
 * `expires_in expiresIn` (seconds), `expires_at expiresAt` (seconds or milliseconds, by magnitude, or a date as text),
 * `token_type tokenType`, `scope` and `user`.
 *
 * @throws {@link AuthError} `invalid_response` when there is neither an access token nor a refresh token.
 * @see [RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749.html#section-5.1)
 */
export function readTokens<User = unknown>(body: unknown, _response?: Response): TokenResponse<User> {
  const top = isObject(body) ? body : {}
  const places = [top, top.data, top.tokens, top.session].filter(isObject)

  const find = <T = unknown>(names: readonly string[], fits: (value: unknown) => boolean): T | undefined => {
    for (const place of places) {
      const name = names.find((each) => Object.hasOwn(place, each) && fits(place[each]))
      if (name) return place[name] as T
    }
    return undefined
  }
  const findText = (names: readonly string[]): string | undefined => find(names, isText)

  const accessToken = findText(TOKEN_NAMES.accessToken)
  const refreshToken = findText(TOKEN_NAMES.refreshToken)
  if (!accessToken && !refreshToken) {
    const keys = places.flatMap(Object.keys).join(', ').slice(0, 200)
    throw new AuthError('invalid_response', `The answer holds no token, but ${keys || 'no JSON object'}: see \`readTokens\`.`)
  }
  const seconds = Number(find(['expires_in', 'expiresIn'], isUseful) ?? Number.NaN)
  const moment = find(['expires_at', 'expiresAt'], isUseful) ?? Number.NaN
  const expiresAt = Number.isNaN(Number(moment)) ? Date.parse(String(moment)) : Number(moment)
  return {
    accessToken,
    refreshToken,
    idToken: findText(TOKEN_NAMES.idToken),
    lifetime: Number.isFinite(seconds) ? seconds * 1000 : undefined,
    expiresAt: Number.isFinite(expiresAt) ? expiresAt * (expiresAt < 1e11 ? 1000 : 1) : undefined,
    tokenType: findText(['token_type', 'tokenType']),
    scope: findText(['scope']),
    user: find<User>(['user'], isUseful),
  }
}
