import { describe, expect, it, vi } from 'vitest'
import { settle } from '../support/clock.ts'
import { createScene, outcomeOf, until } from './scene.ts'

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
