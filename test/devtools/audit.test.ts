import { inspect } from 'node:util'
import { audit, type FindingCode } from 'latchkey/devtools'
import { describe, expect, it } from 'vitest'
import { BAD } from './audit-bad-tokens.ts'
import { type Example, encode, forge, GOOD, NOW, SECONDS, SOUND, sign } from './audit-tokens.ts'

const codesOf = (subject: string, options = {}): FindingCode[] =>
  audit(subject, { now: NOW, url: 'https://app.example.com/', ...options }).map(({ code }) => code)

/** Everything that somebody who holds the claims would know, and that a report must not tell. */
function valuesIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(valuesIn)
  return String(value).length > 7 ? [String(value)] : []
}

describe('a good token', () => {
  it.each(Object.entries(GOOD))('has nothing wrong: %s', async (_, example) => {
    expect(codesOf(await sign(example))).toEqual([])
  })

  it('is known in more than thirty kinds', () => {
    expect(Object.keys(GOOD).length).toBeGreaterThan(30)
  })
})

describe('a bad token', () => {
  it.each(Object.entries(BAD))('has exactly the one fault: %s', async (_, { code, token, options }) => {
    const text = typeof token === 'string' ? token : await sign(token)

    expect(codesOf(text, options)).toEqual([code])
  })

  it.each(Object.entries(BAD))('is reported without any part of it: %s', async (_, { token, options }) => {
    const text = typeof token === 'string' ? token : await sign(token)
    const findings = audit(text, { now: NOW, ...options })

    const told = JSON.stringify(findings)
    for (const part of text.split('.').filter((part) => part.length > 5)) expect(told).not.toContain(part)
    const claims = typeof token === 'string' ? {} : { ...token.claims }
    for (const value of valuesIn(claims)) expect(told).not.toContain(value)
  })
})

describe('a finding', () => {
  it.each(Object.entries(BAD))(
    'says why it matters, how to mend it and what says so: %s',
    async (_, { token, options }) => {
      const text = typeof token === 'string' ? token : await sign(token)
      const [finding] = audit(text, { now: NOW, ...options })

      expect(finding?.title).toMatch(/\w/)
      expect(finding?.why).toMatch(/^[A-Z`].*[.]$/)
      expect(finding?.why).not.toContain('%')
      expect(finding?.fix).toMatch(/^[A-Z\d`].*\.$/)
      expect(finding?.references.length).toBeGreaterThan(0)
      for (const { title, url } of finding?.references ?? []) {
        expect(title).toMatch(/^(RFC \d{4}, section [\d.]+|OWASP: .+ Cheat Sheet, [\w ]+)$/)
        expect(url).toMatch(
          /^https:\/\/(www\.rfc-editor\.org\/rfc\/rfc\d{4}\.html#section-|cheatsheetseries\.owasp\.org\/cheatsheets\/\w+\.html#)[\w.-]+$/,
        )
      }
    },
  )

  it('is frozen, and so is the list', () => {
    const findings = audit(forge({ header: { alg: 'none' } }, ''), { now: NOW })

    expect(Object.isFrozen(findings)).toBe(true)
    expect(Object.isFrozen(findings[0])).toBe(true)
    expect(Object.isFrozen(findings[0]?.references)).toBe(true)
    expect(Object.isFrozen(findings[0]?.references[0])).toBe(true)
  })

  it('comes after those that matter more', () => {
    const example = { header: { alg: 'none' }, claims: { iss: undefined, sub: undefined, email: 'ada@example.com' } }
    const findings = audit(forge(example, ''), { now: NOW })

    expect(findings.map(({ severity }) => severity)).toEqual(['error', 'warning', 'warning', 'info'])
  })

  it('is left out where somebody has decided to live with it', () => {
    expect(codesOf(forge({ claims: { iss: undefined } }), { ignore: ['no-issuer'] })).toEqual([])
  })

  it('names the claims that it is about, three of them at most, and cuts long names', () => {
    const named = (claims: Example['claims'] = {}): string | undefined => audit(forge({ claims }), { now: NOW })[0]?.why

    expect(named({ profile: { email: 'a@b.example' } })).toContain('`profile.email`')
    const emails = { a: 'a@b.example', b: 'a@b.example', c: 'a@b.example', d: 'a@b.example', e: 'a@b.example' }
    expect(named(emails)).toContain('`a`, `b`, `c` and 2 more')
    expect(named({ ['n'.repeat(200)]: 'a@b.example' })).toContain(`\`${'n'.repeat(40)}…\``)
  })

  it('names those of nested objects only where they are words', () => {
    const why = (key: string): string | undefined =>
      audit(forge({ claims: { accounts: { [key]: { password: 'x' } } } }), { now: NOW })[0]?.why

    expect(why('main_account')).toContain('`accounts.main_account.password`')
    for (const key of ['user-4711', 'correct horse', 'a'.repeat(25)])
      expect(why(key)).toContain('`accounts.….password`')
  })

  it('names no key of a nested object that may be data', () => {
    const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'
    for (const key of [
      'jane@example.com',
      `sk_live_${'51Habcdefghij'}`,
      `sk_live_${'abcdefghij'}`,
      jwt,
      '+44 20 7946 0958',
    ]) {
      const nested = audit(forge({ claims: { accounts: { [key]: { password: 'x', email: 'a@b.example' } } } }), {
        now: NOW,
      })
      expect(nested.map(({ why }) => why)).toEqual([
        expect.stringContaining('`accounts.….password`'),
        expect.stringContaining('`accounts.….email`'),
      ])
      expect(JSON.stringify(audit(forge({ claims: { [key]: { password: 'x' } } }), { now: NOW }))).not.toContain(key)
    }
  })

  it.each([
    [3700, 'warning', '1 h 1 min'],
    [3 * 3600, 'warning', '3 h'],
    [86_401, 'error', '1 d'],
    [30 * 86_400, 'error', '30 d'],
  ])('grows with the lifetime: %i s are worth a %s', (life, severity, said) => {
    const [finding] = audit(forge({ claims: { iat: SECONDS, exp: SECONDS + life } }), { now: NOW })

    expect(finding).toMatchObject({ code: 'long-lifetime', severity })
    expect(finding?.why).toContain(said)
  })
})

describe('the lifetime of a token', () => {
  it('is less of a worry where the token ends soon, and an old `iat` may be that of the sign-in', () => {
    const since = (age: number, left: number): object[] => [
      ...audit(forge({ claims: { iat: SECONDS - age, exp: SECONDS + left } }), { now: NOW }),
    ]

    expect(since(3 * 3600, 300)).toMatchObject([{ code: 'long-lifetime', severity: 'info' }])
    expect(since(30 * 86_400, 3600)).toMatchObject([{ severity: 'info' }])
    expect(since(3600, 300)).toMatchObject([{ severity: 'warning' }])
    expect(since(3 * 3600, 3601)).toMatchObject([{ severity: 'warning' }])
  })
})

describe('a title', () => {
  it.each([
    [{ header: { alg: 'none' } }, 'Not signed'],
    [{ claims: { nbf: SECONDS + 600 } }, 'Not valid yet'],
    [{ claims: { sub: undefined } }, 'No subject'],
  ])('says in words what is wrong: %j', (example, title) => {
    expect(audit(forge(example), { now: NOW })[0]?.title).toBe(title)
  })
})

describe('the text of a token', () => {
  it.each([
    '',
    'an-opaque-token',
    'ya29.a0AfH6SMBx',
    'eyJpdiI6IkxhcmF2ZWwifQ',
    'eyJpZCI6MX0.aSdYQw.c2lnbmF0dXJl',
    'a.b.c',
    'a.b.c.d.e',
    `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`,
  ])('says nothing where it is opaque: %s', (text) => {
    expect(codesOf(text)).toEqual([])
  })

  it.each(['Bearer ', 'bearer  ', '  Bearer ', 'DPoP ', 'Token ', 'x-jwt '])(
    'may begin with %j, as in a header',
    (scheme) => {
      expect(codesOf(`${scheme}${forge({ claims: { iss: undefined } })} `)).toEqual(['no-issuer'])
    },
  )

  it.each(['"', "'"])('may stand between %s, as in JSON', (quote) => {
    const token = forge({ claims: { iss: undefined } })
    expect(codesOf(quote + token + quote)).toEqual(['no-issuer'])
    expect(codesOf(`${quote}Bearer ${token}${quote}`)).toEqual(['no-issuer'])
  })

  it('is looked at by the clock of this machine, unless another moment is given', () => {
    expect(audit(forge({})).map(({ code }) => code)).toEqual(Date.now() < NOW ? [] : ['expired-token'])
    expect(codesOf(forge({}), { now: NOW + 3_600_000 })).toEqual(['expired-token'])
  })

  it('is looked for in the address of the page', () => {
    const token = forge({})
    const inUrl = (url: string): boolean => codesOf(token, { url }).includes('token-in-url')

    expect(inUrl(`https://app.example.com/?x=${token}`)).toBe(true)
    expect(inUrl('https://app.example.com/?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj')).toBe(false)
    expect(inUrl('https://app.example.com/reset?token=one-time-code')).toBe(false)
    expect(inUrl('https://app.example.com/?access_token=')).toBe(false)
    expect(inUrl('not a url ?#&=%%')).toBe(false)
    location.hash = `#id_token=${token}`
    expect(audit('opaque').map(({ code }) => code)).toEqual(['token-in-url'])
    location.hash = ''
  })

  it('is taken with any key set that has public keys', () => {
    const token = forge({ header: { alg: 'HS256' } })

    expect(codesOf(token, { keySet: true })).toEqual(['alg-symmetric'])
    expect(codesOf(token, { keySet: new URL('https://auth.example.com/keys') })).toEqual(['alg-symmetric'])
    expect(codesOf(token, { keySet: { keys: [] } })).toEqual([])
    expect(codesOf(token, { keySet: false })).toEqual([])
  })
})

describe('what a stranger has written', () => {
  const deep = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const hostile: Record<string, string> = {
    '5 MB': 'a'.repeat(5_000_000),
    '5 MB of dots': '.'.repeat(5_000_000),
    '5 MB of a JWT': forge({ claims: { x: 'x'.repeat(5_000_000) } }),
    'deep nesting': `${encode({ alg: 'ES256' })}.${encode(deep(5000))}.c2ln`,
    'a thousand claims': forge({
      claims: Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`c${index}`, 1])),
    }),
    'a prototype': `${encode({ alg: 'ES256' })}.${encode('{"__proto__":{"sub":"x"},"constructor":{"prototype":{}}}')}.c2ln`,
    'claims of every type': forge({
      claims: {
        iss: 5,
        sub: [],
        aud: { a: null },
        exp: {},
        nbf: null,
        iat: true,
        scope: 7,
        token_use: {},
        typ: [],
        nonce: 0,
      },
    }),
    'a header of every type': forge({ header: { alg: 5, typ: {}, crit: 'x', jku: null, kid: [] } }),
    'text that makes patterns slow': forge({
      claims: {
        email: `${'a'.repeat(3000)}!`,
        phone: `+${'1 '.repeat(1500)}x`,
        key: '-----BEGIN '.repeat(300),
        i: 'A1'.repeat(1500),
      },
    }),
    'text that makes patterns slow, with @': forge({
      claims: { e: `a@${'a.'.repeat(2000)}`, f: `a@${'a-'.repeat(2000)}!` },
    }),
    'numbers that are none': `${encode({ alg: 'ES256' })}.${encode('{"exp":1e999,"iat":-1e308,"nbf":1e-300}')}.c2ln`,
    'bytes that are no text': `${encode({ alg: 'ES256' })}.${Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64url')}.c2ln`,
    'NUL and friends': `${encode({ alg: 'ES256' })}.${encode({ ...SOUND, '\u0000\u202e': '\u0000' })}.c2ln`,
  }

  it.each(Object.entries(hostile))('never throws, and takes no time: %s', (_, text) => {
    const start = performance.now()
    audit(text, { now: NOW, keySet: true, url: `https://a.example/?token=${text}` })

    expect(performance.now() - start).toBeLessThan(1000)
  })

  it('never throws for subjects and options that are none', () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no')
        },
      },
    )
    for (const subject of [undefined, null, 5, {}, [], trap, Symbol.iterator, { state: {}, explain: () => [] }])
      expect(audit(subject as string)).toMatchObject([{ code: 'not-a-client', severity: 'warning', references: [] }])
    expect(audit({} as string, { ignore: ['not-a-client'] })).toEqual([])
    for (const keySet of [trap, { keys: 5 }, { keys: [null] }])
      expect(() => audit(forge({}), { keySet: keySet as never })).not.toThrow()
    expect(() => audit(forge({}), { now: Number.NaN, url: 'https://' })).not.toThrow()
  })

  it.each([
    { aud: [{ toString: 1 }] },
    { typ: { toString: null } },
    { token_use: { toString: null, valueOf: 1 } },
    { token_type: [{ toString: 1 }] },
    { iss: { toString: 1 } },
    { iat: { toString: 1, valueOf: 1 } },
  ])('does not hide what else is there: %j', (odd) => {
    expect(codesOf(forge({ claims: { password: 'hunter2', ...odd } }))).toContain('secret-in-claims')
    expect(codesOf(forge({ header: odd, claims: { password: 'hunter2' } }))).toContain('secret-in-claims')
  })

  it('is looked into a long way, and no further', () => {
    const list = (length: number): number[] => Array.from({ length }, () => 1)
    const after = (length: number): FindingCode[] =>
      codesOf(forge({ claims: { list: list(length), z: { password: 'hunter2' } } }))

    expect(after(3900)).toContain('secret-in-claims')
    expect(after(4100)).not.toContain('secret-in-claims')
  })

  it('still says that a token is too large to be looked into', () => {
    expect(codesOf(hostile['5 MB of a JWT'] ?? '')).toEqual(['large-token'])
  })

  it('leaves no part of a token where other scripts can read it', async () => {
    for (const { token } of Object.values(BAD)) {
      audit(typeof token === 'string' ? token : await sign(token), { now: NOW })
      const left = inspect([
        RegExp.$1,
        RegExp.lastMatch,
        RegExp.leftContext,
        RegExp.rightContext,
        (RegExp as { input?: string }).input,
      ])
      expect(left).toBe(inspect(['', '', '', '', '']))
    }
  })
})
