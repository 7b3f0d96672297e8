import type { AuthClient } from '../auth-client.js'

/** A client of this package, whatever its credentials and its user. */
export type AnyClient = Omit<AuthClient<object, unknown>, 'login' | 'setTokens' | 'setUser'>
