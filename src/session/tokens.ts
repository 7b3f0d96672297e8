import { AuthError } from '../errors.js'

/**
 * What a backend gives back after a login or a refresh; at least one of the first two members must be there. Only a
 * login in cookie mode whose backend reads its answer itself may give neither: the cookie then buys the access token.
 */
export interface TokenResponse<User = unknown> {
  /** The token for `Authorization: Bearer`: a JWT, or anything opaque in visible ASCII. */
  accessToken?: string | undefined
  /** What buys the next access token. Alone, it is followed by a refresh (logins in two steps). */
  refreshToken?: string | undefined
  /** The OpenID Connect ID token. */
  idToken?: string | undefined
  /** How long the access token lives from now on, in milliseconds; wins over `expiresAt` and over the JWT's `exp`. */
  lifetime?: number | undefined
  /** When the access token expires, in epoch milliseconds; wins over the JWT's `exp`. */
  expiresAt?: number | undefined
  /** The kind of token; Latchkey sends `Bearer` whatever it is, unless the backend has `authorize`. */
  tokenType?: string | undefined
  /** The scope granted, as the server writes it. */
  scope?: string | undefined
  /** The name of the key that the tokens are bound to, for backends with `authorize` (DPoP); kept over renewals. */
  keyId?: string | undefined
  /** Who signed in, as JSON would hold it. */
  user?: User | undefined
}

/** The tokens of one answer, normalised. */
export interface TokenSet {
  /** The current access token; empty while a session waits for its first one. */
  readonly accessToken: string
  /** What buys the next access token, where script may know it. */
  readonly refreshToken?: string | undefined
  /** The OpenID Connect ID token. */
  readonly idToken?: string | undefined
  /** When the access token expires, in epoch milliseconds; `undefined` where nobody knows. */
  readonly expiresAt?: number | undefined
  /** The scope granted. */
  readonly scope?: string | undefined
  /** The name of the key that the tokens are bound to. */
  readonly keyId?: string | undefined
}

/** Whether `value` can stand in an `Authorization` header: visible ASCII, so that it cannot smuggle in another header. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && matches(/^[!-~]+$/, value)
}

/** Tests a secret: engines keep the last text that a pattern matched in `RegExp.input`, where every script can read it. */
export function matches(pattern: RegExp, secret: string): boolean {
  const isMatch = pattern.test(secret)
  ;/^/.test('')
  return isMatch
}

/** The access token of an answer, if it could be sent. */
export function requireAccessToken(answer: TokenResponse | undefined): string {
  if (isToken(answer?.accessToken)) return answer.accessToken
  throw new AuthError('invalid_response', 'The answer holds no access token that could be sent in a header.')
}
