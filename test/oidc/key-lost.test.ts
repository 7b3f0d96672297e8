import { describe, expect, it } from 'vitest'
import { bound, wipeKeys } from './bound.ts'
import { API } from './provider.ts'
import { outcomeOf, type Page, until } from './scene.ts'

const TODOS = `${API}/todos`
const forced = { forceRefresh: true }
const lost = { reason: 'revoked', error: { name: 'AuthError', code: 'key_lost' } }

const areOut = (pages: readonly Page[]) => until(() => pages.every(({ heard }) => heard('logout').length), 'logouts')

describe('F47: a key that is gone', () => {
  it('ends the session at the next refresh, in every tab, without a call', async () => {
    const { pages, page, provider, area } = await bound(3)
    await wipeKeys()

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code: 'login_required', cause: { code: 'key_lost' } })
    await areOut(pages)
    for (const { heard, client } of pages) {
      expect(heard('logout')).toMatchObject([lost])
      expect(client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    }
    expect(provider.to('token')).toEqual([])
    expect([...area.items.values()]).toEqual([])
  })

  it('ends the session at the next request of a page that is loaded anew, in every tab', async () => {
    const { pages, open, provider } = await bound(2)
    await wipeKeys()
    const next = open()
    await next.client.start()

    const { error } = await outcomeOf(next.client.fetch(TODOS))

    expect(error).toMatchObject({ code: 'login_required', cause: { code: 'key_lost' } })
    await areOut([...pages, next])
    for (const { heard } of [...pages, next]) expect(heard('logout')).toMatchObject([lost])
    expect(provider.to('resource')).toEqual([])
  })

  it('ends the session once, however many requests notice it', async () => {
    const { open, provider } = await bound()
    await wipeKeys()
    const next = open()

    const outcomes = await Promise.all([1, 2, 3].map((id) => outcomeOf(next.client.fetch(`${TODOS}/${id}`))))

    for (const { error } of outcomes) expect(error).toMatchObject({ code: 'login_required' })
    expect(next.heard('logout')).toMatchObject([lost])
    expect(provider.requests.filter(({ endpoint }) => endpoint === 'resource')).toEqual([])
  })

  it('is told with why by `explain()`', async () => {
    const { page } = await bound()
    await wipeKeys()
    await outcomeOf(page.client.getAccessToken(forced))

    expect(page.why()).toMatch(/signed out: .*key.*gone/)
  })

  it('signs nobody out before somebody needs it', async () => {
    const { open } = await bound()
    await wipeKeys()
    const next = open()

    expect(await next.client.start()).toHaveProperty('status', 'authenticated')
    expect(next.events).toEqual([])
  })

  it('does not keep anybody from signing in again', async () => {
    const { page, signIn } = await bound()
    await wipeKeys()
    await outcomeOf(page.client.getAccessToken(forced))

    const next = await signIn()

    expect(next.result.status).toBe('authenticated')
    expect((await next.client.fetch(TODOS)).status).toBe(200)
  })

  it('is not confused with a database that cannot be read: then the session stays', async () => {
    const { page, provider } = await bound()
    const { open } = indexedDB
    const broken = new Error('broken')
    indexedDB.open = (name, version) => {
      if (name.endsWith('dpop')) throw broken
      return version ? open.call(indexedDB, name, version) : open.call(indexedDB, name)
    }

    const { error } = await outcomeOf(page.client.getAccessToken(forced))

    expect(error).toMatchObject({ code: 'storage_unavailable' })
    expect(page.heard('logout')).toEqual([])
    expect(provider.to('token')).toEqual([])
    indexedDB.open = open
    expect((await page.client.fetch(TODOS)).status).toBe(200)
  })
})
