import { HTTPError, isAuthError, type LogoutReason } from 'latchkey'

/** Why nobody is signed in, for the person. */
export const REASONS = {
  never: '',
  logout: 'You have signed out.',
  expired: 'Your session has expired.',
  revoked: 'The server has ended your session.',
  replaced: 'Somebody else has signed in, in another tab.',
  'storage-cleared': 'Your session was removed from this browser.',
} satisfies Record<'never' | LogoutReason, string>

export const SIGNED_OUT_ELSEWHERE = 'You have signed out in another tab.'

/** What went wrong with a sign-in: one message, and one for each field. */
export interface SignInProblem {
  readonly message: string
  readonly fields: Readonly<Record<string, string>>
}

/** Words for what `login` throws: the code says what happened, `data` has the server's answer. */
export function signInProblem(error: unknown, now = Date.now()): SignInProblem {
  if (!isAuthError(error)) throw error
  const { code, data, retryAt = now + 60_000 } = error
  const { message, fields } = Object(data) as { message?: string; fields?: Record<string, string> }
  if (code === 'invalid_credentials') {
    return fields
      ? { message: 'Please look at the fields below.', fields }
      : { message: message ?? 'The username or the password is wrong.', fields: {} }
  }
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000))
  const messages: Partial<Record<typeof code, string>> = {
    rate_limited: `Too many attempts. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
    network: 'The server cannot be reached. Are you online?',
    timeout: 'The server did not answer in time. Try again.',
    server_error: 'The server has a problem. Try again in a moment.',
  }
  return { message: messages[code] ?? `Signing in did not work (${code}).`, fields: {} }
}

/** Words for what a call to the API throws. A 401 comes here only when no renewal could help. */
export function callProblem(error: unknown): string {
  const status = error instanceof HTTPError ? error.response.status : undefined
  if (status === 401 || (isAuthError(error) && error.code === 'login_required')) {
    return 'Your session had ended. Sign in, and try again.'
  }
  return status ? `The server answered ${status}.` : 'The server cannot be reached.'
}
