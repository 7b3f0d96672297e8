import { nodeCrypto } from './node-crypto.js'

/** A public key that verifies ES256 signatures, as a key set has it (RFC 7517). */
export interface PublicKey {
  /** Always `EC`. */
  kty: string
  /** Always `P-256`. */
  crv: string
  /** A coordinate of the point that the key is. */
  x: string
  /** The other one. */
  y: string
  /** By which name the header of a token means this key. */
  kid: string
  /** Always `ES256`. */
  alg: string
  /** Always `sig`: it verifies signatures. */
  use: string
}

/** The public keys of a server, as it publishes them (RFC 7517, section 5). */
export interface KeySet {
  /** One key, which never changes. */
  keys: PublicKey[]
}

/** Signs JWTs with a key of its own. */
export interface Signer {
  /** A JWT with these claims, signed by ES256; at once in Node. */
  sign(claims: object): string | Promise<string>
  /** The public key, as a server publishes it. */
  keySet(): Promise<KeySet>
}

/** A pair of keys: `sign` makes the two numbers of a signature, 32 bytes each. */
interface KeyPair {
  sign(bytes: Uint8Array<ArrayBuffer>): Uint8Array | Promise<Uint8Array>
  readonly publicKey: { readonly x?: string; readonly y?: string }
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Creates a signer, whose key is made when it is needed first. */
export function createSigner(): Signer {
  const kid = crypto.randomUUID()
  let made: KeyPair | Promise<KeyPair> | undefined
  const keys = (): KeyPair | Promise<KeyPair> => {
    made ??= createKeysAtOnce() ?? createKeys()
    return made
  }
  return {
    sign(claims) {
      const text = [{ alg: 'ES256', typ: 'at+jwt', kid }, claims]
        .map((part) => encode(utf8(JSON.stringify(part))))
        .join('.')
      const finish = (signature: Uint8Array): string => `${text}.${encode(signature)}`
      const pair = keys()
      const signature = 'then' in pair ? pair.then(({ sign }) => sign(utf8(text))) : pair.sign(utf8(text))
      return 'then' in signature ? signature.then(finish) : finish(signature)
    },
    async keySet() {
      const { x = '', y = '' } = (await keys()).publicKey
      return { keys: [{ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }] }
    },
  }
}

/**
 * Node can do it without another thread. Under a fake clock that decides: time passes as the test says, not as threads do,
 * and an answer that is still being signed would be late.
 */
function createKeysAtOnce(): KeyPair | undefined {
  const node = nodeCrypto()
  if (!node) return undefined
  const { privateKey, publicKey } = node.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    sign: (bytes) => node.sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    publicKey: publicKey.export({ format: 'jwk' }),
  }
}

async function createKeys(): Promise<KeyPair> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  return {
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, privateKey, bytes)),
    publicKey: await crypto.subtle.exportKey('jwk', publicKey),
  }
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

function encode(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
