import { type AccessTokens, createAccessTokens } from './access-tokens.ts'
import type { ResolvedConfig } from './config.ts'
import { createRefreshTokens, type RefreshTokens } from './refresh-tokens.ts'
import { createDemoUsers, type Users } from './users.ts'

/** What the routes share. */
export interface Parts {
  readonly config: ResolvedConfig
  readonly users: Users
  readonly accessTokens: AccessTokens
  readonly refreshTokens: RefreshTokens
}

/**
 * Makes the parts of one server; two servers share none.
 *
 * @param onReuse Called with the id of a user whose spent refresh token came back.
 */
export async function createParts(config: ResolvedConfig, onReuse: (userId: string) => void): Promise<Parts> {
  return {
    config,
    users: config.users ?? (await createDemoUsers()),
    accessTokens: await createAccessTokens(config),
    refreshTokens: createRefreshTokens(config, onReuse),
  }
}
