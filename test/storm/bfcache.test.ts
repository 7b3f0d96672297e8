import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Look } from './pages/protocol.ts'
import { type Actor, growing, isReady, type Stage, until } from './stage.ts'
import { type Figures, inEachEngine } from './storm.ts'

/** Asks by the first tab, and navigates it away when the server has renewed but not answered. */
async function leaveInMidRefresh(stage: Stage): Promise<{ leaver: Actor; others: Actor[] }> {
  const [leaver, ...others] = stage.actors
  if (!leaver) throw new Error('There is no tab.')
  const { family } = stage.world
  await stage.begin('token', { minValidity: growing(1) - 10 }, [leaver])
  await until('the server renews', () => family.generation === 2)
  await leaver.act('leave')
  const whereabouts = (): Promise<string> =>
    leaver.tab.run(() => location.pathname, undefined).catch(() => 'on its way')
  await until('the page is left', async () => (await whereabouts()) === '/elsewhere')
  return { leaver, others }
}

/** Brings it back, and sends a request at once. */
async function comeBack(leaver: Actor, figures: Figures): Promise<{ answer: unknown; look: Look }> {
  await leaver.tab.back()
  await isReady(leaver)
  const answer = await leaver.act('request')
  await sleep(2000) // for whatever comes late
  const look = await leaver.look()
  figures['from the cache'] = look.pageshows.some(({ persisted }) => persisted) ? 'yes' : 'no, reloaded'
  return { answer, look }
}

const world = { lifetime: growing, latency: { refresh: 1000 }, grace: 30_000 }

inEachEngine({}, ({ engine, stage, storm }) => {
  const expectCached = (figures: Figures): void => {
    if (engine === 'chromium') expect(figures['from the cache']).toBe('yes')
  }

  storm(
    'back from the bfcache, a page uses the tokens of those who went on, and its late answer undoes nothing',
    async (figures) => {
      const set = await stage({ tabs: 3, world })
      const { family } = set.world
      const { leaver, others } = await leaveInMidRefresh(set)
      const since = Date.now()
      const first = await set.tokens({ minValidity: growing(1) - 10 }, others, 30_000)
      figures['others served after'] = `${Date.now() - since} ms`
      await set.tokens({ minValidity: growing(2) - 10 }, others, 30_000)
      const { calls, generation } = family
      const { answer, look } = await comeBack(leaver, figures)
      const tokens = await set.tokens()
      Object.assign(figures, { calls: family.calls, generations: generation - 1, reuses: family.reuses })
      expectCached(figures)
      expect(first.filter(({ token }) => token)).toHaveLength(2)
      expect(answer).toEqual({ status: 200 })
      expect(family.calls).toBe(calls)
      expect(look.state.status).toBe('authenticated')
      expect(new Set(tokens.map(({ token }) => token)).size).toBe(1)
      expect(tokens[0]?.token).toContain(`a.${family.id}.${generation}.`)
    },
  )

  storm(
    'back from the bfcache after a logout elsewhere, a page is signed out before its first request',
    async (figures) => {
      const set = await stage({ tabs: 3, world })
      const { family, requests } = set.world
      const { leaver, others } = await leaveInMidRefresh(set)
      await others[0]?.act('logout')
      const { look } = await comeBack(leaver, figures)
      const stored = await leaver.tab.run((key) => localStorage.getItem(key), set.world.name)
      Object.assign(figures, { 'requests with its token': requests.filter((each) => each.family === family.id).length })
      expectCached(figures)
      expect(requests.filter((each) => each.family === family.id)).toEqual([])
      expect(look.state.status).toBe('unauthenticated')
      expect(stored).toBeNull()
      expect((await set.looks(others)).map(({ state }) => state.status)).toEqual(Array(2).fill('unauthenticated'))
    },
  )

  storm(
    'back from the bfcache after another person signed in, a page never sends the token of the first',
    async (figures) => {
      const set = await stage({ tabs: 3, world })
      const { family, requests } = set.world
      const { leaver, others } = await leaveInMidRefresh(set)
      await others[0]?.act('login', 'bob')
      const { look } = await comeBack(leaver, figures)
      Object.assign(figures, { 'requests with its token': requests.filter((each) => each.family === family.id).length })
      expectCached(figures)
      expect(requests.filter((each) => each.family === family.id)).toEqual([])
      expect(look.user).toBe('bob')
      expect((await set.looks()).map(({ user }) => user)).toEqual(Array(3).fill('bob'))
      expect(await leaver.act('request')).toEqual({ status: 200 })
    },
  )
})
