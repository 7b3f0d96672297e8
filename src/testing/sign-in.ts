import type { AuthClient } from '../auth-client.js'
import { AuthError } from '../errors.js'
import { type Inspection, inspect } from '../inspection.js'
import type { Claims } from '../session/claims.js'
import type { AuthState } from '../session/state.js'
import { webStorage } from '../storage/web.js'
import { checkDuration } from './faults.js'
import { createSigner } from './signer.js'

/** Who is signed in, beside the claims. */
export interface SignedInOptions<User> {
  /** The `user` of the state. @default undefined */
  user?: User | undefined
  /**
   * How long the access token lives, in milliseconds. In body mode there is nothing to renew it with: it expires as it does
   * where a server has no refresh. One that lives less than a second counts as expired on arrival, and is used for 30 s.
   *
   * @default 3_600_000
   */
  lifetime?: number | undefined
}

/**
 * Signs somebody in with no server: for tests of components that only need somebody to be there. `login` is told as usual.
 * Where requests are to be answered, let a mocked server give the tokens: `auth.setTokens(await server.issueTokens())`.
 * An `exp` among the claims is only a claim: when the token expires, `lifetime` alone says.
 *
 * @example
 * await signedIn(auth, { sub: 'u1', roles: ['admin'] }, { user: { name: 'Ada' } })
 */
export async function signedIn<User>(
  auth: Pick<AuthClient<never, User>, 'start' | 'state'>,
  claims: Partial<Claims> = {},
  { user, lifetime = 3_600_000 }: SignedInOptions<User> = {},
): Promise<AuthState<User>> {
  const { keeper, flush, settings } = partsOf<User>(auth)
  checkDuration('lifetime', lifetime)
  // What an earlier test has left would be renewed first, on a server that is not there.
  if (keeper.state().status === 'loading') await emptyPlace(settings)
  await auth.start()
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now, exp: now + Math.floor(lifetime / 1000) }
  const accessToken = await createSigner().sign({ sub: 'u1', ...times, ...claims })
  const { stored } = await keeper.establish({ accessToken, lifetime, user }, true)
  flush()
  await stored
  return keeper.state()
}

/**
 * Signs out with no server, and empties the client's place in the storage: between tests of a client that a module keeps.
 * Whoever listens hears `logout`; a login that is under way is `aborted`, and a client that has not been started stays so.
 */
export async function signedOut(auth: Pick<AuthClient<never>, 'logout' | 'state'>): Promise<void> {
  const { keeper, flush, settings } = partsOf(auth)
  const session = keeper.current()
  const ended = session && keeper.end(session.id, 'logout')
  flush()
  await ended
  // Nobody is there any more: it only ends a login, and asks no server.
  if (keeper.state().status !== 'loading') await auth.logout().catch(() => undefined)
  await emptyPlace(settings)
  await keeper.settled()
}

async function emptyPlace({ storage, storageKey, environment }: Inspection['settings']): Promise<void> {
  const places = [
    [storage, storageKey],
    [environment.marks ?? webStorage('local'), `${storageKey}.mark`],
  ] as const
  for (const [place, key] of places) {
    try {
      await place.removeItem(key)
    } catch {
      // A storage that is denied, or not there, holds nothing.
    }
  }
}

function partsOf<User>(auth: object): Inspection<User> {
  const parts = inspect<User>(auth)
  if (!parts) {
    throw new AuthError('invalid_option', '`auth` must be an AuthClient of the same copy of `latchkey`.')
  }
  return parts
}
