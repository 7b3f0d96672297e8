import fc from 'fast-check'
import { mockAuthServer } from 'latchkey/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { BASE, call, JOHN, post, renew } from './scene.ts'

const RUNS = Number(process.env.MODEL_RUNS ?? 300)
const SECOND = 1000
const LIFETIME = 60 * SECOND
const REFRESH_LIFETIME = 300 * SECOND

/** What a test knows of a session, by what the server said. */
interface Session {
  readonly username: string
  isOver: boolean
  readonly tokens: {
    readonly access: unknown
    readonly refresh: unknown
    readonly at: number
    spentAt?: number
    isStale: boolean
  }[]
}

type Step =
  | { readonly does: 'login'; readonly who: 0 | 1 }
  | { readonly does: 'refresh' | 'ask' | 'logout'; readonly session: number; readonly token: number }
  | { readonly does: 'revoke'; readonly who: 0 | 1 }
  | { readonly does: 'expire' }
  | { readonly does: 'lose' }
  | { readonly does: 'wait'; readonly seconds: number }

const NAMES = ['johndoe', 'admin'] as const
const who = fc.constantFrom<0 | 1>(0, 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('login' as const), who }),
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom('refresh' as const, 'ask' as const),
      session: fc.nat(5),
      token: fc.nat(4),
    }),
  },
  fc.record({ does: fc.constant('logout' as const), session: fc.nat(5), token: fc.nat(4) }),
  fc.record({ does: fc.constant('revoke' as const), who }),
  fc.record({ does: fc.constant('expire' as const) }),
  fc.record({ does: fc.constant('lose' as const) }),
  fc.record({ does: fc.constant('wait' as const), seconds: fc.constantFrom(1, 5, 30, 60, 299) }),
)

it('whatever happens in whatever order: a spent token buys nothing, an ended session stays so, and nobody becomes another', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
  onTestFinished(() => void vi.useRealTimers())
  const grace = fc.constantFrom(0, 5 * SECOND)
  await fc.assert(fc.asyncProperty(grace, fc.array(step, { minLength: 5, maxLength: 40 }), walk), { numRuns: RUNS })
})

async function walk(grace: number, steps: readonly Step[]): Promise<void> {
  let count = 0
  const createAccessToken = (): string => `token ${++count}`
  const server = mockAuthServer({
    baseUrl: BASE,
    lifetime: LIFETIME,
    refreshLifetime: REFRESH_LIFETIME,
    grace,
    createAccessToken,
  })
  const sessions: Session[] = []
  for (const each of steps) {
    if (each.does === 'wait') vi.setSystemTime(Date.now() + each.seconds * SECOND)
    else if (each.does === 'login') {
      const username = NAMES[each.who]
      const { status, body } = await post(server, 'login', { ...JOHN, username })
      expect(status).toBe(200)
      const first = { access: body.access_token, refresh: body.refresh_token, at: Date.now(), isStale: false }
      sessions.push({ username, isOver: false, tokens: [first] })
    } else if (each.does === 'revoke') {
      server.revoke(NAMES[each.who])
      for (const session of sessions) if (session.username === NAMES[each.who]) session.isOver = true
    } else if (each.does === 'expire') {
      server.expireAccessTokens()
      for (const token of sessions.flatMap(({ tokens }) => tokens)) token.isStale = true
    } else if (each.does === 'lose') server.fail('refresh', 'lost-answer')
    else await act(server, grace, sessions, each)
  }
  for (const session of sessions) for (const token of session.tokens) await ask(server, session, token)
}

async function act(
  server: ReturnType<typeof mockAuthServer>,
  grace: number,
  sessions: readonly Session[],
  { does, session: index, token: which }: Extract<Step, { session: number }>,
): Promise<void> {
  const session = sessions[index % Math.max(1, sessions.length)]
  const token = session?.tokens[which % session.tokens.length]
  if (!session || !token) return
  if (does === 'ask') return ask(server, session, token)
  if (does === 'logout') {
    expect((await post(server, 'logout', { refresh_token: token.refresh })).status).toBe(204)
    session.isOver = true
    return
  }
  const isOld = Date.now() >= token.at + REFRESH_LIFETIME
  const isReuse = token.spentAt !== undefined && Date.now() - token.spentAt >= grace
  const answer = await renew(server, token.refresh).catch(() => undefined)
  const wasOver = session.isOver
  if (!wasOver && !isOld && isReuse) session.isOver = true
  const isGood = !wasOver && !isOld && !isReuse
  if (isGood) token.spentAt ??= Date.now()
  if (!answer) return
  expect(answer.status).toBe(isGood ? 200 : 401)
  if (!isGood) return
  const { access_token: access, refresh_token: refresh } = answer.body
  expect(session.tokens.some((known) => known.refresh === refresh)).toBe(false)
  session.tokens.push({ access, refresh, at: Date.now(), isStale: false })
}

async function ask(
  server: ReturnType<typeof mockAuthServer>,
  session: Session,
  token: Session['tokens'][number],
): Promise<void> {
  const isGood = !session.isOver && !token.isStale && Date.now() < token.at + LIFETIME
  const { status, body } = await call(server, 'todos', { token: token.access })
  expect(status).toBe(isGood ? 200 : 401)
  if (isGood) expect(body.username).toBe(session.username)
}
