import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { until } from './stage.ts'
import { inEachEngine } from './storm.ts'

const promise =
  'offline through the end of their token, tabs stay signed in, and renew with one call once they are online'

inEachEngine({}, ({ engine, house, stage, storm, notRun }) => {
  if (engine === 'webkit') {
    notRun(promise, 'its driver cannot take the network away')
    return
  }
  storm(promise, async (figures) => {
    const lifetime = (generation: number): number => (generation === 1 ? 4000 : 600_000)
    const set = await stage({ tabs: 4, world: { lifetime }, page: { when: 'always', timeout: 3000, before: 500 } })
    const { family } = set.world
    const { setOffline } = await house().engine()
    await setOffline?.(true)
    await sleep(7000)
    const away = await set.looks()
    expect(family.calls).toBe(0)
    await setOffline?.(false)
    const since = Date.now()
    await until('the server renews', () => family.calls > 0, 20_000)
    figures['renewed after'] = `${Date.now() - since} ms`
    await until('all tabs have the new token', async () =>
      (await set.looks()).every(({ state }) => state.freshness === 'fresh'),
    )
    const tokens = await set.tokens()
    await sleep(1000)
    const looks = await set.looks()
    Object.assign(figures, { calls: family.calls, reuses: family.reuses })
    expect(away.map(({ state }) => state.status)).toEqual(Array(4).fill('authenticated'))
    expect(looks.flatMap(({ events }) => events.filter(({ name }) => name === 'logout'))).toEqual([])
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1)
    expect(family.calls).toBe(1)
  })
})
