import fc from 'fast-check'
import { type AuthError, isAuthError, readTokens } from 'latchkey'
import { describe, expect, it } from 'vitest'

const MINUTE = 60_000

function refusal(body: unknown): AuthError {
  try {
    readTokens(body)
  } catch (error) {
    if (isAuthError(error)) return error
  }
  throw new Error('readTokens has thrown no AuthError.')
}

describe('K1: readTokens', () => {
  it.each(['access_token', 'accessToken', 'access', 'token', 'jwt'])('finds the access token under %s', (name) => {
    expect(readTokens({ [name]: 'a' }).accessToken).toBe('a')
  })

  it.each(['refresh_token', 'refreshToken', 'refresh'])('finds the refresh token under %s', (name) => {
    expect(readTokens({ [name]: 'r' })).toMatchObject({ refreshToken: 'r', accessToken: undefined })
  })

  it.each(['id_token', 'idToken'])('finds the ID token under %s', (name) => {
    expect(readTokens({ token: 'a', [name]: 'i' }).idToken).toBe('i')
  })

  it('takes what is at the top before what is below, whatever its name', () => {
    expect(readTokens({ jwt: 'top', data: { access_token: 'below' } }).accessToken).toBe('top')
    expect(readTokens({ jwt: '', data: { access_token: 'below' } }).accessToken).toBe('below')
  })

  it.each(['data', 'tokens', 'session'])('finds everything under %s too', (place) => {
    const body = { [place]: { access: 'a', refresh: 'r', id_token: 'i', expires_in: 60, scope: 's', user: { id: 1 } } }

    expect(readTokens(body)).toMatchObject({
      accessToken: 'a',
      refreshToken: 'r',
      idToken: 'i',
      lifetime: MINUTE,
      scope: 's',
      user: { id: 1 },
    })
  })

  it('prefers the top level, and gathers from several places what each has', () => {
    const body = {
      access_token: 'top',
      data: { access_token: 'below', refresh_token: 'r' },
      session: { expires_in: 60 },
    }

    expect(readTokens(body)).toMatchObject({ accessToken: 'top', refreshToken: 'r', lifetime: MINUTE })
  })

  it('looks no deeper than one level', () => {
    expect(refusal({ data: { tokens: { access_token: 'a' } } }).code).toBe('invalid_response')
  })

  it.each([
    ['access', 'refresh', 'Simple JWT'],
    ['accessToken', 'refreshToken', 'camel case'],
    ['jwt', 'refresh', 'a mixture'],
  ])('tells %s and %s apart (%s)', (access, refresh) => {
    expect(readTokens({ [access]: 'a', [refresh]: 'r' })).toMatchObject({ accessToken: 'a', refreshToken: 'r' })
  })

  it.each([
    [{ expires_in: 60 }, MINUTE],
    [{ expiresIn: 60 }, MINUTE],
    [{ expires_in: '3600' }, 60 * MINUTE],
    [{ expires_in: 0.5 }, 500],
    [{ expires_in: 0 }, 0],
    [{ expires_in: -1 }, -1000],
    [{ expires_in: null }, undefined],
    [{ expires_in: 'soon' }, undefined],
    [{ expires_in: Number.POSITIVE_INFINITY }, undefined],
    [{ expires_in: {} }, undefined],
    [{ expires_in: true }, undefined],
    [{ expires_in: [60] }, undefined],
    [{ expires_in: '' }, undefined],
    [{}, undefined],
  ])('reads a lifetime in seconds from %j', (fields, lifetime) => {
    expect(readTokens({ token: 'a', ...fields }).lifetime).toBe(lifetime)
  })

  it.each([
    ['seconds', { expires_at: 1_900_000_000 }, 1_900_000_000_000],
    ['seconds', { expiresAt: '1900000000' }, 1_900_000_000_000],
    ['milliseconds', { expires_at: 1_900_000_000_123 }, 1_900_000_000_123],
    ['a date as text', { expires_at: '2030-03-17T17:46:40.000Z' }, 1_900_000_000_000],
    ['nonsense', { expires_at: 'soon' }, undefined],
    ['null', { expires_at: null }, undefined],
    ['an object', { expires_at: {} }, undefined],
  ])('reads the moment of expiry from %s: %j', (_unit, fields, expiresAt) => {
    expect(readTokens({ token: 'a', ...fields }).expiresAt).toBe(expiresAt)
  })

  it('reads token type, scope and user', () => {
    const body = { token: 'a', token_type: 'bearer', scope: 'read write', user: { id: 0 } }

    expect(readTokens(body)).toMatchObject({ tokenType: 'bearer', scope: 'read write', user: { id: 0 } })
  })

  it.each([0, '', false])('keeps a user that is %j', (user) => {
    expect(readTokens({ token: 'a', user })).toHaveProperty('user', user)
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', '<html>'],
    ['a bare token', 'eyJhbGciOi.J9.c2ln'],
    ['a number', 42],
    ['an array', [{ token: 'a' }]],
    ['an empty object', {}],
    ['an empty token', { token: '' }],
    ['a token that is null', { access_token: null }],
    ['a token that is a number', { access_token: 42 }],
    ['a token that is an object', { token: { value: 'a' } }],
    ['an ID token alone', { id_token: 'i' }],
  ])('refuses %s as invalid_response', (_what, body) => {
    expect(refusal(body)).toMatchObject({ code: 'invalid_response', retryable: true })
  })

  it('names the keys that were there, never their values', () => {
    const error = refusal({ AccessToken: 'secret-1', IdToken: 'secret-2', data: { Bearer: 'secret-3' } })

    expect(error.message).toContain('AccessToken')
    expect(error.message).toContain('IdToken')
    expect(error.message).toContain('Bearer')
    expect(JSON.stringify(error) + error.message + error.stack).not.toContain('secret')
  })

  it('names no more keys than one can read', () => {
    const body = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, 1]))

    expect(refusal(body).message.length).toBeLessThan(400)
  })

  it('T10: takes nothing from a prototype', () => {
    const body: unknown = Object.create({ access_token: 'inherited' })

    expect(refusal(body).code).toBe('invalid_response')
    expect(refusal(JSON.parse('{"__proto__":{"access_token":"a"}}')).code).toBe('invalid_response')
  })

  it('T10, T24: gives tokens or an AuthError for any JSON, and changes no prototype', () => {
    const names = [
      'access_token',
      'token',
      'refresh_token',
      'expires_in',
      'expires_at',
      'user',
      'data',
      'tokens',
      'scope',
      '__proto__',
    ]
    const key = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 4 }))
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        fc.dictionary(key, tie('tree'), { maxKeys: 6, noNullPrototype: true }),
      ),
    }))

    fc.assert(
      fc.property(tree, (generated) => {
        const body: unknown = JSON.parse(JSON.stringify(generated) ?? 'null')
        let tokens: ReturnType<typeof readTokens>
        try {
          tokens = readTokens(body)
        } catch (error) {
          expect(error).toMatchObject({ name: 'AuthError', code: 'invalid_response' })
          return
        }
        const { accessToken, refreshToken, lifetime, expiresAt } = tokens
        expect(accessToken || refreshToken).toBeTypeOf('string')
        expect([lifetime, expiresAt].every((value) => value === undefined || Number.isFinite(value))).toBe(true)
        expect(Object.getPrototypeOf(tokens)).toBe(Object.prototype)
      }),
      { numRuns: 5000 },
    )
    expect(({} as Record<string, unknown>).access_token).toBeUndefined()
  })
})
