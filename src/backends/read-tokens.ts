import { AuthError } from '../errors.js'
import { isObject } from '../session/json.js'
import type { TokenResponse } from '../session/tokens.js'

const ACCESS = ['access_token', 'accessToken', 'access', 'token', 'jwt']
const REFRESH = ['refresh_token', 'refreshToken', 'refresh']
const ID = ['id_token', 'idToken']

/** The names under which tokens travel. */
export const TOKEN_NAMES: readonly string[] = [...ACCESS, ...REFRESH, ...ID]

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
  const { data, tokens, session } = Object(body) as Record<string, unknown>
  const places = [body, data, tokens, session].filter(isObject)
  const find = <T>(fits: (value: unknown) => value is T, ...names: readonly string[]): T | undefined => {
    const values = places.flatMap((place) =>
      names.map((name) => (Object.hasOwn(place, name) ? place[name] : undefined)),
    )
    return values.find(fits)
  }

  const accessToken = find(isText, ...ACCESS)
  const refreshToken = find(isText, ...REFRESH)
  if (!accessToken && !refreshToken) {
    const keys = places.flatMap(Object.keys).join(', ') || 'none: no JSON object'
    throw new AuthError(
      'invalid_response',
      `No token among the answer's keys (${keys.slice(0, 200)}): see \`readTokens\`.`,
    )
  }
  const moment = find(isNumeric, 'expires_at', 'expiresAt')
  const expiresAt = Number(moment) || Date.parse(isText(moment) ? moment : '')
  return {
    accessToken,
    refreshToken,
    idToken: find(isText, ...ID),
    lifetime: finite(Number(find(isNumeric, 'expires_in', 'expiresIn')) * 1000),
    expiresAt: finite(expiresAt * (expiresAt < 1e11 ? 1000 : 1)),
    tokenType: find(isText, 'token_type', 'tokenType'),
    scope: find(isText, 'scope'),
    user: find((value): value is User => value !== undefined && value !== null, 'user'),
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isNumeric = (value: unknown): value is number | string => typeof value === 'number' || isText(value)
const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined)
