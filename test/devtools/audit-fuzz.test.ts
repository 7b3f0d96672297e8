import fc from 'fast-check'
import { audit } from 'latchkey/devtools'
import { expect, it } from 'vitest'
import { encode, forge, NOW } from './audit-tokens.ts'

/** Claims that no text can be made of. */
const odd = fc.constantFrom({ toString: 1 }, { toString: null, valueOf: null }, [{ toString: 1 }], null)
const name = fc.oneof(
  fc.constantFrom(
    'iss',
    'aud',
    'sub',
    'exp',
    'nbf',
    'iat',
    'email',
    'password',
    'roles',
    'scope',
    'cnf',
    'typ',
    'token_use',
    'nonce',
  ),
  fc.string({ maxLength: 12 }),
)
const value = fc.oneof(
  odd,
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(fc.oneof(fc.emailAddress(), fc.string({ minLength: 8 })), fc.emailAddress()),
  fc.emailAddress(),
  fc.webUrl(),
  fc.integer(),
  fc.string({ unit: 'grapheme', minLength: 8 }),
)
const fields = fc.dictionary(name, value, { maxKeys: 8 })

/** What claims say, as far as it is long enough to be nobody's accident. */
function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn)
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, each]) => [...(WORD.test(key) ? [] : textsIn(key)), ...textsIn(each)])
  return typeof value === 'string' && value.length >= 8 ? [value] : []
}

/** What a key of a nested object may look like to be told. */
const WORD = /^[a-z_-]{1,24}$/i

it('never throws, and never tells what a claim says, whatever stands in a token', () => {
  fc.assert(
    fc.property(fields, fields, fc.boolean(), (header, claims, keySet) => {
      const told = audit(forge({ header, claims }), { now: NOW, keySet, url: 'https://app.example.com/' })
        .map(({ why, fix, title }) => `${title} ${why} ${fix}`)
        .join(' ')
      const names = JSON.stringify(Object.keys(claims))
      const top = Object.values(claims)
      for (const text of textsIn(top)) if (!names.includes(text)) expect(told).not.toContain(text)
    }),
    { numRuns: 500 },
  )
})

it('finds a password whatever else stands in a token', () => {
  fc.assert(
    fc.property(fields, fields, (header, claims) => {
      const codes = audit(forge({ header, claims: { ...claims, password: 'hunter2' } }), { now: NOW })
      expect(codes).toContainEqual(expect.objectContaining({ code: 'secret-in-claims' }))
    }),
    { numRuns: 500 },
  )
})

it('never throws for texts that look like tokens', () => {
  const part = fc.oneof(fc.string(), fc.base64String(), fc.jsonValue().map(encode), fields.map(encode))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      expect(Array.isArray(audit(parts.join('.'), { url: parts.join('?') }))).toBe(true)
    }),
    { numRuns: 500 },
  )
})
