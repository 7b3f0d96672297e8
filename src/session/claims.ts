import { jwtDecode } from 'jwt-decode'
import { isObject, parseJson } from './json.js'
import { matches } from './tokens.js'

/**
 * The claims of a JWT, decoded and **not verified**: only the server that gets the token checks its signature. Good for
 * showing a name or hiding a button, never for deciding what somebody may do.
 *
 * Add your own claims by declaration merging: `declare module 'latchkey' { interface Claims { readonly roles?: string[] } }`.
 *
 * @see [RFC 7519, section 4.1](https://www.rfc-editor.org/rfc/rfc7519.html#section-4.1)
 */
export interface Claims {
  readonly [name: string]: unknown
  /** Who issued the token. */
  readonly iss?: string
  /** Whom the token is about. */
  readonly sub?: string
  /** Whom the token is meant for. */
  readonly aud?: string | readonly string[]
  /** When the token expires, in seconds since 1970. */
  readonly exp?: number
  /** Before when the token must not be used, in seconds since 1970. */
  readonly nbf?: number
  /** When the token was issued, in seconds since 1970. */
  readonly iat?: number
  /** The token's own id. */
  readonly jti?: string
}

/** jwt-decode alone works for seconds on a token of megabytes, and takes payloads that are no objects. */
const LARGEST = 16 * 1024
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** The claims of `token` as a fresh, deeply frozen object, or `undefined` where it is no JWT: then it counts as opaque. */
export function decodeClaims(token: string | undefined): Claims | undefined {
  if (!token || token.length > LARGEST || !matches(SHAPE, token)) return undefined
  try {
    const claims = parseJson(JSON.stringify(jwtDecode(token)))
    return isObject(claims) ? claims : undefined
  } catch {
    return undefined
  }
}
