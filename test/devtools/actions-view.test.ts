import { isAuthError, jsonBackend } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { createActionsView } from '../../src/devtools/panel/actions-view.ts'
import { interceptWire } from '../../src/devtools/recording/wire.ts'
import { inspect } from '../../src/inspection.ts'
import { type FORM, type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, settle, stopTime, watch } from '../support/clock.ts'
import { forge } from './audit-tokens.ts'
import { showView } from './session-view-page.ts'

async function shown(options: SetupOptions = {}) {
  const setup = await signedIn(options)
  const page = showView(createActionsView, setup.client)
  return {
    ...setup,
    ...page,
    /** Clicks, and lets everything happen that it causes. */
    async click(name: string): Promise<void> {
      page.button(name).click()
      await settle()
      page.update()
    },
    outcome: (): string => page.view.element.querySelector('[role=status]')?.textContent ?? '',
    isPressed: (name: string): boolean => page.button(name).getAttribute('aria-pressed') === 'true',
  }
}

describe('each button', () => {
  it('says in a line what it does', async () => {
    const { view } = await shown()
    const buttons = [...view.element.querySelectorAll('button')]

    expect(buttons.map(({ textContent }) => textContent)).toEqual([
      'Renew now',
      'Expire',
      'Forget the token',
      'Go offline',
      'Sign out',
    ])
    for (const button of buttons) {
      const hint = view.element.querySelector(`#${button.getAttribute('aria-describedby')}`)
      expect(hint?.textContent).toMatch(/^[A-Z].+\.$/)
    }
  })

  it('says so where nobody is signed in', async () => {
    const { client } = setUp()
    await client.start()
    const { button, view } = showView(createActionsView, client)
    for (const [name, outcome] of [
      ['Renew now', 'login_required'],
      ['Expire', 'Nobody is signed in.'],
      ['Forget the token', 'Nobody is signed in.'],
      ['Sign out', 'Signed out.'],
    ] as const) {
      button(name).click()
      await settle()
      expect(view.element.textContent).toContain(outcome)
    }
  })
})

describe('renew now', () => {
  it('renews once, and says to which generation', async () => {
    const { click, server, outcome } = await shown()
    await click('Renew now')

    expect(server.refreshes).toBe(1)
    expect(outcome()).toBe('Renewed: generation 2.')
  })

  it('says what went wrong', async () => {
    const { click, server, outcome } = await shown()
    server.failNext('refresh', 'network-error')
    await click('Renew now')

    expect(outcome()).toMatch(/^network: /)
  })
})

describe('expire', () => {
  it('lets the next request meet a 401, of which the server knows nothing, and then a renewal and a replay', async () => {
    const { click, client, server, isPressed, outcome, update } = await shown()
    await click('Expire')
    expect(isPressed('Expire')).toBe(true)

    const response = await client.fetch('https://api.test/todos')

    expect(response.status).toBe(200)
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['refresh', 'api'])
    update()
    expect(isPressed('Expire')).toBe(false)
    expect(outcome()).toBe('The token is another: requests go through again.')
    await client.fetch('https://api.test/todos')
    expect(server.refreshes).toBe(1)
  })

  it('is seen by the recorder, which came first', async () => {
    const { click, client, recorder } = await shown()
    await click('Expire')
    await client.fetch('https://api.test/todos')

    expect(recorder.own.requests.map(({ kind, answer }) => `${kind} ${answer}`)).toEqual([
      'api 401',
      'refresh 200',
      'api 200',
    ])
  })

  it('ends at a second click', async () => {
    const { click, client, server, isPressed } = await shown()
    await click('Expire')
    await click('Expire')
    expect(isPressed('Expire')).toBe(false)

    await client.fetch('https://api.test/todos')
    expect(server.refreshes).toBe(0)
  })

  it('ends at a renewal that brings the same token again', async () => {
    const accessToken = forge({})
    const backend = {
      ...jsonBackend<typeof FORM, unknown>({ baseUrl: 'https://api.test' }),
      login: async () => ({ accessToken, refreshToken: 'r1', lifetime: 60_000 }),
      refresh: async () => ({ accessToken, refreshToken: 'r2', lifetime: 60_000 }),
    }
    const sent: string[] = []
    const answer = async (input: RequestInfo | URL): Promise<Response> => {
      sent.push(String(input))
      return new Response('')
    }
    const { click, client, isPressed, update } = await shown({ backend, baseUrl: 'https://api.test', fetch: answer })
    await click('Expire')

    expect((await client.fetch('https://api.test/todos')).status).toBe(200)
    expect(sent).toEqual(['https://api.test/todos'])
    update()
    expect(isPressed('Expire')).toBe(false)
  })

  it('leaves the headers of requests as they are that carry no token', async () => {
    const seen: (string | null)[] = []
    const answer: typeof fetch = async (_, init) => {
      seen.push(new Headers(init?.headers).get('x-mine'))
      return new Response('')
    }
    const { click, client } = await shown({
      initial: { accessToken: 'a', refreshToken: 'r', lifetime: 60_000 },
      baseUrl: 'https://api.test',
    })
    const { settings } = inspect(client) ?? {}
    if (settings) interceptWire(settings.wire, answer)
    await click('Expire')
    await client.fetch('https://other.test/', { headers: new Map([['x-mine', '1']]).entries() as never })

    expect(seen).toEqual(['1'])
  })

  it('leaves requests alone that carry no token, or another', async () => {
    const { click, client, server } = await shown()
    await click('Expire')
    const own = { headers: { Authorization: 'Bearer my-own' } }

    expect((await client.fetch('https://api.test/todos', own)).status).toBe(401)
    expect(server.to('api')).toHaveLength(1)
    expect(server.refreshes).toBe(0)
  })
})

describe('forget the token', () => {
  it('takes it from this tab, which renews at once', async () => {
    const { click, server, client, states } = await shown()
    await click('Forget the token')

    expect(server.refreshes).toBe(1)
    expect(states.map((state) => state.status === 'authenticated' && state.freshness)).toEqual(['stale', 'fresh'])
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })

  it.each([
    ['refresh: false', { refresh: false }],
    ['the access token itself', { refreshVia: 'access-token' }],
  ] as const)('keeps it where nothing could get another: %s', async (_, how) => {
    const backend = jsonBackend<typeof FORM, unknown>({ baseUrl: 'https://api.test', ...how })
    const { click, client, outcome, server } = await shown({ backend })
    const token = server.current.accessToken
    await click('Forget the token')

    expect(outcome()).toBe('Kept: nothing could get another.')
    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(await client.getAccessToken()).toBe(token)
  })

  it('keeps it where the server gave no refresh token', async () => {
    const { click, client, outcome } = await shown()
    await client.setTokens({ accessToken: 'alone' })
    await click('Forget the token')

    expect(outcome()).toBe('Kept: nothing could get another.')
    expect(await client.getAccessToken()).toBe('alone')
  })

  it('stays signed in while the server can not be reached', async () => {
    const { click, server, client } = await shown()
    server.failNext('refresh', 'network-error')
    await click('Forget the token')

    expect(client.state).toMatchObject({ status: 'authenticated', freshness: 'stale' })
  })
})

describe('go offline', () => {
  it('gives requests no answer until the next click', async () => {
    const { click, client, server, isPressed } = await shown()
    await click('Go offline')
    expect(isPressed('Go offline')).toBe(true)

    await expect(client.fetch('https://api.test/todos')).rejects.toThrow(TypeError)
    const renewal = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()
    expect(renewal.error).toSatisfy((error: unknown) => isAuthError(error) && error.code === 'network')
    expect(server.requests).toEqual([])
    expect(client.state.status).toBe('authenticated')

    await click('Go offline')
    expect(isPressed('Go offline')).toBe(false)
    expect((await client.fetch('https://api.test/todos')).status).toBe(200)
  })

  it('lets the session be renewed by itself once it is over', async () => {
    stopTime()
    const { click, client, server } = await shown({ refresh: { spread: false } })
    await click('Go offline')
    await pass(301_000)
    expect(client.state).toMatchObject({ freshness: 'stale' })

    await click('Go offline')
    await pass(300_000)
    expect(client.state).toMatchObject({ freshness: 'fresh' })
    expect(server.refreshes).toBeGreaterThan(0)
  })
})

describe('sign out', () => {
  it('signs out, and tells the server', async () => {
    const { click, client, server, outcome } = await shown()
    await click('Sign out')

    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(server.logouts).toBe(1)
    expect(outcome()).toBe('Signed out.')
  })
})

describe('when the panel is closed', () => {
  it('the client is as it was before', async () => {
    const { client, server } = await signedIn()
    const wire = inspect(client)?.settings.wire
    const { view, button } = showView(createActionsView, client)
    const recorded = wire?.fetch
    button('Expire').click()
    button('Go offline').click()
    await settle()
    expect(view.element.querySelectorAll('[aria-pressed=true]')).toHaveLength(2)
    button('Renew now').click()
    view.dispose?.()
    await settle()

    expect(server.refreshes).toBe(0)
    expect(wire?.fetch).toBe(recorded)
    expect((await client.fetch('https://api.test/todos')).status).toBe(200)
  })
})

describe('after the client is disposed of', () => {
  it.each(['Renew now', 'Expire', 'Forget the token', 'Go offline', 'Sign out'])('%s says so', async (name) => {
    const { click, client, outcome, view } = await shown()
    client.dispose()
    await click(name)

    expect(outcome()).toMatch(/^disposed: /)
    expect(view.element.querySelector('[aria-pressed=true]')).toBeNull()
  })
})

describe('an update', () => {
  it('keeps the focus, and says nothing again', async () => {
    const { click, button, view, update } = await shown()
    await click('Renew now')
    button('Expire').focus()
    const records: MutationRecord[] = []
    const observer = new MutationObserver((list) => records.push(...list))
    observer.observe(view.element, { subtree: true, childList: true, characterData: true, attributes: true })
    update()
    update()
    await settle()
    observer.disconnect()

    expect(records).toEqual([])
    expect(document.activeElement).toBe(button('Expire'))
  })
})
