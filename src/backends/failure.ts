import { AuthError, type AuthErrorCode, isAuthError } from '../errors.js'
import { isObject } from '../session/json.js'
import type { AuthBackend, BackendAnswer, TokenCall } from './contract.js'
import { TOKEN_NAMES } from './read-tokens.js'

/** OAuth errors that blame the client or its request, not the person's grant (RFC 6749, section 5.2). */
const BLAMES_CLIENT = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_request']
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
  if (status < 300) {
    if (isAuthError(thrown)) return thrown
    return status
      ? new AuthError('invalid_response', `The answer to the ${call} call could not be read.`, { status })
      : new AuthError('network', `The ${call} call got no answer: offline, blocked by CORS, or redirected.`)
  }
  const error =
    isObject(body) && typeof body.error === 'string' && /^[a-z_]{1,64}$/.test(body.error) ? body.error : undefined
  const code = codeOf(call, answer as BackendAnswer, BLAMES_CLIENT.includes(error ?? ''), isFinal)
  return new AuthError(code, `The server answered ${status}${error ? ` (${error})` : ''} to the ${call} call.`, {
    status,
    oauthError: error,
    data: call === 'login' ? withoutTokens(body) : undefined,
    retryAt: retryMoment(headers?.get('retry-after'), now),
  })
}

function codeOf(
  call: TokenCall,
  answer: BackendAnswer,
  blamesClient: boolean,
  isFinal: AuthBackend['isFinal'],
): AuthErrorCode {
  const { status } = answer
  const isRefused = status === 400 || status === 401
  if (call === 'refresh' && (isFinal ? isFinal(answer) : isRefused && !blamesClient)) return 'refresh_rejected'
  if (blamesClient && status < 500) return 'misconfigured'
  if (call === 'login' && (isRefused || status === 403 || status === 422)) return 'invalid_credentials'
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
