import type { AuthClient } from '../auth-client.js'
import { AuthError } from '../errors.js'
import { type Inspection, inspect } from '../inspection.js'
import type { Claims } from '../session/claims.js'
import type { AuthState } from '../session/state.js'
import { webStorage } from '../storage/web.js'
import { createSigner } from './signer.js'

/** Who is signed in, beside the claims. */
export interface SignedInOptions<User> {
  /** The `user` of the state. @default undefined */
  user?: User | undefined
  /** How long the access token lives, in milliseconds. There is nothing to renew it with. @default 3_600_000 */
  lifetime?: number | undefined
}

/**
 * Signs somebody in with no server: for tests of components that only need somebody to be there. `login` is told as usual.
 * Where requests are to be answered, let a mocked server give the tokens: `auth.setTokens(await server.issueTokens())`.
 *
 * @example
 * await signedIn(auth, { sub: 'u1', roles: ['admin'] }, { user: { name: 'Ada' } })
 */
export async function signedIn<User>(
  auth: Pick<AuthClient<never, User>, 'start' | 'state'>,
  claims: Partial<Claims> = {},
  { user, lifetime = 3_600_000 }: SignedInOptions<User> = {},
): Promise<AuthState<User>> {
  const { keeper, flush } = partsOf<User>(auth)
  await auth.start()
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now, exp: now + Math.floor(lifetime / 1000) }
  const accessToken = await createSigner().sign({ sub: 'u1', ...times, ...claims })
  const { stored } = await keeper.establish({ accessToken, lifetime, user }, true)
  flush()
  await stored
  return auth.state
}

/**
 * Signs out with no server, and empties the client's place in the storage: between tests of a client that a module keeps.
 * Whoever listens hears `logout`; a client that has not been started stays so.
 */
export async function signedOut(auth: Pick<AuthClient<never>, 'state'>): Promise<void> {
  const { keeper, flush, settings } = partsOf(auth)
  const { storage, storageKey, environment } = settings
  const session = keeper.current()
  const ended = session && keeper.end(session.id, 'logout')
  flush()
  await ended
  await storage.removeItem(storageKey)
  await (environment.marks ?? webStorage('local')).removeItem(`${storageKey}.mark`)
  await keeper.settled()
}

function partsOf<User>(auth: object): Inspection<User> {
  const parts = inspect<User>(auth)
  if (!parts)
    throw new AuthError('invalid_option', '`auth` must be an AuthClient of `latchkey`, not a copy of its methods.')
  return parts
}
