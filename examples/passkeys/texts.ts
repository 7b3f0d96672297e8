import { type AuthError, type AuthState, HTTPError, isAuthError } from 'latchkey'

type Reason = Extract<AuthState, { status: 'unauthenticated' }>['reason']

/** Why nobody is signed in, for the person. */
export const REASONS = {
  never: '',
  logout: 'You have signed out.',
  expired: 'Your session has expired. Please sign in again.',
  revoked: 'The server has ended your session. Please sign in again.',
  replaced: 'Somebody else signed in, in another tab.',
  'storage-cleared': 'The stored session was removed. Please sign in again.',
} satisfies Record<Reason, string>

export const UNSUPPORTED = 'This browser has no passkeys, or this page is not opened as https or localhost.'

const UNREACHABLE = 'The server cannot be reached.'

/** What went wrong with a sign-in. Codes are for the program, words for the person. */
export function signInProblem(error: unknown): string {
  if (!isAuthError(error)) throw error
  const { error: name, message } = answerOf(error)
  if (name === 'unknown_passkey') {
    return 'The server does not know this passkey, or not any more. Sign in with the password, and add a new one.'
  }
  if (error.code === 'aborted') {
    return 'You are not signed in: you cancelled, it took too long, or there is no passkey here. With the password you can add one.'
  }
  if (error.code === 'network' || error.code === 'timeout') return UNREACHABLE
  if (error.code === 'rate_limited') return 'Too many attempts. Try again in a minute.'
  return message ?? `Signing in did not work (${error.code}).`
}

/** What went wrong when a passkey was to be added. */
export function addingProblem(error: unknown): string {
  const name = error instanceof Error ? error.name : undefined
  if (name === 'NotAllowedError') return 'No passkey was added: you cancelled, or it took too long.'
  if (name === 'InvalidStateError') return 'This device has a passkey for you already.'
  if (name === 'NetworkError' || name === 'TimeoutError') return UNREACHABLE
  if (error instanceof HTTPError) return `The server refused the passkey (${error.response.status}).`
  return 'The passkey could not be added.'
}

/** What the server said, as far as it is text. */
function answerOf({ data }: AuthError): { error?: string; message?: string } {
  const { error, message } = Object(data) as Record<string, unknown>
  return { ...(typeof error === 'string' && { error }), ...(typeof message === 'string' && { message }) }
}
