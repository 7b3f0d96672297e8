import type { AuthClient } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { CLIENT } from '../oidc/provider.ts'
import { API, openBrowser, openPage, type Page } from './browser.ts'
import { libraries } from './libraries.ts'
import { AUDIENCE, ISSUER } from './providers.ts'

const HOUR = 3_600_000
/** How long the access tokens of all servers live. */
const LIFETIME = 300_000
const app = { settings: { authority: ISSUER, client_id: CLIENT }, clientId: CLIENT, audience: AUDIENCE }
const OURS = ['latchkey', 'latchkey.moved']
const SIGNED_OUT = ['latchkey.moved']

const expiryOf = ({ state }: AuthClient): number => (state.status === 'authenticated' && state.expiresAt) || Number.NaN

describe.each(libraries)('from $name', ({ block, use }) => {
  const scene = async () => {
    const browser = openBrowser()
    const former = await use()
    /** Loads the app of today, which starts as the document says. */
    const load = async (): Promise<Page> => {
      const page = openPage(former.options)
      const { run } = (await import(`MIGRATING.md/${block}`)) as typeof import('MIGRATING.md/block.ts')
      await run({ auth: page.auth, ...app })
      return page
    }
    const reload = (page: Page): Promise<Page> => {
      page.auth.dispose()
      return load()
    }
    return { ...former, browser, load, reload }
  }

  it('people stay signed in, and the first request is authorised', async () => {
    const { signIn, server, load, token } = await scene()
    await signIn()
    const before = token()
    const { logins } = server

    const { auth } = await load()

    expect(before).toEqual(expect.any(String))
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(expiryOf(auth)).toBeGreaterThan(Date.now() + LIFETIME - 10_000)
    expect(expiryOf(auth)).toBeLessThanOrEqual(Date.now() + LIFETIME + 1000)
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
    expect(await auth.getAccessToken()).toBe(before)
    expect([server.logins, server.refreshes]).toEqual([logins, 0])
  })

  it('the old record is gone then', async () => {
    const { signIn, load, browser } = await scene()
    await signIn()

    await load()

    expect(Object.keys(browser.stored()).sort()).toEqual(OURS)
  })

  it('tokens are renewed from then on, one refresh token after the other', async () => {
    const { signIn, server, load } = await scene()
    await signIn()
    const { auth } = await load()

    const tokens = [await auth.getAccessToken()]
    for (let count = 0; count < 3; count += 1) tokens.push(await auth.getAccessToken({ forceRefresh: true }))

    expect(new Set(tokens).size).toBe(4)
    expect(server.refreshes).toBe(3)
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
  })

  it('people who come back after their token has expired stay signed in', async () => {
    const { signIn, server, load, browser } = await scene()
    await signIn()
    browser.pass(HOUR)
    server.expireAccessTokens()

    const { auth, logouts } = await load()

    expect(auth.state.status).toBe('authenticated')
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
    expect(server.refreshes).toBe(1)
    expect(logouts).toEqual([])
  })

  it('the second start takes nothing over', async () => {
    const { signIn, load, reload } = await scene()
    await signIn()
    const first = await load()

    const second = await reload(first)

    expect(first.logins).toHaveLength(1)
    expect(second.logins).toEqual([])
    expect(second.auth.state.status).toBe('authenticated')
  })

  it('people who had signed out stay signed out', async () => {
    const { signIn, signOut, load } = await scene()
    await signIn()
    await signOut()

    const { auth, logins } = await load()

    expect(auth.state).toMatchObject({ status: 'unauthenticated', reason: 'never' })
    expect(logins).toEqual([])
  })

  it('people who sign out afterwards stay signed out, even if a tab of the old app writes its record again', async () => {
    const { signIn, load, reload, browser } = await scene()
    await signIn()
    const left = browser.areas()
    const first = await load()
    await first.auth.logout()
    browser.restore(left)

    const { auth, logins } = await reload(first)

    expect(auth.state.status).toBe('unauthenticated')
    expect(logins).toEqual([])
    expect(Object.keys(browser.stored())).toEqual(SIGNED_OUT)
  })

  it('a tab of the old app that is still open spends no refresh token afterwards', async () => {
    const { signIn, server, load, ask, browser } = await scene()
    await signIn()
    const { auth, logouts } = await load()
    browser.pass(HOUR)
    server.expireAccessTokens()

    const asked = await ask().then(
      () => 'a token',
      () => 'nothing',
    )

    expect(asked).toBe('nothing')
    expect(server.refreshes).toBe(0)
    expect((await auth.fetch(`${API}/todos`)).status).toBe(200)
    expect(logouts).toEqual([])
  })

  it('two tabs that start at once take it over once, and renew it once', async () => {
    const { signIn, server, load, browser } = await scene()
    await signIn()

    const pages = await Promise.all([load(), load()])
    browser.pass(HOUR)
    server.expireAccessTokens()
    const answers = await Promise.all(pages.map(({ auth }) => auth.fetch(`${API}/todos`)))

    expect(pages.flatMap(({ logins }) => logins).map(({ origin }) => origin)).toEqual(['this-tab'])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(server.refreshes).toBe(1)
    expect(pages.flatMap(({ logouts }) => logouts)).toEqual([])
  })

  it('who is signed in to Latchkey already stays so, and the old record goes', async () => {
    const { signIn, load, reload, browser } = await scene()
    await signIn()
    const left = browser.areas()
    const first = await load()
    const token = await first.auth.getAccessToken()
    browser.restore(left)
    localStorage.removeItem('latchkey.moved')

    const { auth, logins } = await reload(first)

    expect(await auth.getAccessToken()).toBe(token)
    expect(logins).toEqual([])
    expect(Object.keys(browser.stored()).sort()).toEqual(OURS)
  })

  it.each(['', '{', 'null', '7', '[]', '{}', '{"body":{}}', '{"__proto__":{"accessToken":"x"}}', '{"access_token":7}'])(
    'a record that says %j signs nobody in, and does no harm',
    async (text) => {
      const { signIn, load, browser } = await scene()
      await signIn()
      browser.overwrite(text)

      const { auth } = await load()
      await auth.fetch(`${API}/todos`)

      expect(auth.state.status).toBe('unauthenticated')
    },
  )

  it('a browser that denies its storages signs nobody in, and does no harm', async () => {
    const { load, browser } = await scene()
    browser.deny()

    const { auth } = await load()

    expect(auth.state.status).toBe('unauthenticated')
  })
})
