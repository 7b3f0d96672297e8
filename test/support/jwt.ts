import { base64url } from 'jose'

let count = 0

/** A JWT with `claims`, unlike any other by its `jti`. Nobody in these tests verifies a signature, so it has none. */
export function jwt(claims: object = {}, header: object = { alg: 'RS256', typ: 'JWT' }): string {
  count += 1
  const parts = [header, { jti: `token-${count}`, ...claims }]
  return [...parts.map((part) => base64url.encode(JSON.stringify(part))), 'c2lnbmF0dXJl'].join('.')
}
