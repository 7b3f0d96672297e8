import { generateKeyPairSync, sign } from 'node:crypto'

/** A key, and a certificate that it has signed itself: for servers that only a browser told to ignore it will believe. */
export function createCertificate(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex')) // ecdsa-with-SHA256
  const commonName = sequence(Buffer.from('0603550403', 'hex'), tlv(0x0c, Buffer.from('threats.test')))
  const name = sequence(tlv(0x31, commonName))
  const dates = [-1, 30].map((days) => tlv(0x18, Buffer.from(generalizedTime(Date.now() + days * 86_400_000))))
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(...dates),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]))
  const base64 = sequence(body, algorithm, signature).toString('base64')
  const lines = base64.match(/.{1,64}/g)?.join('\n')
  const cert = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, cert }
}

/** One element of DER: its tag, its length, its content (X.690, section 8.1). */
function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts))

const generalizedTime = (at: number): string => `${new Date(at).toISOString().replace(/[-:T]|\..*/g, '')}Z`
