import { webStorage } from 'latchkey'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createDoctorView } from '../../src/devtools/panel/doctor-view.ts'
import { type SetupOptions, setUp } from '../support/client.ts'
import { settle } from '../support/clock.ts'
import { forge, SOUND } from './audit-tokens.ts'
import { showView } from './session-view-page.ts'

const seconds = Math.floor(Date.now() / 1000)
const sound = { iat: seconds, exp: seconds + 900 }

/** A client of a server whose tokens say what is given, beside what they should. */
async function shown(claims: object, options: SetupOptions = {}) {
  const setup = setUp(options)
  onTestFinished(() => localStorage.clear())
  const accessToken = forge({ claims: { ...sound, ...claims } })
  await setup.client.setTokens({ accessToken, refreshToken: 'r' })
  const page = showView(createDoctorView, setup.client)
  const items = (): HTMLElement[] => [...page.view.element.querySelectorAll('li')]
  return { ...setup, ...page, items, summary: () => page.view.element.querySelector('[role=status]')?.textContent }
}

describe('the doctor', () => {
  it('says so where it has found nothing', async () => {
    const { items, summary } = await shown({})

    expect(items()).toEqual([])
    expect(summary()).toBe('No findings.')
  })

  it('says what it could not look at', async () => {
    const { client, summary, update } = await shown({})
    await client.setTokens({ accessToken: 'opaque', refreshToken: 'r' })
    update()
    expect(summary()).toBe('No findings. The token is opaque: only its size can be told.')

    await client.logout()
    update()
    expect(summary()).toBe('No findings. Nobody is signed in: only the set-up was looked at.')
  })

  it('shows each finding with its severity in a word, why, how to mend it, and where to read more', async () => {
    const { items, summary } = await shown({ exp: undefined, sub: undefined })

    expect(summary()).toBe('2 findings.')
    expect(items().map((item) => item.querySelector('h3')?.textContent)).toEqual([
      expect.stringMatching(/^✖ error .+exp/),
      expect.stringMatching(/^ℹ info .+sub/),
    ])
    for (const item of items()) {
      expect(item.textContent).toContain('To mend it: ')
      const links = [...item.querySelectorAll('a')]
      expect(links.length).toBeGreaterThan(0)
      for (const { href, rel } of links) expect([href.startsWith('https://'), rel]).toEqual([true, 'noreferrer'])
    }
  })

  it('hides the icon from those who hear the word', async () => {
    const { items } = await shown({ sub: undefined })
    expect(items()[0]?.querySelector('[aria-hidden=true]')?.textContent).toBe('ℹ')
  })

  it('looks at the set-up before anybody has signed in', async () => {
    const { client } = setUp({ storage: webStorage('local') })
    const { text } = showView(createDoctorView, client)
    expect(text()).toContain('Refresh token in storage')
  })

  it('looks again when the session has changed, and not before', async () => {
    const { client, items, update, view } = await shown({ iss: undefined })
    const [item] = items()
    const decode = vi.spyOn(globalThis, 'atob')
    onTestFinished(() => decode.mockRestore())
    update()
    expect(items()).toEqual([item])
    expect(decode, 'tokens decoded').not.toHaveBeenCalled()

    await client.setTokens({ accessToken: forge({ claims: sound }), refreshToken: 'r' })
    decode.mockClear()
    update()
    expect(decode, 'tokens decoded').toHaveBeenCalled()
    expect(items()).toEqual([])
    expect(view.element.textContent).toBe('No findings.')
  })

  it('keeps the focus on a finding that stays', async () => {
    const { client, items, update } = await shown({ iss: undefined, aud: undefined })
    const stays = items()[1]
    stays?.querySelector('a')?.focus()
    const focused = document.activeElement

    await client.setTokens({
      accessToken: forge({ claims: { ...sound, aud: undefined, sub: undefined } }),
      refreshToken: 'r',
    })
    update()
    expect(items()[0]).toBe(stays)
    expect(items()).toHaveLength(2)
    expect(document.activeElement).toBe(focused)
  })

  it('never shows a token, or what a claim says', async () => {
    const { view, client } = await shown({ email: 'ada@example.com', password: 'hunter2-hunter2' })
    await settle()
    const token = await client.getAccessToken()
    const html = view.element.outerHTML

    for (const part of [...token.split('.'), 'ada@example.com', 'hunter2-hunter2', SOUND.sub])
      expect(html).not.toContain(part)
    expect(html).toContain('<code>email</code>')
  })

  it('shows names of claims as text', async () => {
    const { view } = await shown({ '<img src=x>': 'ada@example.com' })
    expect(view.element.querySelector('img')).toBeNull()
    expect(view.element.textContent).toContain('<img src=x>')
  })
})
