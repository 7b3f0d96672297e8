import { dpop } from 'latchkey/oidc'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { settle, watch } from '../support/clock.ts'
import { createScene, outcomeOf, until } from './scene.ts'

const forced = { forceRefresh: true }

describe('a clock that goes wrong while somebody is signed in', () => {
  it('F17: by hours costs nothing, though renewed ID tokens look expired', async () => {
    const { signIn, provider } = await createScene()
    const page = await signIn()
    const now = Date.now
    provider.lie({ idToken: (claims) => ({ ...claims, iat: now() / 1000, exp: now() / 1000 + 300 }) })
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 7_200_000)

    const renewals = [
      await outcomeOf(page.client.getAccessToken(forced)),
      await outcomeOf(page.client.getAccessToken(forced)),
    ]
    clock.mockRestore()

    expect(renewals.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(page.heard('logout')).toEqual([])
  })
})

describe('two clients with one provider and client id', () => {
  it('do not take each other’s answers: each has its `storageKey`', async () => {
    const { open, leave, provider, goTo } = await createScene()
    const clients = () =>
      ['a', 'b'].map((storageKey) => open({ storageKey, oidc: { parameters: { audience: storageKey } } }))
    const [, leaving] = clients()
    goTo(provider.authorize(await leave(leaving as NonNullable<typeof leaving>)))

    const pages = clients()
    await Promise.all(pages.map(({ client }) => client.start()))

    expect(pages.map(({ client }) => client.state.status)).toEqual(['unauthenticated', 'authenticated'])
    expect(provider.to('token')).toHaveLength(1)
  })
})

describe('a page that is not quite where it was to be', () => {
  it('hands a popup’s answer over, though the server has added a slash to the address', async () => {
    const { goTo, open } = await createScene()
    goTo('/callback/?code=x&state=popup.zzz')
    const heard: unknown[] = []
    const line = new BroadcastChannel('popup.zzz')
    line.onmessage = ({ data }) => heard.push(data)

    await outcomeOf(open().client.start())
    await settle(20)
    line.close()

    expect(new Set(heard)).toEqual(new Set(['code=x&state=popup.zzz']))
    expect(location.search).toBe('')
  })

  it('starts where the address has no paths, as in a frame by `srcdoc`', async () => {
    const { open } = await createScene()
    const href = vi.spyOn(location, 'href', 'get').mockReturnValue('blob:http://localhost:3000/abc')

    const { status } = await outcomeOf(open().client.start())
    href.mockRestore()

    expect(status).toBe('fulfilled')
  })

  it('stays where sign-outs lead back to, when the answer to one comes again by the back button', async () => {
    const { signIn, left, provider, goTo, open } = await createScene({ oidc: { postLogoutRedirectUri: '/goodbye' } })
    const page = await signIn()
    const before = left().length
    void page.client.logout()
    await until(() => left().length > before)
    const back = provider.signOut(left().at(-1) as URL)

    for (const _ of ['first', 'again']) {
      goTo(back)
      const next = open()
      await next.client.start()
      next.client.dispose()
      expect(location.href).toBe(new URL('/goodbye', location.href).href)
    }
  })
})

describe('an error without a `state`', () => {
  it('is no answer to anything, and says so: an app that signs in again by itself would go round for ever', async () => {
    const { goTo, open } = await createScene()
    goTo('/callback?error=access_denied')

    const { error } = await outcomeOf(open().client.start())

    expect(error).toMatchObject({ code: 'login_required' })
    expect(error).not.toHaveProperty('oauthError')
    expect(location.search).toBe('')
  })

  it('is left alone on every other page', async () => {
    const { goTo, open } = await createScene()
    goTo('/shop?error=sold-out')

    expect(await open().client.start()).toHaveProperty('status', 'unauthenticated')

    expect(location.search).toBe('?error=sold-out')
  })
})

describe('tokens that come too late', () => {
  it.each([
    ['are not revoked where the same person has signed in again: that may end the new session, too', 'ada', 0],
    ['are revoked where somebody else has', 'eve', 1],
  ])('%s', async (_, sub, revocations) => {
    const { signIn, leave, provider, goTo, open } = await createScene()
    const first = await signIn()
    const gate = Promise.withResolvers<void>()
    let isSlow = false
    const slow: typeof globalThis.fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init)
      if (isSlow && String(input).endsWith('/token')) await gate.promise
      return response
    }
    const other = open({ fetch: slow })
    await other.client.start()
    const url = await leave(first, { parameters: { acr_values: 'gold' } })
    first.client.dispose()
    isSlow = true
    const late = watch(other.client.getAccessToken(forced))
    await until(() => provider.to('token').length === 2)
    await settle(30)

    provider.lie({ idToken: (claims) => ({ ...claims, sub }) })
    goTo(provider.authorize(url))
    const back = open()
    await back.client.start()
    gate.resolve()
    await until(() => late.status !== 'pending')
    await settle(100)

    expect(back.client.state).toMatchObject({ status: 'authenticated', idClaims: { sub } })
    expect(provider.to('revocation')).toHaveLength(revocations)
  })
})

describe('somebody who is signed in', () => {
  it('stays so, and start() resolves, at a callback address that this tab has not asked for', async () => {
    const { signIn, goTo, open } = await createScene()
    const first = await signIn()
    first.client.dispose()
    goTo('/callback?code=old&state=of-somebody-else')
    const page = open()

    expect(await page.client.start()).toMatchObject({ status: 'authenticated' })

    expect(location.search).toBe('')
    expect(page.why()).toContain('begin again')
  })
})

describe('a sign-out at the provider', () => {
  it('does not carry off who signs in again before it has left', async () => {
    const { signIn, provider, left } = await createScene({ oidc: { postLogoutRedirectUri: '/' } })
    const page = await signIn()
    const before = left().length
    const release = provider.hold('revocation')
    const signingOut = page.client.logout()
    await until(() => provider.to('revocation').length > 0)

    void outcomeOf(page.client.login())
    await until(() => left().length > before)
    release()
    await signingOut

    expect(
      left()
        .slice(before)
        .map(({ pathname }) => pathname),
    ).toEqual(['/authorize'])
  })

  it('that could not be said is in `explain()`', async () => {
    const { signIn, open, provider } = await createScene({ oidc: { postLogoutRedirectUri: '/' } })
    const first = await signIn()
    first.client.dispose()
    provider.failNext('discovery', () => new Response(null, { status: 503 }), 9)
    const page = open()
    await page.client.start()

    await page.client.logout()

    expect(page.why()).toContain('503')
  })
})

describe('a database that never answers', () => {
  it('holds up no request for longer than 3 s', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    vi.stubGlobal('indexedDB', { open: () => ({}) })
    const proving = watch(dpop().prove('key', new Request('https://api.test/'), 'token'))

    await vi.advanceTimersByTimeAsync(3000)

    expect(proving.error).toMatchObject({ code: 'storage_unavailable' })
  })
})
