import { expect } from 'vitest'
import { inEachEngine } from './scenes.ts'

inEachEngine(({ scene }) => {
  scene(
    'signs out here, at the provider and in the other tabs, and comes back to where the app wanted to be',
    async (stage) => {
      const world = await stage.world()
      const app = await stage.open(world)
      await app.signIn()
      const other = await stage.open(world)
      await app.token({ forceRefresh: true })
      const accessToken = await app.token()
      const [exchange] = world.provider.grants('authorization_code')

      await app.signOut({ returnTo: '/goodbye' })
      await app.atLogout()
      const [revocation] = world.provider.calls('revocation')
      expect(revocation?.status).toBe(200)
      // Dead before anybody has confirmed anything.
      expect(await spend(world.provider.issuer, String(revocation?.params.token))).toBe('invalid_grant')
      const there = await other.see('the other tab is signed out', ({ state }) => state.status === 'unauthenticated')
      expect(there.state.reason).toBe('logout')
      expect(there.events.at(-1)).toMatchObject({ name: 'logout', reason: 'logout', origin: 'other-tab' })

      await app.press('sign-out')
      await app.ready()
      const { outcomes, state, href, events } = await app.look()
      expect(outcomes.start).toEqual({ value: { status: 'unauthenticated', reason: 'never', returnTo: '/goodbye' } })
      expect(state.status).toBe('unauthenticated')
      expect(href).toBe(`${world.site.origin}/signed-out`)
      expect(events).toEqual([])
      expect(exchange?.status).toBe(200)

      const [end] = world.provider.calls('end_session')
      const asked = Object.fromEntries(end?.url.searchParams ?? [])
      expect(asked).toMatchObject({
        client_id: 'page',
        post_logout_redirect_uri: `${world.site.origin}/signed-out`,
        state: expect.stringMatching(/.{20}/),
        id_token_hint: expect.stringMatching(/^eyJ/),
      })
      expect(JSON.stringify(asked)).not.toContain(accessToken)

      // The provider has forgotten the person as well: it asks again.
      await app.signIn('bob')
      expect((await app.look()).state.idClaims).toMatchObject({ sub: 'bob' })
      return undefined
    },
  )

  scene(
    'nothing of the session is left in this browser, and the address of the way back means nothing again',
    async (stage) => {
      const world = await stage.world()
      const app = await stage.open(world)
      await app.signIn()
      await app.signOut({ returnTo: '/goodbye' })
      await app.atLogout()
      await app.press('sign-out')
      await app.ready()
      const back = (await app.look()).addresses[0] ?? ''
      expect(back).toContain('state=')
      const left = await app.tab.run(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]), undefined)
      expect(left).not.toMatch(/eyJ|verifier|refreshToken/)

      for (const address of [back, `${world.site.origin}/signed-out?state=guessed`]) {
        await app.tab.goto(address)
        await app.ready()
        const { outcomes } = await app.look()
        expect(outcomes.start).toMatchObject({ value: { status: 'unauthenticated' } })
        expect(outcomes.start?.value).not.toHaveProperty('returnTo')
      }
      return undefined
    },
  )

  scene('who says no at the sign-out page of the provider is signed out of the app all the same', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    await app.signOut()
    await app.atLogout()
    await app.tab.goto(world.site.origin)
    await app.ready()
    expect((await app.look()).state.status).toBe('unauthenticated')

    // The session of the provider goes on: no password is asked for.
    await app.leave()
    await app.ready()
    expect((await app.look()).state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
    return undefined
  })

  scene('a provider that does not answer keeps nobody from signing out', async (stage) => {
    const world = await stage.world()
    const app = await stage.open(world)
    await app.signIn()
    world.provider.behaviour.latency = { revocation: 10_000 }
    const since = Date.now()
    await app.signOut({ returnTo: '/goodbye' })
    await app.atLogout()
    expect(Date.now() - since).toBeLessThan(8000)
    return undefined
  })
})

/** What the provider says to a refresh token. */
async function spend(issuer: string, token: string): Promise<string | undefined> {
  const body = new URLSearchParams({ client_id: 'page', grant_type: 'refresh_token', refresh_token: token })
  const response = await fetch(`${issuer}/token`, { method: 'POST', body })
  const { error } = (await response.json()) as { error?: string }
  return error
}
