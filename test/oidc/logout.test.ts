import { dpop } from 'latchkey/oidc'
import { describe, expect, it, vi } from 'vitest'
import { settle, stopTime, watch } from '../support/clock.ts'
import { CLIENT } from './provider.ts'
import { createScene, HOME, outcomeOf, type Page, remembered, type SceneOptions, until } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

const GOODBYE = `${HOME}goodbye`
const leaving: SceneOptions = { oidc: { postLogoutRedirectUri: '/goodbye' } }

/** Ada is signed in, in so many tabs; `left` is where they have left for since. */
async function signedIn(options: SceneOptions = leaving, tabs = 1) {
  const scene = await createScene(options)
  const first = await scene.signIn()
  const pages: [Page, ...Page[]] = [first, ...(await scene.join(tabs - 1))]
  const before = scene.left().length
  scene.provider.requests.length = 0
  for (const { events } of pages) events.length = 0
  return { ...scene, pages, page: first, left: () => scene.left().slice(before) }
}

const stored = (items: Map<string, string>) => JSON.parse([...items.values()][0] ?? '{}')

describe('a sign-out', () => {
  it('revokes the refresh token, and stays in the app unless it is told where to come back to', async () => {
    const { page, provider, area, left } = await signedIn({})
    const { r } = stored(area.items)

    await page.client.logout({ returnTo: '/elsewhere' })

    const [request, ...others] = provider.to('revocation')
    expect(others).toEqual([])
    expect(Object.fromEntries(request?.form ?? [])).toMatchObject({ token: r, client_id: CLIENT })
    expect(request?.authorization).toBeNull()
    expect(provider.isGood(r)).toBe(false)
    expect(left()).toEqual([])
    expect(page.client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(remembered()).not.toContainEqual(expect.objectContaining({ purpose: 'logout' }))
  })

  it('revokes the access token where there is no other', async () => {
    const { page, provider, open, leave, goTo } = await signedIn({})
    await page.client.logout()
    provider.lie({ tokens: ({ refresh_token: _, ...body }) => body })
    goTo(provider.authorize(await leave(open())))
    const next = open()
    await next.client.start()
    const token = await next.client.getAccessToken()

    await next.client.logout()

    expect(provider.to('revocation').at(-1)?.form.get('token')).toBe(token)
  })

  it('goes without a word where the provider revokes nothing', async () => {
    const { page, provider } = await signedIn({
      provider: { document: ({ revocation_endpoint: _, ...document }) => document },
    })

    await page.client.logout()

    expect(provider.requests).toEqual([])
    expect(page.client.state.status).toBe('unauthenticated')
  })

  it('leads to the provider’s own sign-out, with all that it needs', async () => {
    const { page, provider, area, left } = await signedIn()
    const { i, r } = stored(area.items)

    page.client.logout({ returnTo: '/welcome' }).catch(() => undefined)
    await until(() => left().length, 'the page to leave')

    const url = left()[0] as URL
    expect(url.href).toContain(`${provider.metadata.end_session_endpoint}?`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: CLIENT,
      post_logout_redirect_uri: GOODBYE,
      id_token_hint: i,
      state: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(provider.isGood(r)).toBe(false)
    expect(url.href).not.toContain('welcome')
  })

  it('is complete in this browser before the page leaves', async () => {
    const { page, area, left } = await signedIn()
    const assigned = vi.mocked(location.assign)
    let atLeaving: unknown
    assigned.mockImplementation(() => {
      atLeaving = { state: page.client.state, stored: [...area.items.keys()] }
    })

    page.client.logout().catch(() => undefined)
    await until(() => left().length, 'the page to leave')

    expect(atLeaving).toEqual({ state: { status: 'unauthenticated', reason: 'logout' }, stored: [] })
  })

  it('comes back to a clean address, with where the app wanted to go', async () => {
    const { page, provider, left, goTo, open } = await signedIn()
    page.client.logout({ returnTo: '/welcome?again#top' }).catch(() => undefined)
    await until(() => left().length, 'the page to leave')
    goTo(provider.signOut(left()[0] as URL))
    const next = open()

    const starting = next.client.start()

    expect(location.href).toBe(GOODBYE)
    expect(await starting).toEqual({ status: 'unauthenticated', reason: 'never', returnTo: '/welcome?again#top' })
    expect(next.events).toEqual([])
    expect(provider.to('token')).toEqual([])
  })

  it('comes back once: a reload leads nowhere', async () => {
    const { page, provider, left, goTo, open } = await signedIn()
    page.client.logout({ returnTo: '/welcome' }).catch(() => undefined)
    await until(() => left().length, 'the page to leave')
    const back = provider.signOut(left()[0] as URL)
    goTo(back)
    await open().client.start()
    goTo(back)

    expect(await open().client.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(location.search).toBe('')
  })

  it('has no `id_token_hint` where there is no ID token', async () => {
    const { page, left } = await signedIn({ oidc: { ...leaving.oidc, scope: 'todos' } })

    page.client.logout().catch(() => undefined)
    await until(() => left().length, 'the page to leave')

    expect(left()[0]?.searchParams.has('id_token_hint')).toBe(false)
  })

  it('stays in the app where the provider has no sign-out of its own', async () => {
    const { page, provider, left } = await signedIn({
      ...leaving,
      provider: { document: ({ end_session_endpoint: _, ...document }) => document },
    })

    await page.client.logout()

    expect(left()).toEqual([])
    expect(provider.to('revocation')).toHaveLength(1)
  })

  it('leads to no plain http address', async () => {
    const { page, left } = await signedIn({
      ...leaving,
      provider: { document: (document) => ({ ...document, end_session_endpoint: 'http://id.test/logout' }) },
    })

    await page.client.logout()

    expect(left()).toEqual([])
    expect(page.client.state.status).toBe('unauthenticated')
  })

  it('leads there though the tab can remember nothing: only `returnTo` is lost', async () => {
    const { page, provider, left, goTo, open } = await signedIn()
    vi.stubGlobal('sessionStorage', undefined)

    page.client.logout({ returnTo: '/welcome' }).catch(() => undefined)
    await until(() => left().length, 'the page to leave')

    expect(left()[0]?.searchParams.has('state')).toBe(false)
    goTo(provider.signOut(left()[0] as URL))
    expect(await open().client.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
  })

  it('of nobody leads nowhere', async () => {
    const { open, provider, left } = await createScene(leaving)

    await open().client.logout()

    expect(left()).toEqual([])
    expect(provider.requests).toEqual([])
  })

  it('is told in every tab, of which one alone leaves', async () => {
    const { pages, page, provider, left } = await signedIn(leaving, 3)

    page.client.logout().catch(() => undefined)
    await until(() => pages.every(({ heard }) => heard('logout').length), 'the tabs to hear of it')
    await until(() => left().length, 'the page to leave')
    await settle(40)

    expect(left()).toHaveLength(1)
    expect(provider.to('revocation')).toHaveLength(1)
    for (const { client } of pages) expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  it('tells nobody a token', async () => {
    const { page, provider } = await signedIn({})
    provider.failNext('revocation', Response.json({ error: 'server_error' }, { status: 500 }))

    const { error } = await outcomeOf(page.client.logout())

    expect(error).toBeUndefined()
    expectNoSecret(provider, page)
  })
})

describe('a slow provider', () => {
  it('holds nobody who signs out for more than a second: the page leaves though the revocation hangs', async () => {
    const { page, provider, left } = await signedIn()
    provider.failNext('revocation', 'hang')
    stopTime(Date.now())

    page.client.logout().catch(() => undefined)
    await until(() => provider.to('revocation').length, 'the revocation')
    await settle(40)
    await vi.advanceTimersByTimeAsync(900)
    expect(left()).toEqual([])
    await vi.advanceTimersByTimeAsync(200)
    await until(() => left().length, 'the page to leave')

    expect(page.client.state.status).toBe('unauthenticated')
  })

  it('keeps no revocation from being sent by a database that hangs', async () => {
    const { page, provider } = await signedIn({ oidc: () => ({ ...leaving.oidc, dpop: dpop() }) })
    const { open } = indexedDB
    indexedDB.open = (name) => (name.endsWith('dpop') ? ({} as IDBOpenDBRequest) : open.call(indexedDB, name))

    page.client.logout().catch(() => undefined)

    await until(() => provider.to('revocation').length, 'the revocation')
  })

  it('leads nobody away who has gone on meanwhile', async () => {
    const { page, provider, left, open } = await signedIn()
    page.client.dispose()
    const { client } = open()
    await client.start()
    const release = provider.hold('discovery')
    stopTime(Date.now())

    const out = watch(client.logout())
    await until(() => provider.to('discovery').length, 'the discovery')
    await settle(40)
    await vi.advanceTimersByTimeAsync(2000)
    await until(() => out.status === 'fulfilled', 'the sign-out to end')
    release()
    await until(() => provider.to('revocation').length, 'the revocation')
    await settle(40)
    await vi.advanceTimersByTimeAsync(2000)
    await settle(40)

    expect(left()).toEqual([])
  })

  it('T14: gives a refresh that comes after the sign-out back, and leads nobody away for it', async () => {
    const { page, provider, left } = await signedIn()
    const release = provider.hold('token', 'answer')
    const renewing = watch(page.client.getAccessToken({ forceRefresh: true }))
    await until(() => provider.to('token').length, 'the refresh')
    page.client.logout().catch(() => undefined)
    await until(() => left().length, 'the page to leave')

    release()
    await until(() => provider.to('revocation').length === 2, 'both revocations')
    await settle(40)

    expect(renewing.error).toMatchObject({ code: 'login_required' })
    expect(left()).toHaveLength(1)
    const [first, second] = provider.to('revocation').map(({ form }) => form.get('token'))
    expect(second).toMatch(/^refresh-/)
    expect(first).not.toBe(second)
  })

  it('T14: gives the tokens of a sign-in by popup back that was ended, and leads nobody away for it', async () => {
    const { open, provider, left } = await createScene(leaving)
    const popup = { closed: false, location: { href: '' }, close: () => undefined }
    const opening = vi.spyOn(window, 'open').mockReturnValue(popup as unknown as Window)
    const page = open()
    const signingIn = watch(page.client.login({ mode: 'popup' }))
    await until(() => popup.location.href, 'the popup to be at the provider')
    opening.mockRestore()
    const release = provider.hold('token', 'answer')
    const { searchParams } = provider.authorize(popup.location.href)
    const line = new BroadcastChannel(searchParams.get('state') ?? '')
    line.postMessage(searchParams.toString())
    line.close()
    await until(() => provider.to('token').length, 'the exchange')

    await page.client.logout()
    release()
    await settle(40)

    expect(signingIn.error).toMatchObject({ code: 'aborted' })
    expect(page.client.state.status).toBe('unauthenticated')
    expect(left()).toEqual([])
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
