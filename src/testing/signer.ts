/** Signs JWTs with a key of its own. */
export interface Signer {
  /** A JWT with these claims, signed by ES256. */
  sign(claims: object): Promise<string>
  /** The public key, as a server publishes it. */
  keySet(): Promise<{ keys: JsonWebKey[] }>
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Creates a signer, whose key is made when it is needed first. */
export function createSigner(): Signer {
  const kid = crypto.randomUUID()
  let made: Promise<CryptoKeyPair> | undefined
  const keys = (): Promise<CryptoKeyPair> => {
    made ??= crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    return made
  }
  return {
    async sign(claims) {
      const { privateKey } = await keys()
      const parts = [{ alg: 'ES256', typ: 'at+jwt', kid }, claims].map((part) => encode(utf8(JSON.stringify(part))))
      const signature = await crypto.subtle.sign(ALGORITHM, privateKey, utf8(parts.join('.')))
      return [...parts, encode(new Uint8Array(signature))].join('.')
    },
    async keySet() {
      const { publicKey } = await keys()
      const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
      const key = { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }
      return { keys: [key as JsonWebKey] }
    },
  }
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

function encode(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
