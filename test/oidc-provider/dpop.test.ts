import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import type { AppTab, Look } from './app-tab.ts'
import { TWO_FACTORS } from './provider-configuration.ts'
import { inEachEngine } from './scenes.ts'
import { visitor } from './visitor.ts'
import type { World } from './world.ts'

/** No request has fallen back to Bearer, and no proof was sent twice. */
function expectProofs({ api, provider }: World): void {
  const carriers = api.calls.filter(({ scheme }) => scheme)
  expect(carriers.filter(({ scheme, proof }) => scheme !== 'DPoP' || !proof)).toEqual([])
  expect(new Set(carriers.map(({ proof }) => proof?.jti)).size).toBe(carriers.length)
  expect(provider.calls('token').filter(({ headers }) => !headers.dpop)).toEqual([])
}

/** The key that a token is bound to. */
const keyOf = (token: string): unknown => (decodeJwt(token).cnf as { jkt?: string } | undefined)?.jkt

/** All keys in the databases of the page, as far as a script can get at them. */
function lootKeys(tab: AppTab['tab']): Promise<string[]> {
  return tab.run(async () => {
    const wait = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const loot: string[] = []
    const look = async (value: unknown): Promise<void> => {
      if (value instanceof CryptoKey) {
        const exported = await Promise.all(
          (['jwk', 'pkcs8', 'raw'] as const).map((format) =>
            crypto.subtle.exportKey(format, value).then(
              () => 'exported',
              (error) => error.name,
            ),
          ),
        )
        loot.push(`${value.type}: ${value.type === 'private' ? [...new Set(exported)].join() : 'is public'}`)
      } else if (value && typeof value === 'object') {
        for (const each of Object.values(value)) await look(each)
      }
    }
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await wait(indexedDB.open(name))
      for (const store of database.objectStoreNames) {
        const values = await wait(database.transaction(store).objectStore(store).getAll())
        for (const value of values) {
          await look(value)
          // What the structured clone of a key pair keeps may be no plain object.
          await look([value.privateKey, value.publicKey])
        }
      }
      database.close()
    }
    return [...new Set(loot)].sort()
  }, undefined)
}

/** Empties all databases whose name has `part` in it. */
function wipe(tab: AppTab['tab'], part = ''): Promise<string[]> {
  return tab.run(async (wanted) => {
    const names = (await indexedDB.databases()).map(({ name = '' }) => name).filter((name) => name.includes(wanted))
    for (const name of names) {
      await new Promise((resolve, reject) => {
        const request = indexedDB.open(name)
        request.onerror = reject
        request.onsuccess = () => {
          const database = request.result
          const stores = [...database.objectStoreNames]
          const transaction = database.transaction(stores, 'readwrite')
          for (const store of stores) transaction.objectStore(store).clear()
          transaction.onerror = reject
          transaction.oncomplete = () => {
            database.close()
            resolve(undefined)
          }
        }
      })
    }
    return names
  }, part)
}

/** Signed out as `revoked`, and told so once. */
async function expectRevoked(app: AppTab): Promise<Look> {
  const look = await app.see('it is signed out', ({ state }) => state.status === 'unauthenticated')
  expect(look.state.reason).toBe('revoked')
  expect(look.events.filter(({ name }) => name === 'logout')).toMatchObject([{ reason: 'revoked' }])
  return look
}

/** Signs in again, at a provider that knows the person; nothing has been sent without a proof. */
async function expectNewKey(app: AppTab, world: World): Promise<void> {
  await app.leave()
  await app.ready()
  expect(await app.ask()).toBe(200)
  expectProofs(world)
}

inEachEngine(({ scene }) => {
  scene(
    'T19, F33: proofs at sign-in, API and refresh; a nonce costs one more request, never a refresh',
    async (stage) => {
      const world = await stage.world({ dpop: true })
      const app = await stage.open(world)
      await app.signIn()
      expect((await app.look()).state.status).toBe('authenticated')
      const exchange = world.provider.grants('authorization_code')
      expect(exchange.map(({ error }) => error)).toEqual(['use_dpop_nonce', undefined])
      expect(new Set(exchange.map(({ params }) => params.code)).size).toBe(1)

      expect(await app.ask()).toBe(200)
      expect(world.api.calls.map(({ error }) => error)).toEqual(['use_dpop_nonce', undefined])
      expect(await app.ask('/todos?page=2', { method: 'POST', body: '{}' })).toBe(200)
      world.api.changeNonce()
      expect(await app.ask()).toBe(200)
      expect(world.api.calls.map(({ status }) => status)).toEqual([401, 200, 200, 401, 200])
      expect(world.provider.grants('refresh_token')).toEqual([])

      const before = await app.token()
      const after = await app.token({ forceRefresh: true })
      expect(after).not.toBe(before)
      expect(keyOf(after)).toBe(keyOf(before))
      expect(await app.ask()).toBe(200)
      expect(world.provider.grants('refresh_token').map(({ status }) => status)).toEqual([200])
      expectProofs(world)
      return undefined
    },
  )

  scene('T19: a stolen token is worthless without the key, and so is a stolen refresh token', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    expect(await app.ask()).toBe(200)
    const token = await app.token()
    const loot = await app.tab.run(
      () => Object.values({ ...localStorage }).flatMap((record) => Object.values(JSON.parse(String(record)))),
      undefined,
    )
    expect(loot).toContain(token)

    const url = `${world.api.origin}/me`
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
    expect((await fetch(url, { headers: { authorization: `DPoP ${token}` } })).status).toBe(401)
    const thief = await visitor(world, { dpop: true })
    expect(await thief.askApi(token)).toBe(401)
    for (const each of loot.filter((value) => typeof value === 'string'))
      await expect(thief.refresh(each)).rejects.toMatchObject({ error: 'invalid_grant' })

    expect(await app.ask()).toBe(200)
    await app.token({ forceRefresh: true })
    expect(loot).toContain(world.provider.grants('refresh_token').at(-1)?.params.refresh_token)
    expect((await app.look()).state.status).toBe('authenticated')
    return undefined
  })

  scene('T19: no script can export the key', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    const loot = await lootKeys(app.tab)
    expect(loot).toEqual(['private: InvalidAccessError', 'public: is public'])
    return undefined
  })

  scene('all tabs prove with one key, after a reload too; five renew once a generation', async (stage) => {
    const world = await stage.world({ dpop: true })
    const first = await stage.open(world)
    await first.signIn()
    const all = [first]
    while (all.length < 5) all.push(await stage.open(world))
    for (const round of [1, 2, 3]) {
      world.provider.behaviour.lifetime = (round + 1) * 600
      const at = Date.now() + 300
      for (const app of all) await app.tokenAt(at, { minValidity: round * 600_000 - 10 })
      for (const app of all) await app.see('there is a token', ({ outcomes }) => outcomes.token !== undefined)
      const good = world.provider.grants('refresh_token').filter(({ status }) => status === 200)
      expect(good).toHaveLength(round)
    }
    expect(world.provider.reuses()).toBe(0)
    const tokens = await Promise.all(all.map((app) => app.token()))
    expect(new Set(tokens).size).toBe(1)
    expect(await Promise.all(all.map((app) => app.ask()))).toEqual(Array(5).fill(200))
    await first.tab.goto(world.site.origin)
    await first.ready()
    const afterReload = await first.ask()
    expect(afterReload).toBe(200)
    expect(keyOf(await first.token({ forceRefresh: true }))).toBe(keyOf(tokens[0] ?? ''))
    expectProofs(world)
    return '3 generations, 3 calls'
  })

  scene('a step up has a key of its own, and the other tabs go on with it', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    const other = await stage.open(world)
    expect(await other.ask()).toBe(200)
    const before = await app.token()
    await app.signIn('ann', { parameters: { acr_values: TWO_FACTORS } })
    const token = await app.token()
    expect(keyOf(token)).not.toBe(keyOf(before))
    await other.see('the other tab knows', ({ state }) => state.idClaims?.acr === TWO_FACTORS)
    expect(await other.token()).toBe(token)
    expect(await Promise.all([app.ask(), other.ask()])).toEqual([200, 200])
    await other.token({ forceRefresh: true })
    expect(await Promise.all([app.ask(), other.ask()])).toEqual([200, 200])
    expectProofs(world)
    return undefined
  })

  scene('proves at the userinfo endpoint, too', async (stage) => {
    const world = await stage.world({ dpop: true, jwt: false, userinfo: true })
    const app = await stage.open(world)
    await app.signIn('bob')
    const { user } = (await app.see('the user is known', ({ state }) => state.user !== undefined)).state
    expect(user).toEqual({ sub: 'bob', name: 'Bob' })
    const calls = world.provider.calls('userinfo')
    expect(calls.at(-1)).toMatchObject({ status: 200, headers: { authorization: expect.stringMatching(/^DPoP /) } })
    expect(calls.length).toBeLessThanOrEqual(2)
    expect(await app.ask()).toBe(200)
    return undefined
  })

  scene('T2: a request with a proof follows no redirect', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    const outcome = await app.ask(`/moved?to=${encodeURIComponent(`${world.foreign.origin}/collect`)}`)
    expect(outcome).toEqual(expect.any(String))
    expect(world.api.calls.at(-1)).toMatchObject({ path: '/moved', scheme: 'DPoP', status: 302 })
    expect(world.foreign.visits).toEqual([])
    expect((await app.look()).state.status).toBe('authenticated')
    return undefined
  })

  scene('F47: an open page whose key is gone ends the session at the next refresh, in all tabs', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    const other = await stage.open(world)
    expect(await wipe(app.tab, 'dpop')).toHaveLength(1)
    await app.tokenAt(0, { forceRefresh: true })
    await app.see('it is told', ({ outcomes }) => outcomes.token?.code === 'login_required')
    const { events } = await expectRevoked(app)
    expect(events.at(-1)).toMatchObject({ name: 'logout', code: 'key_lost', origin: 'this-tab' })
    expect((await expectRevoked(other)).events.at(-1)).toMatchObject({ name: 'logout', origin: 'other-tab' })
    expect(world.provider.grants('refresh_token')).toEqual([])
    await expectNewKey(app, world)
    return undefined
  })

  scene('F47: a page that is opened after its key is gone ends the session at the next request', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    await app.tab.goto(`${world.site.origin}/elsewhere`)
    await wipe(app.tab, 'dpop')
    await app.tab.goto(world.site.origin)
    await app.ready()
    const outcome = await app.ask()
    const { events } = await expectRevoked(app)
    expect(events.at(-1)).toMatchObject({ name: 'logout', code: 'key_lost' })
    expect(world.api.calls).toEqual([])
    await expectNewKey(app, world)
    return `the request is told ${outcome}`
  })

  scene(
    'F47: a browser that has lost all its databases is signed out cleanly, and can sign in again',
    async (stage) => {
      const world = await stage.world({ dpop: true })
      const app = await stage.open(world)
      await app.signIn()
      await app.tab.goto(`${world.site.origin}/elsewhere`)
      await wipe(app.tab)
      await app.tab.goto(world.site.origin)
      await app.ready()
      await app.tokenAt(0, { forceRefresh: true })
      await app.see('it is told', ({ outcomes }) => outcomes.token?.code === 'login_required')
      const { events } = await expectRevoked(app)
      expect(events.at(-1)).toMatchObject({ name: 'logout', code: 'key_lost' })
      expect(world.provider.grants('refresh_token')).toEqual([])
      await expectNewKey(app, world)
      return undefined
    },
  )

  scene('T19: a sign-out destroys the key, and the next session has another', async (stage) => {
    const world = await stage.world({ dpop: true })
    const app = await stage.open(world)
    await app.signIn()
    const before = keyOf(await app.token())
    await app.signOut()
    await app.atLogout()
    await app.press('sign-out')
    await app.ready()
    expect(await lootKeys(app.tab)).toEqual([])
    await app.signIn()
    expect(keyOf(await app.token())).not.toBe(before)
    return undefined
  })
})
