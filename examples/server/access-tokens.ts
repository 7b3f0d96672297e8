import { randomUUID } from 'node:crypto'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  createLocalJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  jwtVerify,
  SignJWT,
} from 'jose'
import type { User } from './users.ts'

/** The pair that signs and verifies access tokens. */
export interface SigningKeys {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** What an access token says. A JWT is signed, not encrypted: anyone who holds it can read this. */
export interface AccessTokenClaims {
  /** The user's id. */
  readonly sub: string
  /** The sign-in, which is the family of its refresh tokens. */
  readonly sid: string
  readonly roles: readonly string[]
}

/** Issues access tokens and verifies them. */
export interface AccessTokens {
  issue(user: User, familyId: string): Promise<string>
  /** The claims of a token that this server has issued for this API and that has not expired; else `undefined`. */
  verify(token: string): Promise<AccessTokenClaims | undefined>
  /** The public keys, for other servers that verify. */
  jwks(): JSONWebKeySet
  /** Signs with a new key and forgets the old one: every token issued until now is refused. */
  replaceKeys(): Promise<void>
}

/** What the tokens say, and how long they are good for. */
export interface AccessTokenOptions {
  readonly issuer: string
  readonly audience: string
  /** Seconds. */
  readonly accessTokenLifetime: number
  /** Generated where none are given. */
  readonly keys?: SigningKeys | undefined
  readonly now: () => number
}

const alg = 'RS256'
const typ = 'at+jwt'

/**
 * Makes the issuer and verifier of access tokens.
 *
 * @see [RFC 9068: JWT profile for OAuth 2.0 access tokens](https://www.rfc-editor.org/rfc/rfc9068.html)
 * @see [RFC 8725: JWT best current practices](https://www.rfc-editor.org/rfc/rfc8725.html)
 */
export async function createAccessTokens(options: AccessTokenOptions): Promise<AccessTokens> {
  const { issuer, audience, accessTokenLifetime, now } = options
  let signer = await createSigner(options.keys ?? (await generateKeyPair(alg)))

  return {
    async issue(user, familyId) {
      const { privateKey, kid } = signer
      const issuedAt = Math.floor(now() / 1000)
      return new SignJWT({ sid: familyId, roles: [...user.roles] })
        .setProtectedHeader({ alg, typ, kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(user.id)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + accessTokenLifetime)
        .setJti(randomUUID())
        .sign(privateKey)
    },

    async verify(token) {
      try {
        const { payload } = await jwtVerify<AccessTokenClaims>(token, signer.findKey, {
          // The token's own `alg` is a wish of whoever made it; this list decides.
          algorithms: [alg],
          typ,
          issuer,
          audience,
          requiredClaims: ['exp', 'iat', 'sub', 'sid', 'jti', 'roles'],
          currentDate: new Date(now()),
        })
        return payload
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined
        throw error
      }
    },

    jwks: () => signer.jwks,

    async replaceKeys() {
      signer = await createSigner(await generateKeyPair(alg))
    },
  }
}

async function createSigner({ privateKey, publicKey }: SigningKeys) {
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const jwks: JSONWebKeySet = { keys: [{ ...jwk, kid, alg, use: 'sig' }] }
  return { privateKey, kid, jwks, findKey: createLocalJWKSet(jwks) }
}
