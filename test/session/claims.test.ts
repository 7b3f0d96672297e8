import { AuthClient, type Claims } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { jwt } from '../support/jwt.ts'
import { seeded } from '../support/random.ts'
import { createIssuer, createVirtualClient, type User, virtuallySignedIn } from './virtual-page.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const HEADER = encode('{"alg":"RS256"}')
/** A token with `payload` as it is, be it JSON or not. */
const raw = (payload: string, header = HEADER): string => `${header}.${encode(payload)}.c2ln`

/** The claims that the state shows of `accessToken`. */
async function claimsOf(accessToken: string): Promise<Claims | undefined> {
  const { auth } = createVirtualClient()
  const state = await auth.setTokens({ accessToken })
  expect(await auth.getAccessToken()).toBe(accessToken)
  auth.dispose()
  return state.status === 'authenticated' ? state.claims : undefined
}

describe('claims', () => {
  it('are those of the access token, as they are', async () => {
    const claims = {
      iss: 'https://id.test',
      sub: 'ada',
      aud: ['a', 'b'],
      exp: 4e9,
      roles: ['admin'],
      'https://x/y': { z: null },
    }
    expect(await claimsOf(jwt(claims))).toMatchObject(claims)
  })

  it('are read with letters beyond ASCII', async () => {
    expect(await claimsOf(jwt({ name: 'Žofie 漢字 🔑' }))).toMatchObject({ name: 'Žofie 漢字 🔑' })
  })

  it('are read from a token without a signature', async () => {
    expect(await claimsOf(`${HEADER}.${encode('{"sub":"ada"}')}.`)).toMatchObject({ sub: 'ada' })
  })

  it('of the ID token stand beside them', async () => {
    const idToken = jwt({ sub: 'ada', nonce: 'n' })
    const { auth } = await virtuallySignedIn({ issuer: createIssuer(() => ({ idToken })) })
    expect(auth.state).toMatchObject({ claims: undefined, idClaims: { sub: 'ada', nonce: 'n' } })
  })

  it.each<[string, string]>([
    ['an opaque token', 'opaque-token'],
    ['a JWE, which has five parts', 'a.b.c.d.e'],
    ['two parts', `${HEADER}.${encode('{"sub":"1"}')}`],
    ['four parts', `${raw('{"sub":"1"}')}.x`],
    ['an empty payload', `${HEADER}..c2ln`],
    ['no JSON', raw('hello')],
    ['cut-off JSON', raw('{"sub":"1"')],
    ['the payload null', raw('null')],
    ['the payload true', raw('true')],
    ['the payload 1', raw('1')],
    ['the payload "x"', raw('"x"')],
    ['the payload [1]', raw('[1]')],
    ['a payload that is no base64', `${HEADER}.%%%%.c2ln`],
    [
      'a payload that is no UTF-8',
      `${HEADER}.${Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]).toString('base64url')}.c2ln`,
    ],
    ['standard base64 instead of base64url', `${HEADER}.${Buffer.from('{"sub":"???>>>"}').toString('base64')}.c2ln`],
    ['17 KiB', raw(JSON.stringify({ sub: 'a'.repeat(17_000) }))],
  ])('T9: are undefined, and the token is sent, when it has or is %s', async (_, token) => {
    expect(await claimsOf(token)).toBe(undefined)
  })

  it('T9: are read of a token of up to 16 KiB', async () => {
    const token = raw(JSON.stringify({ sub: 'a'.repeat(12_000) }))
    expect(token.length).toBeLessThan(16_384)
    expect(await claimsOf(token)).toHaveProperty('sub')
  })

  it('T9: of a token of 5 MB cost next to no time', async () => {
    const token = raw(JSON.stringify({ sub: 'a'.repeat(5_000_000) }))
    const { auth } = createVirtualClient()
    await auth.start()
    const begin = performance.now()
    await auth.setTokens({ accessToken: token })
    expect(performance.now() - begin).toBeLessThan(1000)
    expect(auth.state).toMatchObject({ status: 'authenticated', claims: undefined })
  })

  it('T10: give no object a new member by way of `__proto__`', async () => {
    const claims = await claimsOf(
      raw('{"sub":"ada","__proto__":{"isAdmin":true},"nested":{"__proto__":{"isAdmin":true}}}'),
    )
    expect(claims).toMatchObject({ sub: 'ada' })
    expect((claims as { isAdmin?: boolean }).isAdmin).toBe(undefined)
    expect((claims as { nested?: { isAdmin?: boolean } }).nested?.isAdmin).toBe(undefined)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBe(undefined)
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype)
  })

  it('T10: may have members named as those of objects', async () => {
    const claims = await claimsOf(raw('{"constructor":1,"toString":2,"hasOwnProperty":3,"valueOf":null,"then":4}'))
    expect(Object.entries(claims ?? {})).toHaveLength(5)
  })

  it.each([
    ['[', ']'],
    ['{"a":', '1}'],
  ])('T9: that are nested as deep as a token can hold throw nothing: %s', async (open, close) => {
    for (const depth of [100, 1000, 2000, 6000]) {
      const nested = `{"sub":"ada","deep":${open.repeat(depth)}${close.startsWith('1') ? `1${'}'.repeat(depth)}` : close.repeat(depth)}}`
      const [one, other] = [nested, nested.replace('ada', 'ida')].map((payload) => raw(payload))
      const { auth, page } = createVirtualClient()
      await auth.setTokens({ accessToken: one ?? '' })
      await auth.setTokens({ accessToken: other ?? '' })
      expect(auth.state).toHaveProperty('status', 'authenticated')
      expect(await auth.getAccessToken()).toBe(other)
      expect(page.reported).toEqual([])
      auth.dispose()
    }
  })

  it('T9: use the last of two that have the same name, as JSON does', async () => {
    expect(await claimsOf(raw('{"sub":"one","sub":"two"}'))).toMatchObject({ sub: 'two' })
  })

  it('T9: of which numbers are beyond all bounds throw nothing', async () => {
    const { auth } = createVirtualClient()
    const state = await auth.setTokens({ accessToken: raw('{"exp":1e400,"iat":-1e400,"nbf":1e999}') })
    expect(state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })

  it('T8: decide nothing: an unsigned token of another issuer and audience is kept and sent like any other', async () => {
    const token = jwt({ iss: 'https://evil.test', aud: 'other', exp: 4e9 }, { alg: 'none' })
    expect(await claimsOf(token)).toMatchObject({ iss: 'https://evil.test' })
  })
})

describe('100,000 damaged tokens', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/!~{}"\\'
  const PAYLOADS = [
    '{"sub":"ada","exp":4000000000,"iat":1700000000,"roles":["a","b"],"nested":{"deep":[1,2,{"x":null}]}}',
    '{"exp":1e308,"iat":-1e308}',
    '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}',
    '{"name":"Žofie 漢字 🔑","exp":"4000000000"}',
    '[[[[[[[[]]]]]]]]',
    'null',
    '{"exp":4000000000.123456789,"exp":-0}',
    '"text"',
  ]

  function damage(token: string, random: (below: number) => number): string {
    let text = token
    for (let count = random(4); count >= 0; count -= 1) {
      const at = random(text.length + 1)
      const put = ALPHABET[random(ALPHABET.length)] ?? ''
      const way = random(6)
      if (way === 0) text = text.slice(0, at) + put + text.slice(at + 1)
      else if (way === 1) text = text.slice(0, at) + text.slice(at + 1 + random(5))
      else if (way === 2) text = text.slice(0, at) + put.repeat(1 + random(8)) + text.slice(at)
      else if (way === 3) text = text.slice(at) + text.slice(0, at)
      else if (way === 4) text = text.replace('.', random(2) ? '..' : '')
      else text = text.slice(0, at) || 'x'
    }
    return text || 'x'
  }

  it('T9: make no call throw, and are decoded in no time', { timeout: 120_000 }, async () => {
    const share = seeded(42)
    const random = (below: number): number => Math.floor(share() * below)
    const seeds = PAYLOADS.map((payload) => raw(payload, random(2) ? HEADER : encode('{"alg":"none"}')))
    const timers = { set: () => 0, clear: () => undefined }
    const auth = new AuthClient<object, User>({
      backend: createIssuer(),
      refresh: { when: 'on-demand' },
      environment: { timers, reportError: (error) => surprises.push(error) },
    })
    const surprises: unknown[] = []
    await auth.start()
    let decoded = 0
    let slowest = 0
    const begin = performance.now()
    const pick = (): string => damage(seeds[random(seeds.length)] ?? '', random)
    for (let count = 0; count < 50_000; count += 1) {
      const [accessToken, idToken] = [pick(), pick()]
      const start = performance.now()
      const state = await auth.setTokens({ accessToken, idToken }).catch((error: unknown) => {
        surprises.push(accessToken, error)
      })
      slowest = Math.max(slowest, performance.now() - start)
      if (state?.status !== 'authenticated') surprises.push(accessToken, state)
      else {
        for (const claims of [state.claims, state.idClaims]) {
          if (claims) decoded += 1
          if ((claims as { isAdmin?: boolean } | undefined)?.isAdmin) surprises.push(accessToken, idToken)
        }
      }
    }
    const took = performance.now() - begin
    auth.dispose()
    expect(surprises).toEqual([])
    expect(decoded).toBeGreaterThan(1000)
    expect(decoded).toBeLessThan(99_000)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBe(undefined)
    // Some 10 µs each; what matters is that none of them takes seconds.
    expect(slowest).toBeLessThan(1000)
    expect(took).toBeLessThan(60_000)
  })
})
