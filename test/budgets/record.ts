/** What the storage holds beyond the tokens and the user. */
import { setImmediate } from 'node:timers/promises'
import type { TokenResponse } from 'latchkey'
import { load } from '../package/bundle.ts'
import { jwt } from '../support/jwt.ts'
import { hold } from './budget.ts'

const { AuthClient, jsonBackend } = await load<typeof import('latchkey/core')>(
  `export { AuthClient, jsonBackend } from 'latchkey/core'`,
)
const baseUrl = 'https://api.example.com'
const BAR = 160
/** Ids are random, and may differ in length. */
const SIGN_INS = 300

const now = Math.floor(Date.now() / 1000)
const token = (lifetime: number, iat = now): string => jwt({ sub: '1', iat, exp: iat + lifetime })
const user = { id: 1, name: 'John Doe', email: 'john@example.com' }
const jwts = { accessToken: token(3600), refreshToken: token(86_400), user }
const opaque = { accessToken: 'a'.repeat(40), lifetime: 3_600_000, user }

/** The most bytes beside tokens and user that any of many sign-ins leaves in the storage, the mark of cookie mode included. */
async function beyond(refreshVia: 'body' | 'cookie', tokens: TokenResponse): Promise<number> {
  const items = new Map<string, string>()
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key),
  }
  const backend = jsonBackend({ baseUrl, refreshVia })
  const client = new AuthClient({
    baseUrl,
    backend,
    storage,
    environment: { ledger: undefined, locks: undefined, marks: storage },
  })
  const secrets = [tokens.accessToken, tokens.refreshToken, tokens.idToken, JSON.stringify(tokens.user)]
  let most = 0
  for (let count = 0; count < SIGN_INS; count += 1) {
    await client.setTokens(tokens)
    while (!items.has('latchkey')) await setImmediate()
    const text = [...items.values()].join('')
    const rest = secrets.reduce((left: string, secret) => (secret ? left.replace(secret, '') : left), text)
    most = Math.max(most, Buffer.byteLength(rest))
    items.delete('latchkey')
  }
  client.dispose()
  return most
}

const cases: Record<string, [refreshVia: 'body' | 'cookie', tokens: TokenResponse]> = {
  'body mode, opaque tokens': ['body', { ...opaque, refreshToken: 'r'.repeat(40) }],
  'body mode, JWT': ['body', jwts],
  'body mode, JWT, ID token': ['body', { ...jwts, idToken: token(60) }],
  'cookie mode, opaque tokens': ['cookie', opaque],
  'cookie mode, JWT': ['cookie', { accessToken: token(3600), user }],
}
const rows = []
for (const [what, [refreshVia, tokens]] of Object.entries(cases)) {
  rows.push({
    what,
    reached: await beyond(refreshVia, tokens),
    budget: 160,
    bar: BAR,
    unit: 'B',
  })
}
const wrongClock = await beyond('body', { ...jwts, accessToken: token(3600, now + 7200) })
hold(`The most that one of ${SIGN_INS} sign-ins stores beyond tokens and user`, [
  ...rows,
  { what: 'body mode, JWT, a clock that is two hours slow', reached: wrongClock, budget: 165, bar: BAR, unit: 'B' },
])
