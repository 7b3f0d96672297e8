/**
 * The walks are worth what they catch. By hand, in a scratch copy of `src`, these bugs were planted one at a time; each
 * was found within 2,000 runs, the last within 20,000 (in brackets: failing runs in 2,000):
 *
 * - no compare-and-set when a renewal is committed (50) · no single flight (253)
 * - a 5xx of the refresh endpoint ends the session (40) · a late refusal ends another session (4)
 * - a renewal for the 401 of an old generation (27) · one for every 401 (26) · no pause after failures (48)
 * - waiters tied to the first caller's signal (14) · nobody tells waiters of a logout or dispose (31)
 * - no deadline over the body (45) · a silent storage is waited for (38) · a storage's error is passed on (62)
 * - a timer beyond 32 bits (119) · listeners unguarded inside the attempt (the first that throws)
 * - expiry by the wall clock alone (10) · by the monotonic clock alone (40) · `Retry-After` ignored (18)
 * - logout tells the server before it ends the session (123) · forgets the login under way (59)
 * - late tokens are not revoked (25) · an answer drops the refresh token it leaves out (75)
 * - a renewed session is not stored (15) · a refused answer's body in an error (87)
 * - dispose leaves the timer (514) · the page's listener (1809)
 * - no look at the session between the wait for a token and the sending (a race of a few microtasks)
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OneTab } from './one-tab.ts'
import { setting, steps } from './walks.ts'

const runs = Number(process.env.MODEL_RUNS ?? 2000)
// The same walks in each `npm test`; others in each soak.
const { MODEL_RUNS, MODEL_SEED = MODEL_RUNS ? undefined : '1' } = process.env
const seed = MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }

it('one tab keeps its promises whatever a person, server, clock, storage or network do, in any order', async () => {
  let [refreshes, ended] = [0, 0]
  await fc.assert(
    fc.asyncProperty(setting, steps, async (kind, list) => {
      const tab = new OneTab(kind)
      await tab.run(list)
      refreshes += tab.refreshCount
      ended += tab.hasEnded ? 1 : 0
    }),
    { numRuns: runs, ...seed },
  )
  // The walks lead somewhere.
  expect(refreshes).toBeGreaterThan(runs)
  expect(ended).toBeGreaterThan(runs / 5)
}, 3_600_000)

it('what leaves the page does not depend on what the page takes for the time of day', async () => {
  const offset = fc.constantFrom(-86_400_000, -7_200_000, -40_000, 40_000, 7_200_000, 86_400_000)
  await fc.assert(
    fc.asyncProperty(setting, steps, offset, async (kind, list, skew) => {
      fc.pre(kind.server.says !== 'exp') // then the server's clock is part of the answer
      const right = new OneTab({ ...kind, skew: 0 })
      const wrong = new OneTab({ ...kind, skew })
      await right.run(list)
      await wrong.run(list)
      expect(wrong.trace).toEqual(right.trace)
    }),
    { numRuns: runs / 10, ...seed },
  )
}, 3_600_000)
