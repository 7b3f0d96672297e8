import type { Claims } from './claims.js'
import type { Session } from './session.js'

/**
 * Why nobody is signed in any more.
 *
 * - `logout`: the app called `logout()`.
 * - `expired`: the token expired, and there was nothing to renew it with.
 * - `revoked`: the server refused to renew it.
 * - `replaced`: somebody signed in over it.
 * - `storage-cleared`: another tab deleted the record from the storage.
 */
export type LogoutReason = 'logout' | 'expired' | 'revoked' | 'replaced' | 'storage-cleared'

/** What an app shows: frozen, and the same object until something in it changes. */
export type AuthState<User = unknown> =
  | {
      /** Not known yet: `start()` is reading the storage. */
      readonly status: 'loading'
    }
  | {
      /** Nobody is signed in. */
      readonly status: 'unauthenticated'
      /** Why, or `never` where nobody was. */
      readonly reason: 'never' | LogoutReason
    }
  | {
      /** Somebody is signed in. */
      readonly status: 'authenticated'
      /** Who, as the server told; the same object while deep-equal. */
      readonly user: User | undefined
      /** The claims of the access token, if it is a JWT; not verified. */
      readonly claims: Claims | undefined
      /** The claims of the ID token, if there is one; not verified. */
      readonly idClaims: Claims | undefined
      /** When the access token expires, in epoch milliseconds. */
      readonly expiresAt: number | undefined
      /** `stale`: the access token has expired, and no server could renew it yet. */
      readonly freshness: 'fresh' | 'stale'
    }

/** What `start()` resolves with: the state, and after a redirect login the path that the app wanted to return to. */
export type StartResult<User = unknown> = AuthState<User> & {
  /** A path of this origin; the same for each caller of `start()`: go there once, where the app begins. */
  readonly returnTo?: string | undefined
}

/** The state while the storage is being read. */
export const LOADING: AuthState<never> = Object.freeze({ status: 'loading' })

/** The state while nobody is signed in. */
export function signedOut(reason: 'never' | LogoutReason): AuthState<never> {
  return Object.freeze({ status: 'unauthenticated', reason })
}

/** The state while `session` is the current one. */
export function signedIn<User>({ user, claims, idClaims, tokens }: Session<User>, isStale: boolean): AuthState<User> {
  return Object.freeze<AuthState<User>>({
    status: 'authenticated',
    user,
    claims,
    idClaims,
    expiresAt: tokens.expiresAt,
    freshness: isStale ? 'stale' : 'fresh',
  })
}
