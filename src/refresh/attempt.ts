import type { AuthBackend, TokenCaller } from '../backends/contract.js'
import { type Environment, within } from '../environment.js'
import { AuthError, isAuthError } from '../errors.js'
import type { Keeper } from '../session/keeper.js'
import type { Session } from '../session/session.js'
import type { TokenResponse, TokenSet } from '../session/tokens.js'
import type { Trace } from '../trace.js'
import type { Backoff } from './backoff.js'
import { loginRequired } from './renewal.js'

/** What an attempt is made of. */
export interface AttemptParts<User> {
  readonly backend: Pick<AuthBackend<never, User>, 'refresh'>
  readonly environment: Environment
  readonly refresh: { readonly timeout: number }
  readonly keeper: Keeper<User>
  readonly backoff: Backoff
  readonly trace: Trace
  readonly call: TokenCaller
  /** Takes back tokens that came too late; `kept` are those that the answer leaves out. */
  readonly revoke: (answer: TokenResponse<User>, kept: TokenSet) => void
  /** Called when the session has been renewed. */
  readonly onSuccess: () => void
  /** Called when an answer has come after all that nobody waits for any more. */
  readonly onLate: () => void
}

/**
 * Creates what makes one attempt to renew a session: exchanges its tokens and commits the answer. A refusal ends the
 * session, any other failure begins a pause; both are thrown.
 *
 * @see [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749.html#section-6)
 */
export function createAttempt<User>(
  parts: AttemptParts<User>,
): (session: Session<User>, cause: string) => Promise<void> {
  const { backend, environment, refresh, keeper, backoff, trace, call, revoke, onSuccess, onLate } = parts
  const { clock, reportError } = environment

  const fail = (session: Session<User>, error: AuthError): void => {
    backoff.fail(error)
    trace.add('not renewed', error.message, session.generation)
    keeper.tell('refreshFailed', {
      error,
      attempt: backoff.count,
      retryAt: Math.round(clock.now() + backoff.pauses[0]),
    })
    keeper.reveal()
    if (error.code === 'misconfigured') reportError(error)
  }

  return async (session, cause) => {
    let isLate = false
    // Of no signal: once on the wire, the refresh token is spent, and the answer is wanted however late it comes.
    const { signal } = new AbortController()
    const exchange = async (): Promise<void> => {
      const answer = await call('refresh', async (context) => backend.refresh?.(session.tokens, context), signal)
      const isCommitted = await keeper.advance(session, answer ?? {}, cause)
      const now = keeper.current()
      if (isCommitted) {
        backoff.reset()
        onSuccess()
      } else if (now?.id !== session.id) {
        // While a session goes on, its tokens may share a family with these: revoking one would end all.
        revoke(answer ?? {}, session.tokens)
      } else if (now.generation === session.generation) {
        throw new AuthError('server_error', 'The ledger of the tabs knows a later generation, which this tab has not.')
      }
      if (isLate) onLate()
    }
    try {
      const late = new AuthError('timeout', 'The backend took longer than `refresh.timeout`.')
      await within(environment, refresh.timeout, exchange(), late)
    } catch (error) {
      isLate = true
      if (keeper.current()?.id !== session.id) throw loginRequired()
      if (!isAuthError(error)) reportError(error)
      const failure = isAuthError(error) ? error : new AuthError('server_error', 'The renewal broke off.')
      if (failure.code === 'refresh_rejected') void keeper.end(session.id, 'revoked', failure)
      else fail(session, failure)
      throw failure
    }
  }
}
