/** A key as JSON. */
type Jwk = Readonly<Record<string, unknown>>

/** The part of Node's own cryptography that is used. */
export interface NodeCrypto {
  readonly webcrypto: { readonly subtle: SubtleCrypto }
  generateKeyPairSync(
    type: 'ec',
    options: { namedCurve: string },
  ): { readonly privateKey: object; readonly publicKey: { export(options: { format: 'jwk' }): Jwk } }
  sign(hash: string, bytes: Uint8Array, options: { key: object; dsaEncoding: 'ieee-p1363' }): Uint8Array
}

/** Node's own cryptography, whatever page is played in it; `undefined` in a browser. */
export function nodeCrypto(): NodeCrypto | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => NodeCrypto | undefined } }
  return process?.getBuiltinModule?.('node:crypto')
}
