import type { OidcLogin } from 'latchkey/oidc'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { START, settle, watch } from '../support/clock.ts'
import type { ProviderOptions, Visit } from './provider.ts'
import { CALLBACK, createScene, outcomeOf, remembered, type SceneOptions, until } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

const LOGIN: OidcLogin = { mode: 'popup' }

/** A scene in which windows can be opened, and time stands still. */
async function createPopupScene(options: SceneOptions = {}) {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'], now: START })
  const scene = await createScene(options)
  const popup = { closed: false, location: { href: '' }, close: vi.fn(() => Object.assign(popup, { closed: true })) }
  const opening = vi.spyOn(window, 'open').mockReturnValue(popup as unknown as Window)
  const closing = vi.spyOn(window, 'close').mockReturnValue(undefined)
  const focus = vi.spyOn(document, 'hasFocus').mockReturnValue(true)
  onTestFinished(() => {
    vi.useRealTimers()
    for (const spy of [opening, closing, focus]) spy.mockRestore()
  })
  const page = scene.open()
  await page.client.start()

  /** Ada clicks; the window is at the provider when it resolves. */
  const click = async (login: OidcLogin = LOGIN, signal?: AbortSignal) => {
    const signingIn = watch(page.client.login(login, signal ? { signal } : {}))
    await until(() => popup.location.href || signingIn.status === 'rejected', 'the popup to be at the provider')
    return signingIn
  }

  return {
    ...scene,
    page,
    popup,
    opening,
    closing,
    focus,
    click,
    /** The window comes back to a page of the app, which starts its client. */
    comeBack(visit?: Visit) {
      scene.goTo(scene.provider.authorize(popup.location.href, visit))
      const inside = scene.open({ storageKey: 'inside' })
      return { ...inside, started: watch(inside.client.start()) }
    },
    state: () => new URL(popup.location.href).searchParams.get('state') ?? '',
  }
}

/** Somebody says `data` on the line of `state`. */
function say(state: string, data: unknown): void {
  const line = new BroadcastChannel(state)
  line.postMessage(data)
  line.close()
}

describe('a sign-in by popup', () => {
  it('opens a window at once, leads it to the provider, and signs in the page that stayed', async () => {
    const { page, popup, opening, closing, click, comeBack, provider, left } = await createPopupScene()

    const signingIn = await click()
    expect(opening).toHaveBeenCalledTimes(1)
    expect(opening.mock.calls[0]?.[0]).toBe('')
    expect(popup.location.href).toContain(`${provider.metadata.authorization_endpoint}?`)
    const inside = comeBack()
    await until(() => signingIn.status !== 'pending', 'the sign-in')

    expect(signingIn.value).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
    expect(page.heard('login')).toHaveLength(1)
    expect(popup.close).toHaveBeenCalled()
    expect(left()).toEqual([])
    await until(() => closing.mock.calls.length > 0, 'the window to close itself')
    expect(inside.client.state).not.toHaveProperty('status', 'authenticated')
    expectNoSecret(provider, page)
  })

  it('opens the window in the moment of the click, before anything is fetched', async () => {
    const { page, opening, provider } = await createPopupScene()
    const release = provider.hold('discovery')

    page.client.login(LOGIN).catch(() => undefined)
    await settle(1)

    expect(opening).toHaveBeenCalledTimes(1)
    release()
  })

  it('T18: the window hands over, and exchanges nothing itself', async () => {
    const { click, comeBack, provider, page } = await createPopupScene()
    const signingIn = await click()
    const release = provider.hold('token')

    const inside = comeBack()
    expect(location.href).toBe(CALLBACK)
    await until(() => provider.to('token').length > 0, 'the exchange')
    await vi.advanceTimersByTimeAsync(2000)
    await until(() => inside.started.status !== 'pending', 'the client in a window that cannot be closed')

    expect(inside.started.error).toMatchObject({ code: 'aborted' })
    expect(inside.client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    release()
    await until(() => signingIn.status === 'fulfilled', 'the sign-in')
    expect(provider.to('token')).toHaveLength(1)
    expect(inside.events.filter(({ origin }) => origin === 'this-tab')).toEqual([])
    expect(page.heard('login')).toHaveLength(1)
  })

  it('T17: keeps the verifier in memory alone', async () => {
    const { click } = await createPopupScene()
    await click()
    expect(remembered()).toEqual({})
  })

  it('rejects with what the provider answers, and closes the window', async () => {
    const { click, comeBack, popup, provider } = await createPopupScene()
    const signingIn = await click()

    comeBack({ error: 'access_denied' })
    await until(() => signingIn.status === 'rejected', 'the sign-in to fail')

    expect(signingIn.error).toMatchObject({ code: 'invalid_credentials', oauthError: 'access_denied' })
    expect(popup.close).toHaveBeenCalled()
    expect(provider.to('token')).toEqual([])
  })

  it('closes the window where the provider cannot be reached', async () => {
    const { click, popup, provider } = await createPopupScene()
    provider.failNext('discovery', 'network-error')

    const signingIn = await click()

    expect(signingIn.error).toMatchObject({ code: 'network' })
    expect(popup.close).toHaveBeenCalled()
  })

  it('works where sessionStorage is denied', async () => {
    const { click, comeBack } = await createPopupScene()
    vi.stubGlobal('sessionStorage', undefined)
    const signingIn = await click()

    comeBack()
    await until(() => signingIn.status !== 'pending', 'the sign-in')

    expect(signingIn.value).toHaveProperty('status', 'authenticated')
  })

  it('of a step up replaces the session that was there', async () => {
    const { signIn, popup, page } = await createPopupScene()
    await signIn()
    await until(() => page.client.state.status === 'authenticated', 'the other tab to notice')

    const stepUp = watch(page.client.login({ mode: 'popup', parameters: { acr_values: 'gold' } }))
    await until(() => popup.location.href, 'the popup to be at the provider')

    expect(new URL(popup.location.href).searchParams.get('acr_values')).toBe('gold')
    expect(page.client.state.status).toBe('authenticated')
    expect(stepUp.status).toBe('pending')
  })
})

describe('T18: the line to the popup', () => {
  it('believes no `message` event, wherever it comes from', async () => {
    const { click, popup, provider } = await createPopupScene()
    const signingIn = await click()
    const answer = provider.authorize(popup.location.href).search

    for (const origin of ['https://evil.test', provider.issuer, location.origin])
      for (const data of [answer, answer.slice(1), { url: answer }, JSON.stringify({ search: answer })])
        window.dispatchEvent(new MessageEvent('message', { data, origin, source: window }))
    await settle()

    expect(signingIn.status).toBe('pending')
    expect(provider.to('token')).toEqual([])
  })

  it.each([
    ['another state', () => `state=other&code=stolen`],
    ['no state', () => 'code=stolen'],
    ['nothing', () => ''],
    ['an object', (state: string) => ({ state, code: 'stolen' })],
    ['null', () => null],
  ])('ignores %s', async (_, data) => {
    const { click, comeBack, state, provider } = await createPopupScene()
    const signingIn = await click()

    say(state(), data(state()))
    await settle()
    expect(signingIn.status).toBe('pending')

    comeBack()
    await until(() => signingIn.status !== 'pending', 'the sign-in')
    expect(signingIn.value).toHaveProperty('status', 'authenticated')
    expect(provider.to('token')).toHaveLength(1)
  })

  it('T16: takes no answer of another issuer, nor one with two codes', async () => {
    for (const more of ['iss=https://evil.test&code=stolen', 'iss=https://id.test&code=stolen&code=other']) {
      const { click, state, provider } = await createPopupScene()
      const signingIn = await click()

      say(state(), `state=${encodeURIComponent(state())}&${more}`)
      await until(() => signingIn.status !== 'pending', 'the sign-in to fail')

      expect(signingIn.error).toMatchObject({ code: 'invalid_response' })
      expect(provider.to('token')).toEqual([])
      vi.useRealTimers()
    }
  })

  it('takes one answer', async () => {
    const { click, popup, provider } = await createPopupScene()
    const signingIn = await click()
    const { searchParams } = provider.authorize(popup.location.href)
    const state = searchParams.get('state') ?? ''

    for (let count = 0; count < 3; count += 1) say(state, searchParams.toString())
    await until(() => signingIn.status !== 'pending', 'the sign-in')
    await settle()

    expect(provider.to('token')).toHaveLength(1)
  })

  it('is silent to a page that nobody waits for: it says that there is no such sign-in', async () => {
    const { click, comeBack, page, provider } = await createPopupScene()
    const signingIn = await click()
    await page.client.logout()
    await until(() => signingIn.status === 'rejected', 'the sign-in to end')

    const inside = comeBack()
    await settle()
    expect(inside.started.status).toBe('pending')
    await vi.advanceTimersByTimeAsync(2000)
    await until(() => inside.started.status !== 'pending', 'the client in the window')

    expect(inside.started.error).toMatchObject({ code: 'login_required' })
    expect(provider.to('token')).toEqual([])
    expect(location.href).toBe(CALLBACK)
  })
})

describe('a popup', () => {
  it('that the browser blocks is `aborted`, and says what to do', async () => {
    const { page, opening, provider } = await createPopupScene()
    opening.mockReturnValue(null)

    const { error } = await outcomeOf(page.client.login(LOGIN))

    expect(error).toMatchObject({ code: 'aborted', message: expect.stringMatching(/blocked.*click/) })
    expect(provider.requests).toEqual([])
  })

  it('that the person closes, and so is back on this page, is `aborted`', async () => {
    const { click, popup } = await createPopupScene()
    const signingIn = await click()
    window.dispatchEvent(new Event('blur'))
    popup.closed = true
    window.dispatchEvent(new Event('focus'))

    await vi.advanceTimersByTimeAsync(1000)
    await settle()

    expect(signingIn.error).toMatchObject({ code: 'aborted', message: expect.stringContaining('closed') })
  })

  it('that is closed later than a provider’s page can have cut it off is `aborted`', async () => {
    const { click, popup } = await createPopupScene()
    const signingIn = await click()
    await vi.advanceTimersByTimeAsync(6000)
    expect(signingIn.status).toBe('pending')
    popup.closed = true

    await vi.advanceTimersByTimeAsync(1000)
    await settle()

    expect(signingIn.error).toMatchObject({ code: 'aborted', message: expect.stringContaining('closed') })
  })

  it.each([
    ['while nobody is back on this page', false],
    ['though this page never lost the focus, as without a screen', true],
  ])('that only looks closed, since the provider cut it off, goes on %s', async (_, hasFocus) => {
    const { click, popup, focus, comeBack } = await createPopupScene()
    const signingIn = await click()
    focus.mockReturnValue(hasFocus)
    popup.closed = true

    await vi.advanceTimersByTimeAsync(60_000)
    expect(signingIn.status).toBe('pending')

    comeBack()
    await until(() => signingIn.status !== 'pending', 'the sign-in')
    expect(signingIn.value).toHaveProperty('status', 'authenticated')
  })

  it('is closed when the caller gives up', async () => {
    const { click, popup } = await createPopupScene()
    const giveUp = new AbortController()
    const signingIn = await click(LOGIN, giveUp.signal)

    giveUp.abort()
    await settle()

    expect(signingIn.error).toBe(giveUp.signal.reason)
    expect(popup.close).toHaveBeenCalled()
  })

  it('is closed when the caller has given up before it was at the provider', async () => {
    const { page, popup, provider } = await createPopupScene()
    const release = provider.hold('discovery')
    const giveUp = new AbortController()
    const signingIn = watch(page.client.login(LOGIN, { signal: giveUp.signal }))
    await until(() => provider.to('discovery').length, 'the discovery')

    giveUp.abort()
    release()
    await until(() => popup.close.mock.calls.length, 'the popup to be closed')

    expect(signingIn.error).toBe(giveUp.signal.reason)
    expect(popup.location.href).toBe('')
  })

  it.each(['logout', 'dispose'] as const)('is closed by %s()', async (how) => {
    const { click, popup, page } = await createPopupScene()
    const signingIn = await click()

    await page.client[how]()
    await settle()

    expect(signingIn.error).toMatchObject({ code: how === 'logout' ? 'aborted' : 'disposed' })
    expect(popup.close).toHaveBeenCalled()
  })

  it('is looked at no more once the sign-in has ended, however it did', async () => {
    const { click, comeBack, popup, page } = await createPopupScene()
    let looks = 0
    Object.defineProperty(popup, 'closed', { get: () => looks++ < 0, set: () => undefined })
    const first = await click()
    await vi.advanceTimersByTimeAsync(2000)
    expect(looks).toBeGreaterThan(0)
    await page.client.logout()
    await until(() => first.status === 'rejected', 'the first sign-in to end')
    looks = 0
    await vi.advanceTimersByTimeAsync(5000)
    expect(looks).toBe(0)

    popup.location.href = ''
    const second = await click()
    comeBack({ error: 'access_denied' })
    await until(() => second.status === 'rejected', 'the second sign-in to end')
    looks = 0
    await vi.advanceTimersByTimeAsync(5000)
    expect(looks).toBe(0)
  })
})

const announced: ProviderOptions = {
  document: (document) => ({ ...document, pushed_authorization_request_endpoint: 'https://id.test/par' }),
}

it('a popup is led to a request that was pushed, where the provider has that', async () => {
  const { click, popup, comeBack } = await createPopupScene({ provider: announced })
  const signingIn = await click()
  expect([...new URL(popup.location.href).searchParams.keys()]).toEqual(['client_id', 'request_uri'])

  comeBack()
  await until(() => signingIn.status !== 'pending', 'the sign-in')
  expect(signingIn.value).toHaveProperty('status', 'authenticated')
})
