import Keycloak from 'former/keycloak-js'
import { oidcBackend } from 'latchkey/oidc'
import { describe, expect, it, vi } from 'vitest'
import { CLIENT } from '../oidc/provider.ts'
import { API, type Browser, CALLBACK, HOME, openBrowser, openPage, type Page } from './browser.ts'
import { createKeycloak, KEYCLOAK, REALM } from './keycloak.ts'

const PLACE = `${HOME}orders?page=2`
const INIT = { checkLoginIframe: false, responseMode: 'query', redirectUri: CALLBACK } as const

const open = (): Page =>
  openPage({
    backend: oidcBackend({ issuer: `${KEYCLOAK}/realms/${REALM}`, clientId: CLIENT, redirectUri: '/callback' }),
  })

/** Loads the app of today, which starts as the document says; resolves when that is done, or the page is left. */
async function load(browser: Browser, page = open()): Promise<Page> {
  const { run } = await import('MIGRATING.md/keycloak-js.ts')
  const before = browser.left().length
  const running = run({ auth: page.auth })
  await Promise.race([running, vi.waitUntil(() => browser.left().length > before, { timeout: 10_000 })])
  return page
}

/** Somebody signs in with keycloak-js; the instance knows the tokens. */
async function signIn(browser: Browser, provider: Awaited<ReturnType<typeof createKeycloak>>): Promise<Keycloak> {
  const settings = { url: KEYCLOAK, realm: REALM, clientId: CLIENT }
  const first = new Keycloak(settings)
  await first.init(INIT)
  void first.login()
  await vi.waitUntil(() => browser.left().length > 0)
  browser.goTo(provider.authorize(browser.left()[0] as URL))
  const keycloak = new Keycloak(settings)
  await keycloak.init(INIT)
  browser.goTo(PLACE)
  return keycloak
}

describe('from keycloak-js', () => {
  it('leaves nothing in the browser that could be taken over', async () => {
    const browser = openBrowser()
    const keycloak = await signIn(browser, await createKeycloak())

    expect(keycloak.authenticated).toBe(true)
    expect(browser.stored()).toEqual({})
  })

  it('people who are signed in at the provider are signed in by one redirect, and are where they were', async () => {
    const browser = openBrowser()
    const provider = await createKeycloak()
    await signIn(browser, provider)
    const first = await load(browser)
    const asked = browser.left().at(-1) as URL
    first.auth.dispose()
    browser.goTo(provider.authorize(asked))

    const { auth } = await load(browser)

    expect(asked.searchParams.get('prompt')).toBe('none')
    expect(auth.state.status).toBe('authenticated')
    expect(location.href).toBe(PLACE)
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
  })

  it('people who are not signed in at the provider are signed out, and nobody asks again', async () => {
    const browser = openBrowser()
    const provider = await createKeycloak()
    const first = await load(browser)
    first.auth.dispose()
    browser.goTo(provider.authorize(browser.left()[0] as URL, { error: 'login_required' }))

    const second = await load(browser)
    second.auth.dispose()
    const third = await load(browser)

    expect([second.auth.state.status, third.auth.state.status]).toEqual(['unauthenticated', 'unauthenticated'])
    expect(browser.left()).toHaveLength(1)
  })

  it('people who sign out afterwards stay signed out', async () => {
    const browser = openBrowser()
    const provider = await createKeycloak()
    const first = await load(browser)
    first.auth.dispose()
    browser.goTo(provider.authorize(browser.left()[0] as URL))
    const second = await load(browser)
    await second.auth.logout()
    second.auth.dispose()

    const { auth } = await load(browser)

    expect(auth.state.status).toBe('unauthenticated')
    expect(browser.left()).toHaveLength(1)
  })

  it('the tokens of a running instance are taken over, and renewed by Latchkey from then on', async () => {
    const browser = openBrowser()
    const provider = await createKeycloak()
    const keycloak = await signIn(browser, provider)
    const { auth } = open()
    const { run } = await import('MIGRATING.md/running-keycloak.ts')

    await run({ auth, keycloak })

    expect(await auth.getAccessToken()).toBe(keycloak.token)
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
    expect(await auth.getAccessToken({ forceRefresh: true })).not.toBe(keycloak.token)
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
    expect(auth.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
  })
})
