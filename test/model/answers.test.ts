import fc from 'fast-check'
import { AuthClient, type AuthState, isAuthError, memoryStorage } from 'latchkey'
import { expect, it } from 'vitest'
import { seeded } from '../support/random.ts'
import { createPage, settle, VirtualTime } from './virtual.ts'

const BASE = 'https://api.test'
const runs = Number(process.env.MODEL_RUNS ?? 2000)
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) }

const TOKEN_KEYS = [
  'access_token',
  'accessToken',
  'access',
  'token',
  'jwt',
  'refresh_token',
  'refreshToken',
  'refresh',
  'id_token',
]
const TIME_KEYS = ['expires_in', 'expiresIn', 'expires_at', 'expiresAt']
const OTHER_KEYS = ['user', 'scope', 'token_type', 'data', 'tokens', 'session', 'error', 'ok']
const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'toJSON',
  'then',
]

const NUMBERS = [0, -1, 1, 60, 3600, 1e9, 1e12, -1e12, 1e300, -1e300, 0.5, Number.MAX_SAFE_INTEGER]
const TEXTS = [
  ...[
    '',
    ' ',
    '3600',
    '-1',
    'NaN',
    'Infinity',
    '1e999',
    'null',
    '2030-01-01T00:00:00Z',
    'never',
    '\u0000',
    '\uD800',
    'ö',
    '💣',
  ],
  ...[
    'a\r\nX-Evil: 1',
    'a\nb',
    'a b',
    'a\tb',
    'a\u0000b',
    'a\u007fb',
    'a, Bearer b',
    'Bearer a',
    '"',
    '__proto__',
    '{}',
    'x'.repeat(20_000),
  ],
]

const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

const jwt = fc
  .oneof(
    fc.record(
      {
        exp: fc.constantFrom<unknown>(...NUMBERS, ...TEXTS, null, [], {}),
        iat: fc.constantFrom<unknown>(...NUMBERS, 'x', null),
        sub: fc.anything(),
      },
      { requiredKeys: [] },
    ),
    fc.json(),
    fc.constantFrom(
      '{"__proto__":{"polluted":1},"exp":1}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '[1]',
      'null',
      '\uFFFD',
    ),
  )
  .map((claims) => {
    try {
      return `${base64url({ alg: 'none' })}.${base64url(claims)}.sig`
    } catch {
      return 'a.b.c'
    }
  })

const token = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('abc', 'opaque-1', 'opaque-2') },
  { weight: 3, arbitrary: jwt },
  { weight: 2, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)

/** JSON as text, in which a key may stand that no object literal can hold. */
const { json } = fc.letrec<{ json: string; value: string; object: string }>((tie) => ({
  json: fc.oneof({ weight: 6, arbitrary: tie('object') }, { weight: 1, arbitrary: tie('value') }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    token.map((text) => JSON.stringify(text)),
    fc.constantFrom(...NUMBERS.map(String), 'null', 'true', 'false', '[]', '{}', '1e999', '[["access_token","a"]]'),
    fc.json(),
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
  ),
  object: fc
    .array(
      fc.oneof(
        {
          weight: 5,
          arbitrary: fc.tuple(
            fc.constantFrom(...TOKEN_KEYS),
            fc.oneof(
              token.map((text) => JSON.stringify(text)),
              tie('value'),
            ),
          ),
        },
        {
          weight: 2,
          arbitrary: fc.tuple(
            fc.constantFrom(...TIME_KEYS),
            fc.constantFrom(...NUMBERS.map(String), ...TEXTS.map((text) => JSON.stringify(text)), 'null'),
          ),
        },
        { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...OTHER_KEYS), tie('value')) },
        {
          weight: 1,
          arbitrary: fc.tuple(
            fc.constantFrom(...PROTOTYPE_KEYS),
            fc.oneof(fc.constant('{"polluted":true,"access_token":"p"}'), tie('value')),
          ),
        },
      ),
      { maxLength: 5 },
    )
    .map((entries) => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join()}}`),
}))

const body = fc.oneof(
  { weight: 12, arbitrary: json },
  { weight: 1, arbitrary: json.map((text) => text.slice(0, -1)) },
  { weight: 1, arbitrary: json.map((text) => `\uFEFF${text}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'NaN',
      '{"expires_in":NaN,"access_token":"a"}',
      '<html>',
      'undefined',
      'eyJh.eyJh.x',
    ),
  },
)

/** Sound at its core, so that what stands beside it is looked at. */
const sound = fc
  .tuple(token, json)
  .filter(([, rest]) => rest.startsWith('{'))
  .map(([access, rest]) => `{"access_token":${JSON.stringify(access)},"refresh_token":"r","rest":0,${rest.slice(1)}`)
  .map((text) => text.replace(/,}$/, '}'))

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | undefined
}

const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 200, 200, 200, 200, 201, 204, 400, 401, 403, 422, 429, 500),
  text: fc.oneof(body, sound),
  retryAfter: fc.constantFrom(
    undefined,
    undefined,
    '5',
    '-1',
    '0',
    '1e9',
    '99999999999999999999',
    'soon',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    '1, 2',
  ),
})

/** What was wrong once. */
const examples = [
  { status: 500, text: '{}' },
  { status: 401, text: '{"error":{"toString":"x"}}' },
  { status: 200, text: '{"access_token":"a","expires_at":{"toString":"x"}}' },
].map((each): [Answer, Answer, number] => [
  { retryAfter: undefined, ...each },
  { status: 200, text: '{}', retryAfter: undefined },
  0,
])

const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype, String.prototype]
const untouched = PROTOTYPES.map((each) => Reflect.ownKeys(each).length)

function expectSense(state: AuthState): void {
  expect(Object.isFrozen(state)).toBe(true)
  expect(['authenticated', 'unauthenticated']).toContain(state.status)
  if (state.status !== 'authenticated') return
  expect(['fresh', 'stale']).toContain(state.freshness)
  if (state.expiresAt !== undefined) expect(Number.isFinite(state.expiresAt)).toBe(true)
  for (const claims of [state.claims, state.idClaims]) {
    if (claims === undefined) continue
    expect(typeof claims === 'object' && !Array.isArray(claims) && Object.isFrozen(claims)).toBe(true)
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype)
    expect(Object.hasOwn(claims, '__proto__')).toBe(false)
  }
}

it('T24: whatever a server answers to a login and its refreshes, there is a state that makes sense or an AuthError', async () => {
  let [signedIn, refused, renewed] = [0, 0, 0]
  await fc.assert(
    fc.asyncProperty(answer, answer, fc.nat(), async (first, second, random) => {
      const time = new VirtualTime()
      const page = createPage(time, seeded(random))
      const storage = memoryStorage()
      const sent: (string | null)[] = []
      let refreshes = 0
      const fetch: typeof globalThis.fetch = async (input, init) => {
        const { pathname } = new URL(input instanceof Request ? input.url : input)
        if (pathname === '/data') {
          const headers = new Headers(init?.headers)
          expect([...headers.keys()].filter((name) => name !== 'authorization')).toEqual([])
          sent.push(headers.get('authorization'))
          return new Response()
        }
        if (pathname === '/refresh') refreshes += 1
        const { status, text, retryAfter } = pathname === '/login' ? first : second
        const isEmpty = status === 204
        return new Response(isEmpty ? null : text, {
          status,
          headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
        })
      }
      const options = { baseUrl: BASE, storage, fetch, environment: page.environment }
      const auth = new AuthClient(options)
      /** What a call resolves with, or `undefined` for an AuthError. */
      const result = async <T>(call: Promise<T>): Promise<T | undefined> => {
        const settled = call.then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        )
        await time.advance(6000)
        const outcome = await settled
        if ('value' in outcome) return outcome.value
        if (!isAuthError(outcome.error)) throw outcome.error
        const { retryAt = 0, oauthError = 'none' } = outcome.error
        expect(Number.isFinite(retryAt)).toBe(true)
        expect(`${first.text}${second.text}"none"`).toContain(JSON.stringify(oauthError))
        return undefined
      }

      const state = await result(
        auth.login({}).then((each) => {
          expect(each).toBe(auth.state)
          expect(each.status).toBe('authenticated')
          return each
        }),
      )
      expectSense(auth.state)
      if (!state) expect(auth.state.status).toBe('unauthenticated')
      if (state) signedIn += 1
      else refused += 1
      expect(page.timerCount).toBeLessThanOrEqual(1)

      const before = refreshes
      await time.advance(30_000)
      expect(refreshes - before, 'refreshes of half-second tokens').toBeLessThanOrEqual(90)

      const renewal = await result(auth.getAccessToken({ forceRefresh: true }))
      if (renewal !== undefined) {
        expect(renewal).toMatch(/^[!-~]+$/)
        renewed += 1
      }
      expectSense(auth.state)
      await result(auth.fetch(`${BASE}/data`))
      for (const header of sent) expect(header ?? 'Bearer none').toMatch(/^Bearer [!-~]+$/)

      const wasSignedIn = auth.state.status === 'authenticated'
      auth.dispose()
      await settle()
      const reloaded = new AuthClient(options)
      const restored = await result(reloaded.start())
      expectSense(reloaded.state)
      if (!wasSignedIn) expect(restored?.status).toBe('unauthenticated')
      reloaded.dispose()
      expect(PROTOTYPES.map((each) => Reflect.ownKeys(each).length)).toEqual(untouched)
      expect('polluted' in {}).toBe(false)
    }),
    { numRuns: runs, ...seed, examples },
  )
  // The fuzz gets past the door.
  expect(signedIn).toBeGreaterThan(runs / 10)
  expect(refused).toBeGreaterThan(runs / 10)
  expect(renewed).toBeGreaterThan(runs / 50)
}, 120_000)
