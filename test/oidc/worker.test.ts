import type { AuthBackend } from 'latchkey'
import { dpop } from 'latchkey/oidc'
import { describe, expect, it } from 'vitest'
import { startWorker, type Worker } from '../worker/shared-worker.ts'
import { boundScene, wipeKeys } from './bound.ts'
import { API } from './provider.ts'
import { createScene, outcomeOf, type Page, type Scene, until } from './scene.ts'
import { expectNoSecret } from './secrets.ts'

const forced = { forceRefresh: true }

/** Ada is signed in, in two tabs, whose refreshes are made by one worker. */
async function hosted(scene: Scene, backend: AuthBackend<object, unknown>) {
  const worker: Worker = startWorker(backend)
  await scene.signIn()
  const pages: Page[] = []
  for (const _ of [1, 2]) {
    const page: Page = scene.open({ refresh: { worker: () => worker.of(page.life) } })
    await page.client.start()
    pages.push(page)
  }
  scene.provider.requests.length = 0
  scene.sent.length = 0
  return { ...scene, pages: pages as [Page, Page] }
}

describe('a worker with an OIDC backend', () => {
  it('renews for the pages, which call nobody', async () => {
    const scene = await createScene()
    const { provider, pages, sent } = await hosted(scene, scene.backend())

    const token = await pages[0].client.getAccessToken(forced)

    expect(provider.refreshes).toBe(1)
    expect(sent).toEqual([])
    await until(() => pages[1].heard('refresh').length, 'the other tab to hear of it')
    expect(await pages[1].client.getAccessToken()).toBe(token)
    expect((await pages[1].client.fetch(`${API}/todos`)).status).toBe(200)
  })

  it('F14: ends the session in each tab where the answer is about somebody else', async () => {
    const scene = await createScene()
    const { provider, pages } = await hosted(scene, scene.backend())
    provider.lie({ idToken: (claims) => ({ ...claims, sub: 'eve' }) })

    const { error } = await outcomeOf(pages[0].client.getAccessToken(forced))

    expect(error).toMatchObject({ code: 'login_required', cause: { code: 'subject_mismatch' } })
    await until(() => pages.every(({ heard }) => heard('logout').length), 'the tabs to hear of it')
    for (const { heard } of pages)
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'subject_mismatch' } }])
    await until(() => provider.to('revocation').length, 'the revocation')
    expectNoSecret(provider, pages[0], error)
  })

  it('ends the session where the refresh token is refused', async () => {
    const scene = await createScene()
    const { provider, pages } = await hosted(scene, scene.backend())
    provider.failNext('token', Response.json({ error: 'invalid_grant' }, { status: 403 }))

    const { error } = await outcomeOf(pages[0].client.getAccessToken(forced))

    expect(error).toMatchObject({ cause: { code: 'refresh_rejected', oauthError: 'invalid_grant' } })
  })

  it('T19: proves the same key as the pages', async () => {
    const scene = await boundScene({ nonces: { token: 'each' } })
    const { provider, pages, sent } = await hosted(scene, scene.backend({ dpop: dpop() }))

    await pages[0].client.getAccessToken(forced)

    expect(sent).toEqual([])
    expect(provider.to('token').at(-1)?.proof).toMatchObject({ htm: 'POST' })
    expect((await pages[0].client.fetch(`${API}/todos`)).status).toBe(200)
  })

  it('F47: tells the pages that the key is gone', async () => {
    const scene = await boundScene()
    const { pages } = await hosted(scene, scene.backend({ dpop: dpop() }))
    await wipeKeys()

    await outcomeOf(pages[0].client.getAccessToken(forced))

    await until(() => pages.every(({ heard }) => heard('logout').length), 'the tabs to hear of it')
    for (const { heard } of pages)
      expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'key_lost' } }])
  })
})
