import type { Context } from 'hono'
import type { Parts } from './parts.ts'
import type { IssuedRefreshToken } from './refresh-tokens.ts'
import type { RefreshTransport } from './refresh-transport.ts'
import type { User } from './users.ts'

/** Makes the function that writes an answer with tokens, after a sign-in of any kind or a refresh. */
export function createTokenAnswer({ config, accessTokens }: Parts, transport: RefreshTransport) {
  return async (c: Context, user: User, issued: IssuedRefreshToken) => ({
    access_token: await accessTokens.issue(user, issued.familyId),
    token_type: 'Bearer',
    expires_in: config.accessTokenLifetime,
    ...transport.write(c, issued),
  })
}
