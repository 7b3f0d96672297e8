import { AuthClient } from 'latchkey'
import { audit, defineDevtools } from 'latchkey/devtools'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { inspect } from '../../src/inspection.ts'
import { setUp, signedIn } from '../support/client.ts'
import { byText, shown } from './element-page.ts'

const TIMERS = ['setInterval', 'clearInterval', 'requestAnimationFrame', 'cancelAnimationFrame'] as const

afterEach(() => window.sessionStorage.clear())

const press = (root: ParentNode, key: string): boolean | undefined =>
  root.querySelector('.chart')?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))

/** Somebody whose token has expired, and the client has not looked since. */
async function expired() {
  let ahead = 0
  const clock = { now: () => Date.now() + ahead, monotonic: () => performance.now() }
  const setup = await signedIn({ environment: { clock } })
  ahead = 400_000
  return setup
}

describe('<latchkey-devtools>', () => {
  it('may be defined any number of times', () => {
    defineDevtools()
    expect(() => defineDevtools()).not.toThrow()
  })

  it('shows what the client does, in a list too', async () => {
    const { client } = await signedIn()
    const { root } = await shown(client)
    await client.http.get('todos')
    byText(root, 'As a list').click()

    await vi.waitUntil(() => root.querySelector('ol[aria-label^="Tab 1"]'))

    const items = [...root.querySelectorAll('ol[aria-label^="Tab 1"] li')].map(({ textContent }) => textContent)
    expect(items).toHaveLength(3)
    expect(items).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/session restored with token 1\.$/),
        expect.stringMatching(/^Token 1, found at .*, in use, expires at /),
        expect.stringMatching(/request 1: GET \/todos with token 1, 200 after \d+ ms\.$/),
      ]),
    )
  })

  it('takes a client that was given to it before it was defined', async () => {
    const { client } = await signedIn()
    defineDevtools()
    const upgraded = document.createElement('latchkey-devtools')
    Object.defineProperty(upgraded, 'auth', { value: client, configurable: true, writable: true })
    document.body.append(upgraded)
    onTestFinished(() => upgraded.remove())

    await vi.waitUntil(() => upgraded.shadowRoot?.childElementCount)

    expect(upgraded.auth).toBe(client)
    expect(Object.hasOwn(upgraded, 'auth')).toBe(false)
  })

  it('takes all that was set before it was defined', async () => {
    const { client } = await signedIn()
    defineDevtools()
    const early = document.createElement('latchkey-devtools')
    for (const [name, value] of Object.entries({ auth: client, open: true, view: 'dock' }))
      Object.defineProperty(early, name, { value, configurable: true, writable: true })
    document.body.append(early)
    onTestFinished(() => early.remove())
    await vi.waitUntil(() => early.shadowRoot?.querySelector('.dock .frame'))

    early.open = false

    expect([early.hasAttribute('open'), early.getAttribute('view')]).toEqual([false, 'dock'])
    expect(early.shadowRoot?.querySelector('.frame')).toBeNull()
  })

  it('leaves the client as it was when it is taken out of the page', async () => {
    const { client } = await signedIn()
    const wire = inspect(client)?.settings.wire
    const before = wire?.fetch
    vi.useFakeTimers({ toFake: [...TIMERS] })
    onTestFinished(() => void vi.useRealTimers())
    const timers = vi.getTimerCount()
    const { element, root } = await shown(client)
    expect(wire?.fetch).not.toBe(before)
    expect(vi.getTimerCount()).toBeGreaterThan(timers)

    element.remove()
    await Promise.resolve()

    expect(wire?.fetch).toBe(before)
    expect(root.childElementCount).toBe(0)
    expect(vi.getTimerCount()).toBe(timers)
  })

  it('goes on when it is moved', async () => {
    const { client } = await signedIn()
    const { element, root } = await shown(client)
    await client.http.get('todos')
    const place = document.createElement('div')
    document.body.append(place)

    place.append(element)
    await Promise.resolve()
    byText(root, 'As a list').click()

    await vi.waitUntil(() => /GET \/todos/.test(root.textContent ?? ''))
    place.remove()
  })

  it('records another client from the moment that it is given', async () => {
    const [one, two] = [await signedIn(), await signedIn({ storageKey: 'other' })]
    const { element, root } = await shown(one.client)
    const before = inspect(one.client)?.settings.wire.fetch

    element.auth = two.client
    await vi.waitUntil(() => root.childElementCount)

    expect(inspect(one.client)?.settings.wire.fetch).not.toBe(before)
    expect(inspect(two.client)?.settings.wire.fetch).toBeTypeOf('function')
  })

  it('does nothing at keys that mean nothing to its tabs', async () => {
    const { client } = await signedIn()
    const { root } = await shown(client)
    const event = new KeyboardEvent('keydown', { key: 'x', bubbles: true, cancelable: true })

    expect(root.querySelector('[role=tablist]')?.dispatchEvent(event)).toBe(true)
    expect(root.querySelector('[aria-selected=true]')?.textContent).toBe('Timeline')
  })

  it('shows another view when it is told to, and is open from the start when it says so', async () => {
    const { client } = await signedIn()
    const { element, root } = await shown(client, 'timeline')
    expect(element.view).toBe('timeline')
    expect(root.querySelector('.frame')).toBeNull()

    element.view = 'panel'
    await vi.waitUntil(() => root.querySelector('.frame'))
    element.open = true
    element.view = 'dock'
    await vi.waitUntil(() => root.querySelector('.dock .frame'))

    expect(root.querySelector<HTMLElement>('.toggle')?.hidden).toBe(true)
  })

  it('puts notes on the timeline', async () => {
    const { client } = await signedIn()
    const { element, root } = await shown(client)
    byText(root, 'As a list').click()

    element.note('checkout began')

    await vi.waitUntil(() => root.textContent?.includes('checkout began'))
  })

  it.each([
    ['nobody is signed in', 'signed out', () => setUp()],
    ['a session is there', /^token 1 · 300 s left$/, () => signedIn()],
    ['the token has expired', 'token 1 · expired', expired],
  ])('counts down in its head: %s', async (_, words, make) => {
    const { client } = await make()
    await client.start()
    const { root } = await shown(client)

    expect(root.querySelector('.countdown')?.textContent).toMatch(words)
  })

  it('moves from tab to tab by the arrow keys', async () => {
    const { client } = await signedIn()
    const { root } = await shown(client)
    const list = root.querySelector('[role=tablist]')
    const chosen = (): string | null | undefined => root.querySelector('[aria-selected=true]')?.textContent
    const seen = [chosen()]

    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowLeft', 'Home', 'End']) {
      list?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      seen.push(chosen())
    }

    expect(seen).toEqual(['Timeline', 'Session', 'Doctor', 'Timeline', 'Doctor', 'Timeline', 'Doctor'])
    expect(root.querySelectorAll('[role=tabpanel]:not([hidden])')).toHaveLength(1)
  })

  it('selects one event after the other by N and P, and tells what it was', async () => {
    const { client } = await signedIn()
    const { root } = await shown(client, 'timeline')
    Object.defineProperty(root.querySelector('.chart'), 'clientWidth', { value: 800 })
    await client.http.get('todos')
    await vi.waitUntil(() => root.querySelector('.item.request'))

    press(root, 'p')
    const last = root.querySelector('output')?.textContent
    press(root, 'p')
    const before = root.querySelector('output')?.textContent
    press(root, 'n')

    expect(last).toMatch(/GET \/todos/)
    expect(before).not.toBe(last)
    expect(root.querySelector('output')?.textContent).toBe(last)
  })

  it('never has a token in the page', async () => {
    const { client, server } = setUp()
    const { root } = await shown(client)
    Object.defineProperty(root.querySelector('.chart'), 'clientWidth', { value: 800 })
    await client.login({ username: 'ada', password: 'secret' })
    server.failNext('api', new Response(null, { status: 401 }))
    await client.http.get('todos')
    byText(root, 'As a list').click()
    for (const tab of root.querySelectorAll<HTMLElement>('[role=tab]')) tab.click()
    await vi.waitUntil(() => root.querySelector('.chain'))

    for (const token of server.issued) expect(root.innerHTML).not.toContain(token.slice(-12))
  })
})

describe('the exports', () => {
  async function exported(name: string): Promise<string> {
    const { client, server } = setUp()
    const { root } = await shown(client, 'timeline')
    Object.defineProperty(root.querySelector('.chart'), 'clientWidth', { value: 800 })
    await client.login({ username: 'ada', password: 'secret' })
    server.failNext('api', new Response(null, { status: 401 }))
    await client.http.get('todos')
    await vi.waitUntil(() => root.querySelector('.chain'))
    const create = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x')
    byText(root, name).click()
    const [blob] = create.mock.calls[0] ?? []
    const text = blob instanceof Blob ? await blob.text() : ''
    create.mockRestore()
    for (const token of server.issued) expect(text).not.toContain(token.slice(-12))
    return text
  }

  it('hold the record as JSON, without a token', async () => {
    const { format, thisTab, tabs } = JSON.parse(await exported('JSON'))

    expect(format).toBe('latchkey-timeline')
    expect(tabs).toMatchObject([
      { id: thisTab, requests: [{ kind: 'login' }, {}, { kind: 'refresh' }, { replayOf: 2 }] },
    ])
  })

  it('hold the drawing as an SVG with its own style, without a token', async () => {
    const svg = await exported('SVG')

    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    expect(svg).toContain('<style>svg{color-scheme')
    expect(svg).toContain('class="chain')
  })
})

describe('the entry', () => {
  it('audits a client whose element is nowhere', async () => {
    const auth = new AuthClient({ baseUrl: 'https://api.test' })

    expect(audit(auth)).toEqual([])
  })
})
