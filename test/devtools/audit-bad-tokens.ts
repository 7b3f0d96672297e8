import type { AuditOptions, FindingCode } from 'latchkey/devtools'
import { type Example, encode, forge, SECONDS, SOUND } from './audit-tokens.ts'

interface BadToken {
  readonly code: FindingCode
  /** What a library would sign, or the text of a token that none would make. */
  readonly token: Example | string
  readonly options?: AuditOptions
}

const many = (count: number, name: string): string[] => Array.from({ length: count }, (_, index) => `${name}-${index}`)
const claims = (more: Record<string, unknown>): Example => ({ claims: more })
const publicKeys = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }

/** Access tokens with one fault each. */
export const BAD: Record<string, BadToken> = {
  'no algorithm': { code: 'alg-none', token: forge({ header: { alg: 'none' } }, '') },
  'no algorithm, in capitals': { code: 'alg-none', token: forge({ header: { alg: 'nOnE' } }) },
  'an empty signature': { code: 'alg-none', token: forge({ header: { alg: 'RS256' } }, '') },
  'no `alg`': { code: 'alg-weak', token: forge({ header: { alg: undefined } }) },
  'an `alg` that is no text': { code: 'alg-weak', token: forge({ header: { alg: ['ES256'] } }) },
  'SHA-1': { code: 'alg-weak', token: forge({ header: { alg: 'RS1' } }) },
  'an algorithm nobody has registered': { code: 'alg-weak', token: forge({ header: { alg: 'HS64' } }) },
  'a shared secret beside a key set': {
    code: 'alg-symmetric',
    token: { header: { alg: 'HS256' } },
    options: { keySet: publicKeys },
  },
  'a shared secret beside the address of a key set': {
    code: 'alg-symmetric',
    token: { header: { alg: 'HS384' } },
    options: { keySet: 'https://auth.example.com/jwks.json' },
  },
  'the address of a key set': { code: 'key-in-header', token: { header: { jku: 'https://evil.example/jwks.json' } } },
  'its own key': { code: 'key-in-header', token: { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } } } },
  'the address of a certificate': {
    code: 'key-in-header',
    token: { header: { x5u: 'https://evil.example/cert.pem' } },
  },
  'an extension that is critical': {
    code: 'critical-extension',
    token: forge({ header: { crit: ['exp'], exp: SECONDS } }),
  },
  'another type of JWT': { code: 'unusual-type', token: { header: { typ: 'logout+jwt' } } },
  'half a token': { code: 'malformed-token', token: forge({}).split('.').slice(0, 2).join('.') },
  'a payload cut off': {
    code: 'malformed-token',
    token: `${encode({ alg: 'ES256' })}.${encode(SOUND).slice(0, -7)}.c2ln`,
  },
  'a payload that is no object': { code: 'malformed-token', token: `${encode({ alg: 'ES256' })}.${encode([1])}.c2ln` },
  'a header that is no JSON': { code: 'malformed-token', token: `${encode('{"alg":ES256}')}.${encode(SOUND)}.c2ln` },
  'base64 in place of base64url': {
    code: 'malformed-token',
    token: `${encode({ alg: 'ES256' })}.${encode(SOUND)}==.c2ln`,
  },
  'a signature with spaces': { code: 'malformed-token', token: forge({}, 'c2ln bmF0') },
  'no `exp`': { code: 'no-expiry', token: claims({ exp: undefined }) },
  'an `exp` in milliseconds': { code: 'time-not-in-seconds', token: claims({ exp: (SECONDS + 900) * 1000 }) },
  'an `exp` that is a text': { code: 'time-not-in-seconds', token: claims({ exp: '2026-01-01T12:15:00Z' }) },
  'an `iat` in milliseconds': { code: 'time-not-in-seconds', token: claims({ iat: SECONDS * 1000 }) },
  'two hours': { code: 'long-lifetime', token: claims({ exp: SECONDS + 7140 }) },
  'a year': { code: 'long-lifetime', token: claims({ exp: SECONDS + 365 * 86_400 }) },
  expired: { code: 'expired-token', token: claims({ iat: SECONDS - 960, exp: SECONDS - 60 }) },
  'not good before tomorrow': { code: 'from-the-future', token: claims({ nbf: SECONDS + 600 }) },
  'issued in an hour': { code: 'from-the-future', token: claims({ iat: SECONDS + 3600, exp: SECONDS + 4500 }) },
  'no `iat`': { code: 'no-issue-time', token: claims({ iat: undefined }) },
  'no `iss`': { code: 'no-issuer', token: claims({ iss: undefined }) },
  'an issuer on http': { code: 'plain-http', token: claims({ iss: 'http://auth.example.com' }) },
  'no `aud`': { code: 'no-audience', token: claims({ aud: undefined }) },
  'an empty `aud`': { code: 'no-audience', token: claims({ aud: [] }) },
  'the audience *': { code: 'wide-audience', token: claims({ aud: '*' }) },
  'an audience with a wildcard': {
    code: 'wide-audience',
    token: claims({ aud: ['https://a.example', 'https://*.example.com'] }),
  },
  'no `sub`': { code: 'no-subject', token: claims({ sub: undefined }) },
  'an ID token with a nonce': {
    code: 'wrong-kind-of-token',
    token: { header: { typ: 'JWT' }, ...claims({ nonce: 'n-0S6_WzA2Mj' }) },
  },
  'an ID token with a hash': {
    code: 'wrong-kind-of-token',
    token: { header: { typ: 'JWT' }, ...claims({ at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }) },
  },
  "Cognito's ID token": {
    code: 'wrong-kind-of-token',
    token: { header: { typ: 'JWT' }, ...claims({ token_use: 'id' }) },
  },
  "Simple JWT's refresh token": {
    code: 'wrong-kind-of-token',
    token: { header: { typ: 'JWT' }, ...claims({ token_type: 'refresh' }) },
  },
  "Keycloak's refresh token": {
    code: 'wrong-kind-of-token',
    token: { header: { typ: 'JWT' }, ...claims({ typ: 'Refresh' }) },
  },
  'a password': { code: 'secret-in-claims', token: claims({ password: 'hunter2' }) },
  'a password somewhere inside': {
    code: 'secret-in-claims',
    token: claims({ user: { login: { userPassword: 'hunter2' } } }),
  },
  'a bcrypt hash': {
    code: 'secret-in-claims',
    token: claims({ h: '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW' }),
  },
  'an argon2 hash': {
    code: 'secret-in-claims',
    token: claims({ auth: ['$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$hash'] }),
  },
  "Django's password hash": { code: 'secret-in-claims', token: claims({ pw: 'pbkdf2_sha256$260000$salt$hash' }) },
  'an API key by its name': { code: 'secret-in-claims', token: claims({ 'https://example.com/api_key': 'abc' }) },
  'a key of AWS': { code: 'secret-in-claims', token: claims({ aws: 'AKIAIOSFODNN7EXAMPLE' }) },
  'a key of Stripe': { code: 'secret-in-claims', token: claims({ billing: `sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}` }) },
  'a private key': { code: 'secret-in-claims', token: claims({ key: '-----BEGIN PRIVATE KEY-----\nMIIE' }) },
  'a private JWK': { code: 'secret-in-claims', token: claims({ cnf: { jwk: { kty: 'EC', x: 'x', y: 'y', d: 'd' } } }) },
  'another token': {
    code: 'secret-in-claims',
    token: claims({ upstream: forge({ claims: { iss: 'https://other.example' } }) }),
  },
  'a card number': { code: 'secret-in-claims', token: claims({ card: '4242 4242 4242 4242' }) },
  'a card number as a number': {
    code: 'secret-in-claims',
    token: claims({ payment: { card: 5_555_555_555_554_444 } }),
  },
  ...Object.fromEntries(
    ['card_number', 'creditCard', 'pin', 'otp', 'security_answer', 'refresh_token', 'accessToken'].map((name) => [
      `a secret by its name, ${name}`,
      { code: 'secret-in-claims', token: claims({ user: { [name]: 'Q7x-**** 11' } }) } as const,
    ]),
  ),
  ...Object.fromEntries(
    ['social_security_number', 'mobile', 'telephone', 'mobile_number'].map((name) => [
      `what tells who somebody is by its name, ${name}`,
      { code: 'personal-data-in-claims', token: claims({ [name]: 'none of yours' }) } as const,
    ]),
  ),
  ...Object.fromEntries(
    [
      'postgres://root:hunter2@db/x',
      'https://:hunter2@example.com',
      'xoxb-17653672481',
      'whsec_MfKQ9r8GKYqrTwjU',
      'github_pat_11ABCDEFG',
    ].map((value) => [
      `a secret by its look, ${value}`,
      { code: 'secret-in-claims', token: claims({ value }) } as const,
    ]),
  ),
  'an IBAN': { code: 'secret-in-claims', token: claims({ account: 'DE89 3704 0044 0532 0130 00' }) },
  'an e-mail address': { code: 'personal-data-in-claims', token: claims({ email: 'ada@example.com' }) },
  'an e-mail address as subject': { code: 'personal-data-in-claims', token: claims({ sub: 'ada@example.com' }) },
  'a phone number': { code: 'personal-data-in-claims', token: claims({ contact: ['+44 20 7946 0958'] }) },
  'a birthdate': { code: 'personal-data-in-claims', token: claims({ user: { dateOfBirth: '1815-12-10' } }) },
  'a social security number': { code: 'personal-data-in-claims', token: claims({ tax: '078-05-1120' }) },
  'a postal address': {
    code: 'personal-data-in-claims',
    token: claims({ address: { street_address: '12 St James’s Square' } }),
  },
  'an address in one line': {
    code: 'personal-data-in-claims',
    token: claims({ address: '12 St James’s Square, London' }),
  },
  '5 KB': { code: 'large-token', token: claims({ settings: 'x'.repeat(4000) }) },
  '5 KB of roles': { code: 'large-token', token: claims({ roles: many(300, 'role') }) },
  '20 KB': { code: 'large-token', token: claims({ settings: 'x'.repeat(16_000) }) },
  'a hundred roles': { code: 'many-roles', token: claims({ roles: many(100, 'r') }) },
  'a hundred scopes': { code: 'many-roles', token: claims({ scope: many(100, 's').join(' ') }) },
  'a token in the query': {
    code: 'token-in-url',
    token: {},
    options: { url: 'https://app.example.com/?access_token=c2VjcmV0' },
  },
  'a token in the fragment': {
    code: 'token-in-url',
    token: {},
    options: { url: `https://app.example.com/callback#state=1&token=${forge({})}` },
  },
}
