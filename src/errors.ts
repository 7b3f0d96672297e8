/**
 * What went wrong, as a stable name to act on. The table "Errors" of the README says what becomes of the session.
 *
 * - `invalid_option`: an option or argument cannot work; the message names it.
 * - `invalid_credentials`: the server refused the sign-in (400, 401, 403 or 422); `data` has its answer. Also what a
 *   provider answers to a redirect login, such as `access_denied`; `oauthError` has it.
 * - `login_required`: nobody is signed in (any more).
 * - `refresh_rejected`: the server said that the session is over; callers get `login_required`, and this as its `cause`.
 * - `refresh_lost`: a tab died after the server had rotated the refresh token, and its answer died with it.
 * - `subject_mismatch`: the renewed ID token is about another person (OpenID Connect Core, section 12.2).
 * - `key_lost`: the key that the tokens are bound to is gone from this browser (DPoP, RFC 9449).
 * - `misconfigured`: the server blames the client or the request, not the person (`invalid_client`, …); a renewal also
 *   hands it to `reportError`.
 * - `network`: no answer came: offline, DNS, CORS, or a redirect, which token calls do not follow.
 * - `timeout`: no complete answer came in time.
 * - `rate_limited`: the server asked for a pause; `retryAt` says until when.
 * - `server_error`: the server failed, or refused in a way that says nothing about the session: a 403 or 404 may be a
 *   proxy or a deployment, or a wrong path among the options.
 * - `invalid_response`: an answer without a token in it: HTML, an empty body, unknown fields.
 * - `insecure_url`: a token or password would have left over plain `http:`.
 * - `storage_unavailable`: the storage is denied, full, broken or silent.
 * - `aborted`: a login that a logout, a newer login or the person has ended: a popup was blocked or closed, say.
 * - `disposed`: the client has been disposed of.
 */
export type AuthErrorCode =
  | 'invalid_option'
  | 'invalid_credentials'
  | 'login_required'
  | 'refresh_rejected'
  | 'refresh_lost'
  | 'subject_mismatch'
  | 'key_lost'
  | 'misconfigured'
  | 'network'
  | 'timeout'
  | 'rate_limited'
  | 'server_error'
  | 'invalid_response'
  | 'insecure_url'
  | 'storage_unavailable'
  | 'aborted'
  | 'disposed'

/** What ends the session when a renewal fails with it. */
export const FINAL: readonly AuthErrorCode[] = ['refresh_rejected', 'refresh_lost', 'subject_mismatch', 'key_lost']
const RETRYABLE: readonly AuthErrorCode[] = ['network', 'timeout', 'rate_limited', 'server_error', 'invalid_response']

/** What an {@link AuthError} may carry besides its code and message. */
export interface AuthErrorDetails {
  /** The HTTP status of the answer that caused it. */
  status?: number | undefined
  /** When trying again is allowed, in epoch milliseconds. */
  retryAt?: number | undefined
  /** The OAuth `error` of the answer (RFC 6749, section 5.2). */
  oauthError?: string | undefined
  /** The parsed body of a refused login, tokens removed: field errors, an MFA challenge. */
  data?: unknown
  /** The error underneath; set only where it holds no request, response or body. */
  cause?: unknown
}

/**
 * The only class of error that Latchkey throws or reports. It never carries a token.
 *
 * Act on {@link AuthError.code}; show {@link AuthError.message} to developers, not to users.
 */
export class AuthError extends Error {
  /** Always `'AuthError'`. */
  override readonly name = 'AuthError'
  /** What went wrong, as a stable name. */
  readonly code: AuthErrorCode
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean
  /** The HTTP status of the answer that caused it. */
  declare readonly status: number | undefined
  /** When trying again is allowed, in epoch milliseconds. */
  declare readonly retryAt: number | undefined
  /** The OAuth `error` of the answer (RFC 6749, section 5.2). */
  declare readonly oauthError: string | undefined
  /** The parsed body of a refused login, tokens removed: field errors, an MFA challenge. */
  declare readonly data: unknown

  /** Backends of your own throw it too: `refresh_rejected` from `refresh` ends the session. */
  constructor(code: AuthErrorCode, message: string, { cause, ...details }: AuthErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryable = RETRYABLE.includes(code)
    Object.assign(this, details)
  }
}

/** Tells an {@link AuthError} from any other thrown value, also one of a second copy of this package. */
export function isAuthError(error: unknown): error is AuthError {
  // Some HTTP clients copy name and code onto an error of their own, which has ours as its cause.
  return error instanceof Error && error.name === 'AuthError' && 'retryable' in error
}
