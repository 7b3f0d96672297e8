import { expect } from 'vitest'
import { TWO_FACTORS } from './provider-configuration.ts'
import { inEachEngine } from './scenes.ts'

inEachEngine(({ scene }) => {
  scene('steps up with `acr_values`: who is signed in signs in once more, with a second factor', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    expect((await app.look()).state.idClaims).not.toMatchObject({ acr: TWO_FACTORS })

    await app.signIn('ann', { returnTo: '/transfer', parameters: { acr_values: TWO_FACTORS } })
    const { state, outcomes } = await app.look()
    expect(state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann', acr: TWO_FACTORS } })
    expect(outcomes.start).toMatchObject({ value: { returnTo: '/transfer' } })

    // Asked again the provider is content, and shows no page.
    await app.leave({ parameters: { acr_values: TWO_FACTORS } })
    await app.ready()
    expect((await app.look()).state).toMatchObject({ status: 'authenticated', idClaims: { acr: TWO_FACTORS } })
    await app.token({ forceRefresh: true })
    expect((await app.look()).state.idClaims).toMatchObject({ acr: TWO_FACTORS })
    return undefined
  })

  scene('steps up with an essential claim, too', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: TWO_FACTORS } } })
    await app.leave({ parameters: { claims, acr_values: TWO_FACTORS } })
    await app.atLogin()
    await app.type()
    await app.ready()
    expect((await app.look()).state).toMatchObject({ idClaims: { acr: TWO_FACTORS } })
    return undefined
  })

  scene(
    'tells `login_required` where `prompt=none` finds nobody, and signs in silently where it finds somebody',
    async (stage) => {
      const world = await stage.world()
      const app = await stage.open(world)
      await app.leave({ returnTo: '/silent', parameters: { prompt: 'none' } })
      await app.ready()
      const refused = await app.look()
      expect(refused.outcomes.start).toEqual({ code: 'login_required', oauthError: 'login_required' })
      expect(refused.state).toMatchObject({ status: 'unauthenticated' })
      expect(refused.href).toBe(`${world.site.origin}/callback`)

      await app.signIn()
      await app.leave({ returnTo: '/silent', parameters: { prompt: 'none' } })
      await app.ready()
      const found = await app.look()
      expect(found.outcomes.start).toMatchObject({ value: { status: 'authenticated', returnTo: '/silent' } })
      return undefined
    },
  )

  scene(
    'tells `access_denied` where the person cancels, with a clean address; the next try signs in',
    async (stage) => {
      const world = await stage.world()
      const app = await stage.open(world)
      await app.leave()
      await app.atLogin()
      await app.press('cancel')
      await app.ready()
      const { outcomes, state, href, events } = await app.look()
      expect(outcomes.start).toMatchObject({ code: 'invalid_credentials', oauthError: 'access_denied' })
      expect(state).toMatchObject({ status: 'unauthenticated', reason: 'never' })
      expect(href).toBe(`${world.site.origin}/callback`)
      expect(events).toEqual([])
      expect(world.provider.calls('token')).toEqual([])

      await app.signIn()
      expect((await app.look()).state.status).toBe('authenticated')
      return undefined
    },
  )

  scene('who is signed in and cancels a step-up stays signed in', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    await app.leave({ parameters: { acr_values: TWO_FACTORS } })
    await app.atLogin()
    await app.press('cancel')
    await app.ready()
    const { outcomes, state } = await app.look()
    expect(outcomes.start).toMatchObject({ oauthError: 'access_denied' })
    expect(state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
    expect(await app.ask()).toBe(200)
    return undefined
  })

  scene('hands `login_hint` on, and takes the name that the person types', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.leave({ parameters: { login_hint: 'bob' } })
    await app.atLogin()
    expect(
      await app.tab.run(() => document.querySelector<HTMLInputElement>('input[name=name]')?.value, undefined),
    ).toBe('bob')
    await app.type('eve')
    await app.ready()
    expect((await app.look()).state.idClaims).toMatchObject({ sub: 'eve' })
    return undefined
  })

  scene('asks the userinfo endpoint who it is, once a sign-in', async (stage) => {
    const world = await stage.world({ jwt: false, userinfo: true })
    const app = await stage.open(world)
    await app.signIn('bob')
    expect((await app.look()).state.user).toEqual({ sub: 'bob', name: 'Bob' })
    await app.tab.goto(world.site.origin)
    await app.ready()
    expect((await app.look()).state.user).toEqual({ sub: 'bob', name: 'Bob' })
    expect(world.provider.calls('userinfo').map(({ status }) => status)).toEqual([200])
    expect(await app.ask()).toBe(200)
    return undefined
  })
})
