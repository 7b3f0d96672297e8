import { type CryptoKey, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** A moment at which all tokens of the tables are looked at. */
export const NOW = Date.UTC(2026, 0, 1, 12)
export const SECONDS = NOW / 1000

export interface Example {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
}

/** What every access token should say; `undefined` takes a claim out. */
export const SOUND = {
  iss: 'https://auth.example.com',
  aud: 'https://api.example.com',
  sub: '248289761001',
  iat: SECONDS - 60,
  exp: SECONDS + 840,
}

const pairs = new Map<string, Promise<CryptoKey>>()
const secret = new TextEncoder().encode('a secret of the tests that is long enough for HS512, which wants 64 bytes')

function keyFor(alg: string): Promise<CryptoKey> | Uint8Array {
  if (alg.startsWith('HS')) return secret
  const known = pairs.get(alg) ?? generateKeyPair(alg).then(({ privateKey }) => privateKey)
  pairs.set(alg, known)
  return known
}

/** Signs a token as a server does. */
export async function sign({ header = {}, claims = {} }: Example): Promise<string> {
  const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header }
  const payload = JSON.parse(JSON.stringify({ ...SOUND, ...claims })) as JWTPayload
  return new SignJWT(payload)
    .setProtectedHeader(JSON.parse(JSON.stringify(protectedHeader)))
    .sign(await keyFor(protectedHeader.alg))
}

/** Puts a token together that no library would make. */
export function forge({ header = {}, claims = {} }: Example, signature = 'c2lnbmF0dXJl'): string {
  const parts = [
    { alg: 'ES256', typ: 'at+jwt', ...header },
    { ...SOUND, ...claims },
  ]
  return [...parts.map(encode), signature].join('.')
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** Access tokens as good servers issue them: nothing is wrong with any. */
export const GOOD: Record<string, Example> = {
  'RFC 9068': {
    claims: { client_id: 's6BhdRkqt3', jti: 'dbe39bf3a3ba4238a513f51d6e1691c4', scope: 'openid reademail' },
  },
  'RFC 9068 with roles': {
    claims: { client_id: 'app', roles: ['admin', 'editor'], groups: ['staff'], entitlements: [] },
  },
  'RFC 9068 with a whole media type': { header: { typ: 'application/at+jwt' } },
  'oidc-provider, JWT': {
    claims: {
      jti: '6ClzG0_KZf5WUd8av4PJwqk1tfDUcyHzKY4oD8wVZ9E',
      scope: 'read',
      client_id: 'spa',
      iss: 'http://127.0.0.1:8103',
    },
  },
  'oidc-provider, bound by DPoP': {
    claims: { scope: 'read', client_id: 'spa-dpop', cnf: { jkt: 'eGXKSxSNWtmxjfJksQHcwxgbWxhPWoskVa2HmJPTn2Q' } },
  },
  'bound by a public key': {
    claims: { cnf: { jwk: { kty: 'EC', crv: 'P-256', x: 'MKBCTNIcKUSDii11ySs3526', y: '4Etl6SRW2YiLUrN5vfvV' } } },
  },
  Auth0: {
    header: { alg: 'RS256', typ: 'JWT', kid: 'NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg' },
    claims: {
      iss: 'https://example.eu.auth0.com/',
      sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
      aud: ['https://api.example.com', 'https://example.eu.auth0.com/userinfo'],
      azp: 'my_client_id',
      scope: 'openid profile email read:messages',
      permissions: ['read:messages', 'write:messages'],
      'https://example.com/roles': ['admin'],
    },
  },
  'Auth0, machine to machine': {
    header: { alg: 'RS256', typ: 'JWT' },
    claims: { sub: 'CLIENTID@clients', gty: 'client-credentials', azp: 'CLIENTID' },
  },
  Okta: {
    header: { alg: 'RS256', typ: undefined, kid: 'w5h7pvP7nJpZ4w1s' },
    claims: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMUWtQ3sVvgo',
      iss: 'https://example.okta.com/oauth2/default',
      aud: 'api://default',
      exp: SECONDS + 3540,
      cid: '0oabucvyc38HLL1ef0h7',
      uid: '00uixa271s6x7qt8I0h7',
      auth_time: SECONDS - 90,
      scp: ['openid', 'profile'],
      sub: 'ada.lovelace',
    },
  },
  'Keycloak, without the e-mail scope': {
    header: { alg: 'RS256', typ: 'JWT' },
    claims: {
      iss: 'https://sso.example.com/realms/main',
      jti: 'onrtac:8b0d8e1c-8a02-4d42-b89b-2f5d7c1b8f1d',
      aud: 'account',
      typ: 'Bearer',
      azp: 'web-app',
      sid: 'd9f5e2d1-41b4-41b8-8f15-7e2a3e3f6c3e',
      acr: '1',
      'allowed-origins': ['https://app.example.com'],
      realm_access: { roles: ['offline_access', 'uma_authorization', 'default-roles-main'] },
      resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
      scope: 'openid profile',
      name: 'Ada Lovelace',
      preferred_username: 'ada',
      given_name: 'Ada',
      family_name: 'Lovelace',
      email_verified: true,
    },
  },
  'Keycloak before 24, with a nonce': {
    header: { alg: 'RS256', typ: 'JWT' },
    claims: { typ: 'Bearer', azp: 'web-app', nonce: 'a7ed0e8a-3d45', session_state: 'd9f5e2d1', scope: 'openid' },
  },
  'Microsoft Entra ID, v2': {
    header: { alg: 'RS256', typ: 'JWT', kid: 'nOo3ZDrODXEK1jKWhXslHR_KXEg' },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
      nbf: SECONDS - 60,
      exp: SECONDS + 3540,
      aio: 'AXQAi/8IAAAAtAaZLo3ChMif6KOnttRB7eBq4/DccQzjcJGxPYy/C3jDaNGxXd6wNIIVGRghNRnwJ1lOcAnNZcjvkoyrFxCttv33140RioOFJ4bCCGVuoCag1uOTT22222',
      azp: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      azpacr: '0',
      name: 'Ada Lovelace',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      rh: 'I',
      scp: 'access_as_user',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
      pwd_exp: '7776000',
      pwd_url: 'https://portal.microsoftonline.com/ChangePassword.aspx',
    },
  },
  'Microsoft Entra ID, v1 with a nonce in the header': {
    header: { alg: 'RS256', typ: 'JWT', nonce: 'vKVTk9w8b', x5t: 'nOo3ZDrODXEK1jKWhXslHR_KXEg' },
    claims: {
      iss: 'https://sts.windows.net/72f988bf/',
      aud: '00000003-0000-0000-c000-000000000000',
      appid: '1b7',
      amr: ['pwd', 'mfa'],
    },
  },
  'Amazon Cognito': {
    header: { alg: 'RS256', typ: undefined, kid: 'abcdefghijklmnopqrsexample=' },
    claims: {
      iss: 'https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example',
      aud: undefined,
      client_id: '2example4example7',
      origin_jti: 'dddddddd-eeee-ffff',
      event_id: '64f513be',
      token_use: 'access',
      scope: 'openid phone email',
      'cognito:groups': ['us-west-2_example_Google'],
      username: 'aaaaaaaa-bbbb-cccc-dddd-example',
      version: 2,
      exp: SECONDS + 3540,
    },
  },
  'Google, for a service account': {
    header: { alg: 'RS256', typ: 'JWT' },
    claims: {
      iss: '761326798069-r5mljlln1rd4lrbhg75efgigp36m78j5@developer.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/devstorage.read_only',
      aud: 'https://oauth2.googleapis.com/token',
      exp: SECONDS + 3540,
    },
  },
  'Firebase, an anonymous user': {
    header: { alg: 'RS256', typ: 'JWT' },
    claims: {
      iss: 'https://securetoken.google.com/my-project',
      aud: 'my-project',
      auth_time: SECONDS - 60,
      user_id: 'Xk3vN0yq9TZ3pVQm',
      provider_id: 'anonymous',
      firebase: { identities: {}, sign_in_provider: 'anonymous' },
      exp: SECONDS + 3540,
    },
  },
  Supabase: {
    header: { alg: 'ES256', typ: 'JWT' },
    claims: {
      iss: 'https://project.supabase.co/auth/v1',
      aud: 'authenticated',
      role: 'authenticated',
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: SECONDS }],
      session_id: '3b2a1c',
      is_anonymous: false,
      app_metadata: { provider: 'phone', providers: ['phone'] },
      user_metadata: {},
      email: '',
      phone: '',
      exp: SECONDS + 3540,
    },
  },
  'a shared secret, and nobody publishes keys': { header: { alg: 'HS256', typ: 'JWT' } },
  'a shared secret with a key id': { header: { alg: 'HS512', typ: 'JWT', kid: 'legacy' } },
  Hasura: {
    header: { alg: 'RS256', typ: 'JWT' },
    claims: {
      'https://hasura.io/jwt/claims': {
        'x-hasura-allowed-roles': ['editor', 'user'],
        'x-hasura-default-role': 'user',
        'x-hasura-user-id': '4111111111111111',
      },
    },
  },
  'Kubernetes, a service account': {
    header: { alg: 'RS256', typ: undefined },
    claims: {
      iss: 'https://kubernetes.default.svc.cluster.local',
      aud: ['https://kubernetes.default.svc.cluster.local'],
      sub: 'system:serviceaccount:default:api',
      nbf: SECONDS - 60,
      exp: SECONDS + 3540,
      'kubernetes.io': {
        namespace: 'default',
        serviceaccount: { name: 'api', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
      },
    },
  },
  'GitHub Actions': {
    header: { alg: 'RS256', typ: 'JWT', x5t: 'example-thumbprint' },
    claims: {
      iss: 'https://token.actions.githubusercontent.com',
      sub: 'repo:octo-org/octo-repo:environment:prod',
      actor_id: '12',
      run_id: '5105105105105100',
      sha: 'example-sha',
    },
  },
  'ASP.NET': {
    header: { alg: 'RS256', typ: 'JWT' },
    claims: {
      'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier': '17',
      'http://schemas.microsoft.com/ws/2008/06/identity/claims/role': ['Admin'],
    },
  },
  EdDSA: { header: { alg: 'EdDSA' } },
  Ed25519: { header: { alg: 'Ed25519' } },
  PS256: { header: { alg: 'PS256' } },
  ES512: { header: { alg: 'ES512' } },
  'just an hour': { claims: { iat: SECONDS, exp: SECONDS + 3600 } },
  'thirty seconds': { claims: { iat: SECONDS - 1, exp: SECONDS + 29 } },
  'issued by a clock 30 s ahead': { claims: { iat: SECONDS + 30, nbf: SECONDS + 30, exp: SECONDS + 930 } },
  'fractions of seconds': { claims: { iat: SECONDS - 0.25, exp: SECONDS + 899.75 } },
  'facts about a password': {
    claims: {
      password_changed_at: '2025-11-02T10:00:00Z',
      last_password: 1735689600,
      has_password: true,
      requires_secret: 'false',
      password_policy: 'strong',
      must_change_password: 0,
      password_is_set: '1',
      user_has_password: 1,
      password: null,
      otp: false,
    },
  },
  'long numbers that are ids': {
    claims: {
      sub: '4242424242424242',
      account_id: 4111111111111111,
      device: { id: '5555555555554444' },
      order: '4242424242424241',
    },
  },
  'nothing where an address would be': { claims: { email: null, phone_number: null, mobile: '', birthdate: null } },
  'Firebase, with an id at another provider': {
    claims: { firebase: { identities: { 'facebook.com': ['4111111111111111'] }, sign_in_provider: 'facebook.com' } },
  },
  'words that end like secret ones': {
    claims: { shipping: 'dhl', spin: 'left', laptop: 'x', token_type: 'Bearer', automobile: 'red' },
  },
  'addresses without a password': {
    claims: { a: 'https://example.com/x:y@z', b: 'redis://cache:6379/0', c: 'urn:example:a@b' },
  },
  'an account of letters and digits': { claims: { account: 'AB12CDEFGHIJKLMNOP', other: 'DE88370400440532013000' } },
  'an address of a wallet, and a version': {
    claims: { address: '0x71C7656EC7ab88b098defB751B7401B5f6d8976F', build: '123-45-67890' },
  },
  'unicode and an empty list': { claims: { name: 'Zoë 🦊', nickname: 'Ζωή', tags: [] } },
}
