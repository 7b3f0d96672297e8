import type { AuthBackend } from '../backends/contract.js'
import { unlessAborted } from '../environment.js'
import { type AuthError, FINAL, isAuthError } from '../errors.js'
import { loginRequired } from '../refresh/renewal.js'
import type { Session } from '../session/session.js'

/** A request that is to leave with a token, perhaps more than once. */
export interface Outgoing {
  /** A Request only where one came in: it is handed on as it is. */
  readonly input: string | Request
  readonly init: RequestInit | undefined
  /** What leaves first; for another time it is copied, as whoever has sent it may have kept it. */
  readonly headers: Headers
  readonly signal: AbortSignal | null | undefined
  /** Whether the body is in the Request, and has to be kept: for another time, and for whoever has made it. */
  readonly hasOwnBody: boolean
  /** Whether the body can be sent only once. */
  readonly isOneShot: boolean
  /** The session that it is for. */
  readonly id: string
}

/** What a sender is made of. */
export interface SenderParts<User> {
  readonly backend: Pick<AuthBackend, 'authorize' | 'retry'>
  readonly fetch: typeof globalThis.fetch
  readonly current: () => Session<User> | undefined
  /** Ends the session; nobody can use its tokens any more. */
  readonly end: (session: Session<User>, reason: 'revoked', error: AuthError) => void
  /** Aborted when the client is disposed of, and with it every request. */
  readonly life: AbortSignal
}

/**
 * Sends a request with what a session has to show: its access token, or the proof that the backend makes of it. `isFirst`:
 * the headers have not left yet.
 */
export type Send<User> = (request: Outgoing, session: Session<User>, isFirst: boolean) => Promise<Response>

export function createSender<User>({ backend, fetch, current, end, life }: SenderParts<User>): Send<User> {
  /** A logout may have come meanwhile; from then on nothing leaves with a token. */
  const requireCurrent = ({ id }: Outgoing): void => {
    if (current()?.id !== id) throw loginRequired()
  }

  const prove = async (request: Request, session: Session<User>, outgoing: Outgoing): Promise<Response> => {
    let proven = request
    try {
      proven = (await backend.authorize?.(request, session.tokens)) ?? request
    } catch (error) {
      if (!isAuthError(error) || !FINAL.includes(error.code)) throw error
      end(session, 'revoked', error)
      throw loginRequired(error)
    }
    requireCurrent(outgoing)
    return fetch(proven)
  }

  const sendOnce: Send<User> = (outgoing, session, isFirst) => {
    const { input, init, signal } = outgoing
    const headers = isFirst ? outgoing.headers : new Headers(outgoing.headers)
    const options = { ...init, headers, signal: signal ? AbortSignal.any([signal, life]) : life }
    const target = outgoing.hasOwnBody ? (input as Request).clone() : input
    if (backend.authorize) return unlessAborted(prove(new Request(target, options), session, outgoing), options.signal)
    requireCurrent(outgoing)
    headers.set('Authorization', `Bearer ${session.tokens.accessToken}`)
    return fetch(target, options)
  }

  if (!backend.retry) return sendOnce
  const retry = backend.retry.bind(backend)
  return async (outgoing, session, isFirst) => {
    const response = await sendOnce(outgoing, session, isFirst)
    const asksAgain = retry(response) && response.status === 401
    if (!asksAgain || outgoing.isOneShot || current()?.id !== outgoing.id) return response
    discard(response)
    const second = await sendOnce(outgoing, session, false)
    retry(second)
    return second
  }
}

/** Frees the connection of an answer that nobody will read. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}
