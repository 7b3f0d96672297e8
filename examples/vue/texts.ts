import { type AuthEvents, type AuthState, HTTPError, isAuthError } from 'latchkey'

type Reason = Extract<AuthState, { status: 'unauthenticated' }>['reason']

/** Why nobody is signed in, for the person. */
export const REASONS = {
  never: '',
  logout: 'You have signed out.',
  expired: 'Your session has expired. Sign in again to go on.',
  revoked: 'The server has ended your session. Sign in again to go on.',
  replaced: 'Somebody else has signed in, in another tab.',
  'storage-cleared': 'The stored session was removed. Sign in again to go on.',
} satisfies Record<Reason, string>

/** Why a session has ended, and where. */
export function endOf({ reason, origin }: AuthEvents['logout']): string {
  if (reason === 'logout' && origin === 'other-tab') return 'You have signed out in another tab.'
  return REASONS[reason]
}

/** What to tell somebody whose sign-in failed: about the whole form, and about its fields. */
export interface SignInProblem {
  readonly text: string
  readonly fields: { readonly username?: string; readonly password?: string }
}

const UNREACHABLE = 'The server cannot be reached. Try again when you are online.'

/** What went wrong with a sign-in. Codes are for the program, words for the person. */
export function signInProblem(error: unknown): SignInProblem {
  if (!isAuthError(error)) throw error
  const { code, data, retryAt } = error
  const answer = Object(data) as { message?: string; fields?: SignInProblem['fields'] }
  switch (code) {
    case 'invalid_credentials':
      if (answer.fields) return { text: 'Something is missing.', fields: answer.fields }
      return { text: answer.message ?? 'The server refused the sign-in.', fields: {} }
    case 'rate_limited':
      return {
        text: `Too many attempts. ${retryAt ? `Try again at ${clockTime(retryAt)}.` : 'Wait a while.'}`,
        fields: {},
      }
    case 'network':
    case 'timeout':
      return { text: UNREACHABLE, fields: {} }
    default:
      return { text: `Signing in did not work (${code}). Try again later.`, fields: {} }
  }
}

/** What went wrong with a call of the API; nothing where the session ended, which the dialog tells. */
export function callProblem(error: unknown): string {
  if (isAuthError(error)) return error.code === 'login_required' ? '' : UNREACHABLE
  if (!(error instanceof HTTPError)) return UNREACHABLE
  const { status } = error.response
  return status === 401 ? '' : `The server refused it (${status}).`
}

/** The time of day, to the second. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString()
}
