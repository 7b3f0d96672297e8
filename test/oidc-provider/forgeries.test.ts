import { expect } from 'vitest'
import type { Tab } from '../storm/engines/index.ts'
import { until } from '../storm/stage.ts'
import { appTab } from './app-tab.ts'
import { CODE, PASSWORD } from './interactions.ts'
import { inEachEngine } from './scenes.ts'

/** Another site's page: what it has opened or framed, and what it has heard. */
type Thief = typeof window & { victims: Window[]; heard: unknown[]; posted: number }

/** Keeps hold of each window that it opens, and from now on posts forged answers to all of them, in the shapes that SDKs use. */
const forge = (tab: Tab, callback: string): Promise<void> =>
  tab.run((address) => {
    const page = window as unknown as Thief
    const { open } = window
    page.victims = []
    page.heard = []
    page.posted = 0
    page.open = (...how) => {
      const victim = open.apply(window, how)
      if (victim) page.victims.push(victim)
      return victim
    }
    addEventListener('message', ({ data }) => page.heard.push(data))
    const answer = { code: 'forged', state: 'popup.forged', iss: 'http://localhost' }
    const query = new URLSearchParams(answer).toString()
    const tokens = { access_token: 'a.b.c', refresh_token: 'forged', token_type: 'Bearer', expires_in: 600 }
    const forgeries: unknown[] = [
      query,
      `?${query}`,
      `${address}?${query}`,
      answer,
      tokens,
      { type: 'authorization_response', response: answer },
      { source: 'oidc-client', url: `${address}?${query}`, keepOpen: false },
      { type: 'latchkey', ...answer, ...tokens },
      { hint: 'refresh', generation: 99 },
    ]
    setInterval(() => {
      for (const victim of page.victims)
        for (const forgery of forgeries) {
          victim.postMessage(forgery, '*')
          page.posted += 1
        }
    }, 20)
  }, callback)

const heard = (tab: Tab): Promise<unknown[]> => tab.run(() => (window as unknown as Thief).heard, undefined)
const posted = (tab: Tab): Promise<number> => tab.run(() => (window as unknown as Thief).posted, undefined)

inEachEngine(({ engine, scene, notRun }) => {
  const byOpener = 'T18: a foreign window that opened the app forges answers to a popup login; only the real one counts'
  if (engine === 'webkit') notRun(byOpener, 'its driver lets no page open a window')
  else
    scene(byOpener, async (stage) => {
      const world = await stage.world()
      const thief = await stage.tab(world.foreign.origin)
      await forge(thief, `${world.site.origin}/callback`)
      const opened = await thief.duplicate?.(world.site.origin)
      if (!opened) throw new Error('The driver cannot open a tab from a page.')
      const app = appTab(opened, world)
      await app.ready()
      expect(await opened.run(() => !!window.opener, undefined)).toBe(true)

      world.provider.behaviour.latency = { authorization: 3000 }
      world.provider.behaviour.acts.push({ name: 'bob', password: PASSWORD, code: CODE })
      await app.popUp()
      await until('the popup is at the provider', () => world.provider.calls('authorization').length > 0)
      const before = await posted(thief)
      await until('forgeries have come', async () => (await posted(thief)) > before + 100)
      expect((await app.look()).outcomes.popup).toBeUndefined()
      expect(world.provider.calls('token')).toEqual([])

      const { outcomes } = await app.see('it has been told', (look) => look.outcomes.popup !== undefined)
      expect(outcomes.popup).toMatchObject({ value: { status: 'authenticated', idClaims: { sub: 'bob' } } })
      expect(world.provider.grants('authorization_code').map(({ status }) => status)).toEqual([200])
      expect(await heard(thief)).toEqual([])
      await opened.close()
      return `${await posted(thief)} forgeries`
    })

  scene(
    'T18: a foreign page that frames the app, and forges messages and callbacks, changes nothing',
    async (stage) => {
      const world = await stage.world()
      const thief = await stage.tab(world.foreign.origin)
      await forge(thief, `${world.site.origin}/callback`)
      const addresses = [
        '/',
        '/callback?code=forged&state=guessed',
        '/callback?code=forged&state=popup.guessed',
        '/callback?error=access_denied&state=popup.guessed',
      ]
      for (const address of addresses) {
        await thief.run(
          (url) =>
            new Promise((resolve) => {
              const frame = document.createElement('iframe')
              frame.src = url
              frame.onload = resolve
              document.body.append(frame)
              if (frame.contentWindow) (window as unknown as Thief).victims.push(frame.contentWindow)
            }).then(() => undefined),
          world.site.origin + address,
        )
      }
      await thief.front() // the timers of hidden pages are slow
      await until('forgeries have come', async () => (await posted(thief)) > 300)
      expect(world.provider.calls('token')).toEqual([])
      expect(world.provider.calls('authorization')).toEqual([])
      expect(await heard(thief)).toEqual([])

      // Nor does anything of it show in the app itself.
      const app = await stage.open(world)
      expect(await app.look()).toMatchObject({ state: { status: 'unauthenticated', reason: 'never' }, events: [] })
      return `${await posted(thief)} forgeries`
    },
  )

  scene('T16: a callback that answers to no login of this tab is refused, and exchanges nothing', async (stage) => {
    const world = await stage.world()
    for (const query of ['code=forged&state=guessed', 'code=forged&state=popup.guessed', 'code=forged']) {
      const app = await stage.open(world, `/callback?${query}`)
      const { outcomes, state, href } = await app.look()
      expect(outcomes.start?.code ?? state.status).toMatch(/login_required|unauthenticated/)
      expect(state.status).toBe('unauthenticated')
      if (query.includes('state=')) expect(href).toBe(`${world.site.origin}/callback`)
    }
    expect(world.provider.calls('token')).toEqual([])

    // Somebody who is signed in stays so, as the same person.
    const app = await stage.open(world)
    await app.signIn('ann')
    await app.tab.goto(`${world.site.origin}/callback?code=forged&state=guessed`)
    await app.ready()
    const { state, href } = await app.look()
    expect(state).toMatchObject({ status: 'authenticated', idClaims: { sub: 'ann' } })
    expect(href).not.toContain('code=')
    expect(world.provider.grants('authorization_code')).toHaveLength(1)
    return undefined
  })

  scene('T16: an answer whose `state`, `iss` or code somebody has changed on its way is refused', async (stage) => {
    const world = await stage.world()
    const changes: Record<string, string> = { state: 'guessed', iss: 'https://evil.example', code: 'forged' }
    for (const [name, value] of Object.entries(changes)) {
      const app = await stage.open(world)
      await app.leave({ parameters: { prompt: 'none' } })
      await app.ready()
      await app.leave({ parameters: { prompt: 'login' } })
      await app.atLogin()
      // The person signs in elsewhere, where the answer can be caught.
      const [{ params = {} } = {}] = world.provider.calls('pushed_authorization_request').slice(-1)
      const answer = { code: 'stolen', state: String(params.state), iss: world.provider.issuer, [name]: value }
      await app.tab.goto(`${world.site.origin}/callback?${new URLSearchParams(answer)}`)
      await app.ready()
      const { outcomes, state, href } = await app.look()
      expect(outcomes.start?.code).toMatch(/login_required|invalid_response|invalid_credentials/)
      expect(state.status).toBe('unauthenticated')
      expect(href).not.toContain('code=')
    }
    // A code that the provider does not know has been tried once; the others not at all.
    expect(world.provider.grants('authorization_code').map(({ error }) => error)).toEqual(['invalid_grant'])
    return undefined
  })
})
