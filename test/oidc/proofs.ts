import { base64url, calculateJwkThumbprint, decodeJwt, EmbeddedJWK, jwtVerify } from 'jose'

/** What a proof says (RFC 9449, section 4.2). */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly ath?: string
  readonly nonce?: string
}

/** Whether a server wants nonces in proofs: never, one for all, or another one with each answer. */
export type Nonces = 'never' | 'one' | 'each'

export type ProofRefusal = 'invalid_dpop_proof' | 'use_dpop_nonce'

/** Checks proofs as RFC 9449, section 4.3, wants it, and remembers which have been used. */
export function createProofChecker(nonces: Nonces, name: string) {
  const used = new Set<string>()
  let count = 1

  const nonce = (): string => `nonce-${name}-${count}`

  return {
    /** What an answer tells about nonces. */
    headers(): Record<string, string> {
      if (nonces === 'never') return {}
      if (nonces === 'each') count += 1
      return { 'DPoP-Nonce': nonce() }
    },
    /** From now on the nonces that are out are not good any more. */
    changeNonce(): void {
      count += 1
    },
    /** The thumbprint of the key that `request` proves to have, or why the proof is refused. */
    async check(request: Request, accessToken?: string): Promise<{ jkt: string } | { refusal: ProofRefusal }> {
      const invalid = { refusal: 'invalid_dpop_proof' } as const
      const proof = request.headers.get('dpop') ?? ''
      try {
        const { payload, protectedHeader } = await jwtVerify<ProofClaims>(proof, EmbeddedJWK, {
          typ: 'dpop+jwt',
          algorithms: ['ES256'],
          maxTokenAge: 60,
        })
        const { jti, htm, htu, ath } = payload
        const { jwk } = protectedHeader
        const { origin, pathname } = new URL(request.url)
        const hash = accessToken && (await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken)))
        const expected = hash ? base64url.encode(new Uint8Array(hash)) : undefined
        if (!jwk || 'd' in jwk || used.has(jti)) return invalid
        if (htm !== request.method || htu !== origin + pathname || ath !== expected) return invalid
        used.add(jti)
        if (nonces !== 'never' && payload.nonce !== nonce()) return { refusal: 'use_dpop_nonce' }
        return { jkt: await calculateJwkThumbprint(jwk) }
      } catch {
        return invalid
      }
    },
  }
}

/** What the proof on `request` says, unchecked. */
export function proofOf(request: Request): ProofClaims | undefined {
  const proof = request.headers.get('dpop')
  return proof === null ? undefined : decodeJwt<ProofClaims>(proof)
}
