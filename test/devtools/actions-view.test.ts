import { isAuthError } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { createActionsView } from '../../src/devtools/actions-view.ts'
import { inspect } from '../../src/inspection.ts'
import { type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, settle, stopTime, watch } from '../support/clock.ts'
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
    const { client } = await signedIn()
    const wire = inspect(client)?.settings.wire
    const { view, button } = showView(createActionsView, client)
    const recorded = wire?.fetch
    button('Expire').click()
    button('Go offline').click()
    view.dispose?.()

    expect(wire?.fetch).toBe(recorded)
    expect((await client.fetch('https://api.test/todos')).status).toBe(200)
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
