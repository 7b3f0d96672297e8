let count = 0

/** A JWT with `claims`, unlike any other by its `jti`. Nobody in these tests verifies a signature, so it has none. */
export function jwt(claims: object = {}, header: object = { alg: 'RS256', typ: 'JWT' }): string {
  count += 1
  const parts = [header, { jti: `token-${count}`, ...claims }]
  return [...parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), 'c2lnbmF0dXJl'].join('.')
}
