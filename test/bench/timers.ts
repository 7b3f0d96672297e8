/** How often a signed-in page is woken in a day: once for each renewal, and for nothing else. */
import { createPage, FaultyStorage, seeded, VirtualTime } from '../model/virtual.ts'
import { loadLatchkey, report } from './latchkey.ts'

const { AuthClient } = await loadLatchkey()

const DAY = 86_400_000
const LIFETIME = 300

const time = new VirtualTime()
const page = createPage(time, seeded(1), new FaultyStorage(time, false))
let generations = 0
const auth = new AuthClient({
  baseUrl: 'https://api.example.com',
  environment: page.environment,
  fetch: async () => {
    generations += 1
    return Response.json({ access_token: `token-${generations}`, refresh_token: 'refresh', expires_in: LIFETIME })
  },
})
await auth.login({})
await time.advance(DAY)
const callbacks = page.callbackCount
auth.dispose()

report(
  'A signed-in day, tokens of 5 minutes',
  [
    ['', 'count'],
    ['generations after the first', String(generations - 1)],
    ['timer callbacks', String(callbacks)],
    ['timers left after dispose()', String(page.timerCount)],
  ],
  {
    'every callback renews': callbacks === generations - 1,
    'about 340 renewals': generations > 320 && generations < 370,
    'no timer is left': page.timerCount === 0,
  },
)
