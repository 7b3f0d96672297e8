import { AuthError, type AuthErrorCode, isAuthError } from '../errors.js'
import { isObject } from '../session/json.js'
import type { AuthBackend, BackendAnswer, TokenCall } from './contract.js'
import { TOKEN_NAMES } from './read-tokens.js'

/** OAuth errors that blame the client or its request, not the person's grant (RFC 6749, section 5.2). */
const BLAMES_CLIENT = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_request']
const VAGUE: readonly AuthErrorCode[] = ['server_error', 'invalid_response', 'network']
/** The calls that sign somebody in. */
const SIGNS_IN: readonly TokenCall[] = ['login', 'resume']
const LONGEST_PAUSE = 300_000

/** What a failed token call means: from the answer's status if it was refused, else from what was thrown. */
export function failureOf(
  call: TokenCall,
  thrown: unknown,
  answer: BackendAnswer | undefined,
  isFinal: AuthBackend['isFinal'],
  now: number,
): AuthError {
  const { status = 0, headers, body } = answer ?? {}
  // Who throws something more exact than that it went wrong knows more than the status says.
  if (isAuthError(thrown) && (status < 300 || !VAGUE.includes(thrown.code))) return thrown
  if (status < 300) {
    return status
      ? new AuthError('invalid_response', `The answer to the ${call} call could not be read.`, { status })
      : new AuthError('network', `The ${call} call got no answer: offline, blocked by CORS, or redirected.`)
  }
  const error = oauthErrorOf(body)
  const code = codeOf(call, answer as BackendAnswer, BLAMES_CLIENT.includes(error ?? ''), isFinal)
  return new AuthError(code, `The server answered ${status}${error ? ` (${error})` : ''} to the ${call} call.`, {
    status,
    oauthError: error,
    data: SIGNS_IN.includes(call) ? withoutTokens(body) : undefined,
    retryAt: retryMoment(headers?.get('retry-after'), now),
  })
}

/** The OAuth error that a body names (RFC 6749, section 5.2). */
export function oauthErrorOf(body: unknown): string | undefined {
  const error = isObject(body) ? body.error : undefined
  return typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined
}

/** Whether a refused refresh means that the session is over, where the backend does not say. */
export function isFinalAnswer({ status, body }: BackendAnswer): boolean {
  return (status === 400 || status === 401) && !BLAMES_CLIENT.includes(oauthErrorOf(body) ?? '')
}

function codeOf(
  call: TokenCall,
  answer: BackendAnswer,
  blamesClient: boolean,
  isFinal: AuthBackend['isFinal'] = isFinalAnswer,
): AuthErrorCode {
  const { status } = answer
  if (call === 'refresh' && isFinal(answer)) return 'refresh_rejected'
  if (blamesClient && status < 500) return 'misconfigured'
  if (SIGNS_IN.includes(call) && [400, 401, 403, 422].includes(status)) return 'invalid_credentials'
  return status === 429 ? 'rate_limited' : 'server_error'
}

/** When a `Retry-After` allows the next try, five minutes from now at most (RFC 9110, section 10.2.3). */
function retryMoment(value: string | null | undefined, now: number): number | undefined {
  if (!value) return undefined
  const pause = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return pause > 0 ? now + Math.min(pause, LONGEST_PAUSE) : undefined
}

function withoutTokens(body: unknown): unknown {
  const names: readonly string[] = Object.values(TOKEN_NAMES).flat()
  const text = JSON.stringify(body, (key, value) =>
    names.includes(key) && typeof value === 'string' ? undefined : value,
  )
  return text && JSON.parse(text)
}
