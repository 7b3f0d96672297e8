import { AuthError } from '../errors.js'
import { isObject } from '../session/json.js'
import type { TokenResponse } from '../session/tokens.js'

/** The names under which tokens travel. */
export const TOKEN_NAMES = {
  access: ['access_token', 'accessToken', 'access', 'token', 'jwt'],
  refresh: ['refresh_token', 'refreshToken', 'refresh'],
  id: ['id_token', 'idToken'],
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

  const find = (names: readonly string[], fits: (value: unknown) => boolean = isText): unknown => {
    for (const place of places) {
      const name = names.find((each) => Object.hasOwn(place, each) && fits(place[each]))
      if (name) return place[name]
    }
    return undefined
  }
  const findText = find as (names: readonly string[]) => string | undefined

  const accessToken = findText(TOKEN_NAMES.access)
  const refreshToken = findText(TOKEN_NAMES.refresh)
  if (!accessToken && !refreshToken) {
    const keys = places.flatMap(Object.keys).join(', ').slice(0, 200) || 'no JSON object'
    throw new AuthError('invalid_response', `The answer holds no token, but ${keys}: see \`readTokens\`.`)
  }
  const lifetime = toNumber(find(['expires_in', 'expiresIn'], isValue)) * 1000
  const moment = find(['expires_at', 'expiresAt'], isValue)
  const expiresAt = toNumber(moment) || (isText(moment) ? Date.parse(moment) : Number.NaN)
  return {
    accessToken,
    refreshToken,
    idToken: findText(TOKEN_NAMES.id),
    lifetime: Number.isFinite(lifetime) ? lifetime : undefined,
    expiresAt: Number.isFinite(expiresAt) ? expiresAt * (expiresAt < 1e11 ? 1000 : 1) : undefined,
    tokenType: findText(['token_type', 'tokenType']),
    scope: findText(['scope']),
    user: find(['user'], isValue) as User | undefined,
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isValue = (value: unknown): boolean => value !== undefined && value !== null
/** A number, also one in quotes; `NaN` for anything else, as for an empty text. */
const toNumber = (value: unknown): number => (typeof value === 'number' || isText(value) ? Number(value) : Number.NaN)
