import type { AuthClient } from 'latchkey'
import { record } from 'latchkey/devtools'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createTimeline } from '../../src/devtools/timeline/timeline.ts'
import type { Inspected } from '../../src/devtools/view.ts'
import { inspect } from '../../src/inspection.ts'
import { type LoginForm, signedIn } from '../support/client.ts'
import { request } from './records.ts'

const WIDTH = 800

/** The timeline of a client with Ada signed in, in the page. */
async function shown() {
  const { client, server } = await signedIn()
  const { recorder, ...rest } = look(client)
  const view = createTimeline({ recorder, ...rest })
  document.body.append(view.element)
  onTestFinished(() => {
    view.dispose?.()
    view.element.remove()
  })
  const chart = view.element.querySelector('.chart') as HTMLElement
  Object.defineProperty(chart, 'clientWidth', { value: WIDTH })
  chart.getBoundingClientRect = () => new DOMRect(0, 0, WIDTH, 100)
  await vi.waitUntil(() => chart.querySelector('.bar'))

  const follows = (): boolean =>
    [...view.element.querySelectorAll('button')]
      .find(({ textContent }) => textContent === 'Follow now')
      ?.getAttribute('aria-pressed') === 'true'
  return {
    client,
    server,
    recorder,
    view,
    chart,
    follows,
    press: (key: string, options: KeyboardEventInit = {}) =>
      chart.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true, ...options })),
    click: (name: string) =>
      [...view.element.querySelectorAll('button')].find(({ textContent }) => textContent === name)?.click(),
    wheel: (options: WheelEventInit) => {
      const event = new WheelEvent('wheel', { cancelable: true, ...options })
      // happy-dom leaves these out of what it takes from the options.
      for (const name of ['ctrlKey', 'shiftKey', 'clientX'] as const)
        if (options[name] !== undefined) Object.defineProperty(event, name, { value: options[name] })
      chart.dispatchEvent(event)
      return event.defaultPrevented
    },
    labels: () => [...view.element.querySelectorAll('.axis text')].map(({ textContent }) => textContent ?? ''),
    told: () => view.element.querySelector('output')?.textContent ?? '',
  }
}

function look(client: AuthClient<LoginForm>): Inspected {
  const inspection = inspect(client) as Inspected['inspection']
  const recorder = record(client)
  onTestFinished(() => recorder.stop())
  return { auth: client, inspection, recorder }
}

describe('the timeline', () => {
  it.each([
    ['by the keyboard', '+', '-'],
    ['by the keyboard without Shift', '=', '-'],
    ['by its buttons', '+ button', '− button'],
    ['by Ctrl and the wheel', 'wheel in', 'wheel out'],
  ])('zooms %s', async (_, near, far) => {
    const { press, click, wheel, labels } = await shown()
    const act = (what: string): void => {
      if (what.endsWith('button')) click(what.slice(0, 1))
      else if (what.startsWith('wheel'))
        wheel({ ctrlKey: true, deltaY: what === 'wheel in' ? -600 : 600, clientX: 200 })
      else press(what)
    }
    const isFine = (): boolean => labels().some((label) => label.includes('.'))

    for (let times = 0; times < 20; times += 1) act(near)
    await vi.waitUntil(isFine)
    for (let times = 0; times < 20; times += 1) act(far)

    await vi.waitUntil(() => labels().length > 0 && !isFine())
  })

  it('goes back by the arrow keys, and follows now again', async () => {
    const { press, follows } = await shown()

    for (const [away, back] of [
      ['ArrowLeft', '0'],
      ['ArrowLeft', 'ArrowRight'],
      ['Home', 'End'],
    ]) {
      press(away ?? '')
      await vi.waitUntil(() => !follows())
      press(back ?? '')
      await vi.waitUntil(follows)
    }
  })

  it('goes back by the buttons, by a drag, and by the wheel sideways', async () => {
    const { click, chart, wheel, follows } = await shown()
    const drag = (type: string, clientX: number, buttons = 1): void => {
      chart.dispatchEvent(new PointerEvent(type, { clientX, button: 0, buttons, bubbles: true }))
    }
    const ways = [
      () => click('←'),
      () => {
        for (const [type, x, buttons] of [
          ['pointerdown', 100],
          ['pointermove', 300],
          ['pointerup', 300, 0],
          ['pointermove', 0, 0],
        ] as const)
          drag(type, x, buttons)
      },
      () => expect(wheel({ deltaX: -200 })).toBe(true),
      () => expect(wheel({ shiftKey: true, deltaY: -200 })).toBe(true),
    ]

    for (const way of ways) {
      way()
      await vi.waitUntil(() => !follows())
      click('Follow now')
      await vi.waitUntil(follows)
    }
    click('→')
    expect(follows()).toBe(true)
  })

  it('lets a drag go that ended where nobody could see it', async () => {
    const { chart, click, follows } = await shown()
    const point = (type: string, clientX: number, buttons: number): void => {
      chart.dispatchEvent(new PointerEvent(type, { clientX, buttons, bubbles: true }))
    }
    point('pointerdown', 100, 1)
    point('pointermove', 400, 0)
    point('pointermove', 700, 1)
    expect(follows()).toBe(true)

    point('pointerdown', 100, 1)
    window.dispatchEvent(new PointerEvent('pointermove', { clientX: 700, buttons: 1 }))
    await vi.waitUntil(() => !follows())
    window.dispatchEvent(new PointerEvent('pointermove', { clientX: 700, buttons: 0 }))
    click('Follow now')
    await vi.waitUntil(follows)
    window.dispatchEvent(new PointerEvent('pointermove', { clientX: 900, buttons: 1 }))
    expect(follows()).toBe(true)
  })

  it('leaves the lines of its list alone that have not changed, and writes it four times a second at most', async () => {
    const { view, recorder } = await shown()
    const disclosure = view.element.querySelector('details') as HTMLDetailsElement
    recorder.note('first')
    disclosure.open = true
    disclosure.dispatchEvent(new Event('toggle'))
    const lines = (): Element[] => [...disclosure.querySelectorAll('li')]
    const before = lines()
    const texts = before.map(({ textContent }) => textContent)
    let changes = 0
    const watch = new MutationObserver(() => {
      changes += 1
    })
    watch.observe(disclosure, { childList: true, subtree: true })
    onTestFinished(() => watch.disconnect())

    for (let made = 0; made < 20; made += 1) {
      recorder.note(`note ${made}`)
      await Promise.resolve()
    }
    await vi.waitUntil(() => disclosure.textContent?.includes('note 19'))

    expect(lines().slice(0, before.length)).toEqual(before)
    expect(before.map(({ textContent }) => textContent)).toEqual(texts)
    expect(changes).toBeLessThan(4)
  })

  it('leaves the wheel to the page, and keys with Ctrl to the browser', async () => {
    const { wheel, press, follows } = await shown()

    expect(wheel({ deltaY: 100 })).toBe(false)
    expect(press('0', { ctrlKey: true })).toBe(true)
    expect(press('x')).toBe(true)
    expect(follows()).toBe(true)
  })

  it('tells what was clicked', async () => {
    const { client, chart, told } = await shown()
    await client.http.get('todos')
    await vi.waitUntil(() => chart.querySelector('.item.request'))

    chart.querySelector('.item.request rect')?.dispatchEvent(new MouseEvent('click', { bubbles: true }))
    await vi.waitUntil(() => chart.querySelector('.selected'))

    expect(told()).toMatch(/GET \/todos/)
    chart.dispatchEvent(new MouseEvent('click'))
    expect(told()).toMatch(/GET \/todos/)
  })

  it('goes on telling of a request that was selected before its answer came', async () => {
    const { client, server, chart, press, told } = await shown()
    const answer = Promise.withResolvers<Response>()
    server.failNext('api', () => answer.promise)
    const asked = client.http.get('todos')
    await vi.waitUntil(() => chart.querySelector('.item.request.open'))
    press('p')
    expect(told()).toMatch(/GET \/todos with token 1, under way/)

    answer.resolve(Response.json([]))
    await asked

    await vi.waitUntil(() => /200 after/.test(told()))
    expect(chart.querySelector('.selected.request.good')).not.toBeNull()
  })

  it('stays at its first event, and at its last', async () => {
    const { press, told, chart } = await shown()
    await vi.waitUntil(() => chart.querySelector('.item'))

    press('n')
    expect(told()).toBe('')
    for (let times = 0; times < 5; times += 1) press('p')
    const first = told()
    press('p')

    expect(first).not.toBe('')
    expect(told()).toBe(first)
  })

  it('exports all that is known, in sight or not', async () => {
    const { recorder, click } = await shown()
    const worker = { ...recorder.own, id: 'x', role: 'worker', number: 0, requests: [request(1, 3600)] }
    Object.defineProperty(recorder, 'others', { value: [worker] })
    const create = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x')
    onTestFinished(() => create.mockRestore())

    click('JSON')

    const [blob] = create.mock.calls[0] ?? []
    const { tabs } = JSON.parse(blob instanceof Blob ? await blob.text() : '')
    expect(tabs).toMatchObject([{ role: 'tab' }, { role: 'worker', requests: [{ number: 1 }] }])
  })

  it('tells of other tabs in its list, and says where nothing happened', async () => {
    const { view, recorder } = await shown()
    Object.defineProperty(recorder, 'others', {
      value: [{ ...recorder.own, id: 'x', number: 2, generations: [], requests: [], moments: [] }],
    })
    const disclosure = view.element.querySelector('details') as HTMLDetailsElement

    disclosure.open = true
    disclosure.dispatchEvent(new Event('toggle'))

    expect(disclosure.textContent).toContain('Tab 2')
    expect(disclosure.textContent).toContain('Nothing yet.')
  })

  it('draws once a second where the person prefers less motion', async () => {
    const still = Object.assign(new EventTarget(), { matches: true })
    vi.stubGlobal('matchMedia', () => still)
    onTestFinished(() => void vi.unstubAllGlobals())
    const { chart } = await shown()
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'requestAnimationFrame', 'cancelAnimationFrame', 'Date'],
    })
    onTestFinished(() => void vi.useRealTimers())
    still.dispatchEvent(new Event('change'))
    await vi.advanceTimersByTimeAsync(100)
    let moves = 0
    const set = SVGElement.prototype.setAttribute
    const spy = vi.spyOn(SVGElement.prototype, 'setAttribute').mockImplementation(function (
      this: SVGElement,
      name,
      value,
    ) {
      if (name === 'transform' && this === chart.querySelector('.front')) moves += 1
      set.call(this, name, value)
    })

    await vi.advanceTimersByTimeAsync(5000)
    spy.mockRestore()

    expect(moves).toBeGreaterThanOrEqual(4)
    expect(moves).toBeLessThanOrEqual(6)
  })

  it('draws nothing while it is out of sight', async () => {
    let see: ((entries: { isIntersecting: boolean }[]) => void) | undefined
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        constructor(callback: typeof see) {
          see = callback
        }
        observe = () => undefined
        disconnect = () => undefined
      },
    )
    onTestFinished(() => void vi.unstubAllGlobals())
    const { chart, recorder } = await shown()

    see?.([{ isIntersecting: false }])
    recorder.note('unseen')
    await new Promise((resolve) => requestAnimationFrame(resolve))
    expect(chart.textContent).not.toContain('unseen')
    see?.([{ isIntersecting: true }])

    await vi.waitUntil(() => chart.textContent?.includes('unseen'))
  })
})
