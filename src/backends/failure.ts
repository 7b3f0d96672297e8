import { AuthError, type AuthErrorCode, isAuthError } from '../errors.js'
import { isObject } from '../session/json.js'
import type { AuthBackend, BackendAnswer } from './contract.js'
import { TOKEN_NAMES } from './read-tokens.js'

/** The calls that a backend makes. */
export type TokenCall = 'login' | 'refresh' | 'logout' | 'resume' | 'user'

/** OAuth errors that blame the client or its request, not the person's grant (RFC 6749, section 5.2). */
const BLAMES_CLIENT = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_request']
const SECRET_NAMES: readonly string[] = Object.values(TOKEN_NAMES).flat()
const LONGEST_PAUSE = 300_000

/** What a failed token call means: from the answer's status if it was refused, else from what was thrown. */
export function failureOf(
  call: TokenCall,
  thrown: unknown,
  answer: BackendAnswer | undefined,
  isFinal: AuthBackend['isFinal'],
  now: number,
): AuthError {
  if (!answer || (answer.status >= 200 && answer.status < 300)) {
    if (isAuthError(thrown)) return thrown
    return answer
      ? new AuthError('invalid_response', `The answer to the ${call} call could not be read.`, { status: answer.status })
      : new AuthError('network', `The ${call} call got no answer: offline, blocked by CORS, or redirected.`)
  }
  const { status, headers, body } = answer
  const oauthError = isObject(body) && typeof body.error === 'string' && /^[\w.-]{1,64}$/.test(body.error) ? body.error : undefined
  const code = codeOf(call, answer, oauthError, isFinal)
  const data = call === 'login' ? withoutTokens(body) : undefined
  const retryAt = retryMoment(headers.get('retry-after'), now)
  const blame = oauthError ? `, ${oauthError}` : ''
  return new AuthError(code, `${SAYS[code]}: the ${call} call was answered ${status}${blame}.`, { status, oauthError, data, retryAt })
}

const SAYS: Partial<Record<AuthErrorCode, string>> = {
  invalid_credentials: 'The server refused the sign-in',
  misconfigured: 'The server blames the client, check its options',
  refresh_rejected: 'The server says that the session is over',
  rate_limited: 'The server asked for a pause',
  server_error: 'The server failed, or there is no such endpoint',
}

function codeOf(call: TokenCall, answer: BackendAnswer, oauthError: string | undefined, isFinal: AuthBackend['isFinal']): AuthErrorCode {
  const { status } = answer
  const isRefused = status === 400 || status === 401
  const blamesClient = BLAMES_CLIENT.includes(oauthError ?? '')
  if (call === 'refresh' && (isFinal ? isFinal(answer) : isRefused && !blamesClient)) return 'refresh_rejected'
  if (blamesClient && status < 500) return 'misconfigured'
  if (call === 'login' && (isRefused || status === 403 || status === 422)) return 'invalid_credentials'
  return status === 429 ? 'rate_limited' : 'server_error'
}

/** When a `Retry-After` allows the next try, five minutes from now at most (RFC 9110, section 10.2.3). */
function retryMoment(value: string | null, now: number): number | undefined {
  if (!value) return undefined
  const pause = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return pause > 0 ? now + Math.min(pause, LONGEST_PAUSE) : undefined
}

function withoutTokens(body: unknown): unknown {
  if (body === undefined) return undefined
  return JSON.parse(JSON.stringify(body, (key, value) => (SECRET_NAMES.includes(key) && typeof value === 'string' ? undefined : value)))
}
