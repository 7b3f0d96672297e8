import type { MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { AccessTokenClaims } from './access-tokens.ts'
import { unauthorized } from './answers.ts'
import type { Parts } from './parts.ts'

/** What a route knows once {@link requireAccessToken} has let a request pass. */
export type SignedIn = { Variables: { claims: AccessTokenClaims } }

/** Lets requests with a good access token pass, and answers 401 to all others. */
export function requireAccessToken({ config, accessTokens, refreshTokens }: Parts): MiddlewareHandler<SignedIn> {
  return createMiddleware<SignedIn>(async (c, next) => {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    if (token === undefined) return unauthorized(c, 'missing_token', 'Send an access token.')
    const claims = await accessTokens.verify(token)
    if (!claims || (config.checkRevocation && !refreshTokens.isLive(claims.sid))) {
      return unauthorized(c, 'invalid_token', 'The access token is not good, or not any more.')
    }
    c.set('claims', claims)
    return next()
  })
}
