import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FORM, setUp } from '../support/client.ts'
import { createWire } from '../support/wire.ts'

const NAMES = [
  'access_token',
  'token',
  'refresh_token',
  'id_token',
  'expires_in',
  'expires_at',
  'user',
  'scope',
  'error',
  'data',
  '__proto__',
]

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a\r\nX: 1', 'é', ' a', '\u0000', 'e30.e30.e30', '...'),
)
const anyValue = fc.oneof(anyText, fc.double(), fc.integer(), fc.jsonValue())
const anyBody = fc.oneof(
  fc
    .dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 5 })), anyValue, { noNullPrototype: true })
    .map((body) => JSON.stringify(body)),
  fc.json(),
  fc.string(),
  anyText.map((text) => `{"access_token":${JSON.stringify(text)}}`),
)
const anyStatus = fc.oneof(
  { weight: 4, arbitrary: fc.constant(200) },
  fc.constantFrom(201, 400, 401, 403, 404, 408, 418, 422, 429, 500, 503),
)
const anyRetryAfter = fc.oneof(
  fc.constant(undefined),
  fc.integer().map(String),
  fc.constantFrom('1e9', '-1', 'soon', 'Fri, 31 Dec 9999 23:59:59 GMT'),
)
const anyAnswer = fc.record({ status: anyStatus, body: anyBody, retryAfter: anyRetryAfter })

type Answer = typeof anyAnswer extends fc.Arbitrary<infer T> ? T : never

const responseOf = ({ status, body, retryAfter }: Answer): Response =>
  new Response(body, { status, headers: retryAfter === undefined ? {} : { 'Retry-After': retryAfter } })

describe('T24: whatever a token server answers', () => {
  it('F8, F9: a login gives a session that can be used, or an AuthError and no session', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (answer) => {
        const wire = createWire(({ url }) =>
          url.pathname === '/login' ? responseOf(answer) : new Response(null, { status: 404 }),
        )
        const { client, events } = setUp({
          baseUrl: 'https://api.test',
          fetch: wire.fetch,
          refresh: { when: 'on-demand' },
        })
        const outcome: unknown = await client.login(FORM).catch((error: unknown) => error)

        if (client.state.status === 'authenticated') {
          expect(outcome).toBe(client.state)
          expect(await client.getAccessToken()).toMatch(/^[!-~]+$/)
          await client.fetch('https://api.test/todos')
          expect(wire.sent.at(-1)?.authorization).toMatch(/^Bearer [!-~]+$/)
          expect(JSON.stringify(events)).not.toContain('"isAdmin"')
        } else {
          expect(outcome).toMatchObject({ name: 'AuthError', code: expect.any(String) })
          expect(events).toEqual([])
        }
        client.dispose()
      }),
      { numRuns: 1000 },
    )
  })

  it('F8, F9: a refresh renews, ends the session by 400 or 401, or leaves it as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (answer) => {
        const wire = createWire(() => responseOf(answer))
        const { client, heard } = setUp({
          baseUrl: 'https://api.test',
          fetch: wire.fetch,
          refresh: { when: 'on-demand' },
        })
        await client.setTokens({ accessToken: 'first', refreshToken: 'r' })

        const outcome: unknown = await client.getAccessToken({ forceRefresh: true }).catch((error: unknown) => error)

        const isOver = client.state.status !== 'authenticated'
        if (isOver) expect([400, 401]).toContain(answer.status)
        expect(heard('logout')).toHaveLength(isOver ? 1 : 0)
        if (typeof outcome === 'string') expect(outcome).toMatch(/^[!-~]+$/)
        else expect(outcome).toMatchObject({ name: 'AuthError' })
        if (!isOver && typeof outcome !== 'string') expect(await client.getAccessToken()).toBe('first')
        const { retryAt } = outcome as { retryAt?: number }
        if (retryAt !== undefined) expect(retryAt - Date.now()).toBeLessThanOrEqual(300_000)
        client.dispose()
      }),
      { numRuns: 1000 },
    )
  })
})
