import { decodeProtectedHeader } from 'jose'
import { memoryStorage } from 'latchkey'
import { dpop } from 'latchkey/oidc'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { watch } from '../support/clock.ts'
import { bound, boundScene, keysInBrowser } from './bound.ts'
import { API, type Seen } from './provider.ts'
import { outcomeOf, type Page, until } from './scene.ts'

const TODOS = `${API}/todos`
const forced = { forceRefresh: true }

/** Which key the last proof is of. */
function keyOf(seen: readonly Seen[]): unknown {
  return decodeProtectedHeader(seen.at(-1)?.headers.get('dpop') ?? '').jwk?.x
}

describe('T19: a key for each session', () => {
  it('lets sessions of tabs without a common storage each go on after the other has signed out', async () => {
    const scene = await boundScene()
    const pages: Page[] = []
    for (const storageKey of ['one', 'two']) {
      scene.goTo(scene.provider.authorize(await scene.leave(scene.open({ storage: memoryStorage(), storageKey }))))
      const page = scene.open({ storage: memoryStorage(), storageKey })
      await page.client.start()
      pages.push(page)
    }
    const [one, two] = pages as [Page, Page]
    expect(await keysInBrowser()).toHaveLength(2)

    await one.client.logout()

    expect(await keysInBrowser()).toHaveLength(1)
    await two.client.getAccessToken(forced)
    expect((await two.client.fetch(TODOS)).status).toBe(200)
  })

  it('is another one after a step up, and requests of all tabs go on', async () => {
    const { pages, page, signIn, provider } = await bound(2)
    await page.client.fetch(TODOS)
    const before = keyOf(provider.to('resource'))

    const next = await signIn({ parameters: { acr_values: 'gold' } })

    await until(() => pages.every(({ heard }) => heard('login').length), 'the tabs to hear of it')
    for (const { client } of [...pages, next]) expect((await client.fetch(TODOS)).status).toBe(200)
    expect(keyOf(provider.to('resource'))).not.toBe(before)
  })

  it('is not kept for ever where nobody signs out: beyond a hundred, those over a year old make room', async () => {
    const { page } = await bound()
    const { create } = dpop()

    for (let count = 0; count < 110; count += 1) await create()
    await page.client.getAccessToken(forced)
    expect(page.heard('logout')).toEqual([])
    expect(await keysInBrowser()).toHaveLength(111)

    const later = Date.now() + 366 * 24 * 3_600_000
    const clock = vi.spyOn(Date, 'now').mockReturnValue(later)
    await create()
    clock.mockRestore()
    expect((await keysInBrowser()).length).toBeLessThanOrEqual(101)
  })

  it.each([
    ['the person', { error: 'access_denied' }],
    ['nobody', {}],
  ])('is not left behind by a sign-in that %s has ended', async (who, visit) => {
    const { open, leave, goTo, provider } = await boundScene()
    provider.lie({ idToken: () => undefined })
    goTo(provider.authorize(await leave(open()), visit))

    const { error } = await outcomeOf(open().client.start())

    expect(error).toHaveProperty('code', who === 'nobody' ? 'invalid_response' : 'invalid_credentials')
    expect(await keysInBrowser()).toEqual([])
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
