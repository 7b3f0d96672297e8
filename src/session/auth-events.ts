import type { AuthError } from '../errors.js'
import type { AuthState, LogoutReason } from './state.js'

/** What every event carries. */
export interface AuthEvent {
  /** When, in epoch milliseconds. */
  readonly at: number
  /** Which tab did it. */
  readonly origin: 'this-tab' | 'other-tab'
  /** The generation of the session that it is about: 1 at the sign-in, and one more with each refresh. */
  readonly generation: number
}

/** What the client tells its listeners; each event once in each tab. */
export interface AuthEvents<User = unknown> {
  /** Somebody signed in; not told when a session is restored. */
  login: AuthEvent & {
    /** Who, as the server told. */
    readonly user: User | undefined
  }
  /** The session is over: exactly one for each session and tab. */
  logout: AuthEvent & {
    /** Why. */
    readonly reason: LogoutReason
    /** What the server said, where it ended the session. */
    readonly error?: AuthError | undefined
  }
  /** The tokens were renewed. */
  refresh: AuthEvent & {
    /** When the new access token expires, in epoch milliseconds. */
    readonly expiresAt: number | undefined
  }
  /** A renewal failed, and the session goes on. */
  refreshFailed: AuthEvent & {
    /** What went wrong. */
    readonly error: AuthError
    /** The how many-th failure in a row. */
    readonly attempt: number
    /** When it is tried again, in epoch milliseconds. */
    readonly retryAt: number | undefined
  }
  /** The session is about to end: there is nothing to renew it with. Not told with `when: 'on-demand'`. */
  expiring: AuthEvent & {
    /** When, in epoch milliseconds. */
    readonly expiresAt: number
  }
  /** The storage is denied, full or broken: the session is kept in memory. Told once. */
  storageDegraded: AuthEvent & {
    /** What went wrong. */
    readonly error: AuthError
  }
}

/** The public events, and the one behind `subscribe`. */
export type KeeperEvents<User> = AuthEvents<User> & { state: AuthState<User> }
