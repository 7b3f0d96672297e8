import { IndexedDbDPoPStore } from 'former/oidc-client-ts'
import { describe, expect, it } from 'vitest'
import { CLIENT } from '../oidc/provider.ts'
import { API, openBrowser, openPage, type Page } from './browser.ts'
import type { Former } from './former.ts'
import { AUDIENCE, ISSUER, useAuth0, useOidcClientTs } from './providers.ts'

type Run = typeof import('MIGRATING.md/block.ts').run

async function load({ options }: Former, run: Run): Promise<Page> {
  const page = openPage(options)
  await run({
    auth: page.auth,
    settings: { authority: ISSUER, client_id: CLIENT },
    clientId: CLIENT,
    audience: AUDIENCE,
  })
  return page
}

describe('from auth0-spa-js, when it has dropped an expired access token', () => {
  const scene = async () => {
    const browser = openBrowser()
    const former = await useAuth0()
    await former.signIn()
    browser.pass(3_600_000)
    former.server.expireAccessTokens()
    former.server.disconnect(3) // so often it tries
    await former.ask().catch(() => undefined)
    const { run } = await import('MIGRATING.md/auth0-spa-js.ts')
    const { refreshes } = former.server
    return { former, run, refreshes: () => former.server.refreshes - refreshes }
  }

  it('people stay signed in by the refresh token', async () => {
    const { former, run, refreshes } = await scene()
    expect(former.token()).toBeUndefined()

    const { auth } = await load(former, run)

    expect(auth.state.status).toBe('authenticated')
    expect(refreshes()).toBe(1)
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
  })

  it('two tabs that start at once spend the refresh token once', async () => {
    const { former, run, refreshes } = await scene()

    const pages = await Promise.all([load(former, run), load(former, run)])

    expect(pages.map(({ auth }) => auth.state.status)).toEqual(['authenticated', 'authenticated'])
    expect(refreshes()).toBe(1)
  })

  it('whoever starts offline is signed in at the next start', async () => {
    const { former, run } = await scene()
    former.server.disconnect()
    const first = await load(former, run)
    first.auth.dispose()

    const second = await load(former, run)

    expect(first.auth.state.status).toBe('unauthenticated')
    expect(second.auth.state.status).toBe('authenticated')
  })

  it('a refresh token that the server refuses is not tried again', async () => {
    const { former, run, refreshes } = await scene()
    former.revoke()
    const first = await load(former, run)
    first.auth.dispose()

    const second = await load(former, run)

    expect([first.auth.state.status, second.auth.state.status]).toEqual(['unauthenticated', 'unauthenticated'])
    expect(refreshes()).toBe(1)
  })
})

describe('from oidc-client-ts, with DPoP', () => {
  it('tokens that are bound to its key are not taken over, and their record goes', async () => {
    const browser = openBrowser()
    const former = await useOidcClientTs({ dpop: { store: new IndexedDbDPoPStore() } })
    await former.signIn()
    const before = former.token()
    const { run } = await import('MIGRATING.md/oidc-client-ts.ts')

    const { auth } = await load(former, run)

    expect(before).toEqual(expect.any(String))
    expect(auth.state.status).toBe('unauthenticated')
    expect(Object.keys(browser.stored())).toEqual(['latchkey.moved'])
  })
})

describe.each([
  ['oidc-client-ts', useOidcClientTs],
  ['auth0-spa-js', useAuth0],
])('from %s', (name, use) => {
  it('the ID token comes along', async () => {
    openBrowser()
    const former = await use()
    await former.signIn()
    const { run } = (await import(`MIGRATING.md/${name}.ts`)) as typeof import('MIGRATING.md/block.ts')

    const { auth } = await load(former, run)
    await auth.getAccessToken({ forceRefresh: true })

    expect(auth.state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ada' } })
  })
})

describe('from oidc-client-ts', () => {
  it('a sign-in that began in the old app ends in the new one as `login_required`', async () => {
    const browser = openBrowser()
    const former = await useOidcClientTs()
    browser.goTo(await former.begin())
    const { run } = await import('MIGRATING.md/oidc-client-ts.ts')

    await expect(load(former, run)).rejects.toMatchObject({ code: 'login_required' })
  })
})
