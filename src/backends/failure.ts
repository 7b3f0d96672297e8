import { AuthError, type AuthErrorCode, isAuthError } from '../errors.js'
import type { AuthBackend, BackendAnswer, TokenCall } from './contract.js'
import { TOKEN_NAMES } from './read-tokens.js'

/** OAuth errors that blame the client or its request, not the person's grant (RFC 6749, section 5.2). */
const BLAMES_CLIENT = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_request']
const VAGUE: readonly AuthErrorCode[] = ['server_error', 'invalid_response', 'network']
const LONGEST_PAUSE = 300_000

/** What a failed token call means: from the answer's status if it was refused, else from what was thrown. */
export function failureOf(
  call: TokenCall,
  thrown: unknown,
  answer: BackendAnswer | undefined,
  isFinal: AuthBackend['isFinal'],
  now: number,
): AuthError {
  const isRefused = !!answer && answer.status >= 300
  // Who throws something more exact than that it went wrong knows more than the status says.
  if (isAuthError(thrown) && !(isRefused && VAGUE.includes(thrown.code))) return thrown
  if (!answer) return new AuthError('network', `The ${call} call got no answer: offline, CORS, or a redirect.`)

  const { status, headers, body } = answer
  const oauthError = oauthErrorOf(body)
  const signsIn = call === 'login' || call === 'resume'
  const codeOf = (): AuthErrorCode => {
    if (!isRefused) return 'invalid_response'
    if (call === 'refresh' && (isFinal ?? isFinalAnswer)(answer)) return 'refresh_rejected'
    if (status < 500 && blamesClient(answer)) return 'misconfigured'
    if (signsIn && [400, 401, 403, 422].includes(status)) return 'invalid_credentials'
    return status === 429 ? 'rate_limited' : 'server_error'
  }
  const retryAfter = headers.get('retry-after') ?? ''
  const pause = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now
  return new AuthError(
    codeOf(),
    `The ${call} call failed with status ${status}${oauthError ? ` (${oauthError})` : ''}.`,
    {
      status,
      oauthError,
      data: isRefused && signsIn ? withoutTokens(body) : undefined,
      // Five minutes from now at most (RFC 9110, section 10.2.3).
      retryAt: pause > 0 ? now + Math.min(pause, LONGEST_PAUSE) : undefined,
    },
  )
}

/** The OAuth error that a body names (RFC 6749, section 5.2). */
export function oauthErrorOf(body: unknown): string | undefined {
  const { error } = Object(body) as { error?: unknown }
  return typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined
}

/** Whether a refused refresh means that the session is over, where the backend does not say. */
export function isFinalAnswer(answer: BackendAnswer): boolean {
  const { status } = answer
  return (status === 400 || status === 401) && !blamesClient(answer)
}

function blamesClient({ body }: BackendAnswer): boolean {
  return BLAMES_CLIENT.includes(oauthErrorOf(body) ?? '')
}

function withoutTokens(body: unknown): unknown {
  const isToken = (key: string, value: unknown): boolean => typeof value === 'string' && TOKEN_NAMES.includes(key)
  return body && JSON.parse(JSON.stringify(body), (key, value) => (isToken(key, value) ? undefined : value))
}
