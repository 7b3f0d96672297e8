import { getValidatedIdTokenClaims, type TokenEndpointResponse } from 'oauth4webapi'
import { AuthError } from '../errors.js'
import { decodeClaims } from '../session/claims.js'
import type { TokenResponse } from '../session/tokens.js'

/** The tokens of an answer that oauth4webapi has checked. */
export function tokensOf(answer: TokenEndpointResponse, isBound: boolean): TokenResponse<never> {
  const { access_token, refresh_token, id_token, expires_in, scope, token_type } = answer
  if ((token_type === 'dpop') !== isBound) {
    const message = `The provider gave a token of type \`${token_type}\`: ${isBound ? 'it does not know' : 'set'} \`dpop\`.`
    throw new AuthError('misconfigured', message)
  }
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    idToken: id_token,
    lifetime: expires_in === undefined ? undefined : expires_in * 1000,
    tokenType: token_type,
    scope,
  }
}

/** Whether a renewed ID token is about the same person as the one before (OpenID Connect Core, section 12.2). */
export function isSamePerson(answer: TokenEndpointResponse, idToken: string | undefined): boolean {
  const now = getValidatedIdTokenClaims(answer)?.sub
  return !idToken || now === undefined || now === decodeClaims(idToken)?.sub
}
