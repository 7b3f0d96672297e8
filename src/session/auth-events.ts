import type { AuthError } from '../errors.js'
import type { AuthState, LogoutReason } from './state.js'

/** What every event carries. */
export interface AuthEvent {
  /** When, in epoch milliseconds. */
  readonly at: number
  /** Which tab did it. */
  readonly origin: 'this-tab' | 'other-tab'
  /** The generation of the session that it is about. */
  readonly generation: number
}

/** What the client tells its listeners; each event once in each tab. */
export interface AuthEvents<User = unknown> {
  /** Somebody signed in; not told when a session is restored. */
  login: AuthEvent & { readonly user: User | undefined }
  /** The session is over: exactly one for each session and tab. `error` tells more where a server ended it. */
  logout: AuthEvent & { readonly reason: LogoutReason; readonly error?: AuthError | undefined }
  /** The tokens were renewed. */
  refresh: AuthEvent & { readonly expiresAt: number | undefined }
  /** A renewal failed, the session goes on: the `attempt`-th failure in a row, tried again at `retryAt`. */
  refreshFailed: AuthEvent & {
    readonly error: AuthError
    readonly attempt: number
    readonly retryAt: number | undefined
  }
  /** The session is about to end at `expiresAt`: there is nothing to renew it with. */
  expiring: AuthEvent & { readonly expiresAt: number }
  /** The storage is denied, full or broken: the session is kept in memory. Told once. */
  storageDegraded: AuthEvent & { readonly error: AuthError }
}

/** The public events, and the one behind `subscribe`. */
export type KeeperEvents<User> = AuthEvents<User> & { state: AuthState<User> }
