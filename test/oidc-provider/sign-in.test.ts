import { expect } from 'vitest'
import { until } from '../storm/stage.ts'
import { inEachEngine } from './scenes.ts'

inEachEngine(({ engine, scene }) => {
  scene(
    'signs in at the login page and comes back to where the app wanted to be, by a clean address',
    async (stage) => {
      const world = await stage.world()
      const app = await stage.open(world)
      expect(await app.look()).toMatchObject({ state: { status: 'unauthenticated', reason: 'never' }, events: [] })

      await app.signIn('ann', { returnTo: '/todos?page=2#top' })
      const { href, state, outcomes, addresses, events, shown } = await app.look()
      expect(outcomes.start).toMatchObject({ value: { status: 'authenticated', returnTo: '/todos?page=2#top' } })
      expect(state.idClaims).toMatchObject({ sub: 'ann', aud: 'page' })
      expect(shown).toBe('authenticated')
      expect(events).toEqual([{ name: 'login', origin: 'this-tab', generation: 1 }])
      expect(href).toBe(`${world.site.origin}/callback`)
      expect(addresses[0]).toContain('code=')
      expect(addresses.slice(1)).not.toContainEqual(expect.stringContaining('code='))

      expect(await app.ask()).toBe(200)
      expect(world.api.calls.at(-1)).toMatchObject({ scheme: 'Bearer', status: 200 })
      expect(world.provider.grants('authorization_code')).toHaveLength(1)
      return undefined
    },
  )

  scene('sends PKCE with S256, state and nonce; by PAR the address shows none of it', async (stage) => {
    for (const par of ['required', 'missing'] as const) {
      const world = await stage.world({ par })
      const app = await stage.open(world)
      await app.signIn()
      expect((await app.look()).state.status).toBe('authenticated')
      const [authorize] = world.provider.calls('authorization')
      const asked = {
        code_challenge_method: 'S256',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        state: expect.stringMatching(/.{20}/),
        nonce: expect.stringMatching(/.{20}/),
      }
      if (par === 'required') {
        const [pushed] = world.provider.calls('pushed_authorization_request')
        expect(pushed).toMatchObject({ status: 201, params: asked })
        expect([...(authorize?.url.searchParams.keys() ?? [])].sort()).toEqual(['client_id', 'request_uri'])
      } else {
        expect(Object.fromEntries(authorize?.url.searchParams ?? [])).toMatchObject(asked)
      }
    }
    return 'with PAR and without'
  })

  scene('no key of the provider is fetched: the ID token comes straight from it', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    await app.token({ forceRefresh: true })
    expect((await app.look()).state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
    const fetched = world.provider.calls('jwks').filter(({ headers }) => headers.origin === world.site.origin)
    expect(fetched).toEqual([])
    expect(world.provider.calls('discovery')).toHaveLength(2) // each page for itself
    return undefined
  })

  scene('a reload restores the session, and asks nobody', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    const before = world.provider.calls('token').length
    const token = await app.token()
    await app.tab.goto(`${world.site.origin}/todos`)
    await app.ready()
    const { state, outcomes } = await app.look()
    expect(state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
    expect(outcomes.start?.value).not.toHaveProperty('returnTo')
    expect(await app.token()).toBe(token)
    expect(world.provider.calls('token')).toHaveLength(before)
    return undefined
  })

  scene('the address of the callback, opened again, exchanges no code a second time', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    const callback = (await app.look()).addresses[0] ?? ''
    await app.tab.goto(callback)
    await app.ready()
    const again = await app.look()
    expect(again.addresses[0]).toBe(callback)
    expect(again.href).not.toContain('code=')
    expect(again.state.status).toBe('authenticated')
    expect(again.outcomes.start).toMatchObject({ value: { status: 'authenticated' } })

    // In another tab it means nothing: the login was not begun there.
    const other = await stage.open(world, callback.slice(world.site.origin.length))
    const there = await other.look()
    expect(there.href).not.toContain('code=')
    expect(there.state.status).toBe('authenticated')
    expect(world.provider.grants('authorization_code')).toHaveLength(1)
    expect(await app.ask()).toBe(200)
    return there.outcomes.start?.code ? `the other tab is told ${there.outcomes.start.code}` : undefined
  })

  scene('the back button leads to no code and to no second exchange', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world, '/home')
    await app.signIn()
    if (engine === 'chromium') {
      const entries = await app.tab.run(
        () =>
          (window as unknown as { navigation: { entries(): { url: string }[] } }).navigation
            .entries()
            .map(({ url }) => url),
        undefined,
      )
      expect(entries.filter((url) => url?.includes('code='))).toEqual([])
    }
    const seen: string[] = []
    const isAt = async (): Promise<string> => app.tab.run(() => location.href, undefined).catch(() => '')
    for (let step = 0; step < 3; step += 1) {
      await app.tab.back()
      const href = await isAt()
      seen.push(href)
      if (href.endsWith('/home')) break
    }
    expect(seen.filter((href) => href.includes('code='))).toEqual([])
    expect(seen.at(-1)).toBe(`${world.site.origin}/home`)
    await app.see('the first page knows of the session', ({ state }) => state.status === 'authenticated')
    expect(await app.ask()).toBe(200)
    expect(world.provider.grants('authorization_code')).toHaveLength(1)
    return `${seen.length} steps back`
  })

  scene('who comes back from the login page by the back button can sign in again', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world, '/home')
    await app.leave()
    await app.atLogin()
    await app.tab.back()
    const back = await app.see('the app is there again', ({ href }) => href.endsWith('/home'))
    expect(back.state.status).toBe('unauthenticated')
    const isKept = await app.tab.run(() => 'isLeft' in window, undefined)
    if (isKept) await app.see('the login has ended', ({ outcomes }) => outcomes.login?.code === 'aborted')
    await app.signIn()
    expect((await app.look()).state.status).toBe('authenticated')
    return isKept ? 'from the back/forward cache' : 'loaded anew'
  })

  scene(
    'T17: while the code is exchanged no script finds code or verifier, and a reload exchanges nothing',
    async (stage) => {
      const world = await stage.world()
      const app = await stage.open(world)
      world.provider.behaviour.latency = { token: 4000 }
      await app.leave()
      await app.atLogin()
      await app.type()
      await until('the code is exchanged', () => world.provider.grants('authorization_code').length > 0)
      const found = await app.tab.run(
        () => JSON.stringify([location.href, history.state, { ...sessionStorage }, { ...localStorage }]),
        undefined,
      )
      const [exchange] = world.provider.grants('authorization_code')
      expect(exchange?.params).toMatchObject({ code: expect.any(String), code_verifier: expect.any(String) })
      expect(found).not.toContain(exchange?.params.code)
      expect(found).not.toContain(exchange?.params.code_verifier)

      await app.tab.goto(await app.tab.run(() => location.href, undefined))
      await app.ready()
      const { outcomes } = await app.look()
      expect(outcomes.start).toMatchObject({ value: { status: 'unauthenticated' } })
      expect(world.provider.grants('authorization_code')).toHaveLength(1)
      return undefined
    },
  )

  scene('T16: two tabs that sign in at the same time do not mix', async (stage) => {
    const world = await stage.world()
    const [first, second] = [await stage.open(world), await stage.open(world)]
    await first.leave({ returnTo: '/first' })
    await second.leave({ returnTo: '/second' })
    await first.atLogin()
    await second.atLogin()
    await second.type('ann')
    await second.ready()
    expect((await second.look()).outcomes.start).toMatchObject({ value: { returnTo: '/second' } })
    await first.type('ann')
    await first.ready()
    expect((await first.look()).outcomes.start).toMatchObject({ value: { returnTo: '/first' } })

    const grants = world.provider.grants('authorization_code')
    expect(grants.map(({ status }) => status)).toEqual([200, 200])
    expect(new Set(grants.map(({ params }) => params.code_verifier)).size).toBe(2)
    expect(await second.token()).toBe(await first.token())
    expect(world.provider.reuses()).toBe(0)
    return undefined
  })
})
