import { h, setText } from '../dom.js'
import { once } from '../timeline/time.js'
import { createTimeline } from '../timeline/timeline.js'
import type { Inspected, View } from '../view.js'
import { createDoctorView } from './doctor-view.js'
import { createSessionView } from './session-view.js'

/** What the element shows. */
export interface Panel {
  readonly element: HTMLElement
  dispose(): void
}

interface Page {
  readonly name: string
  readonly create: () => View
}

const SECOND = 1000

/** The whole panel: a head with the countdown, and a page for each view; `extra` stands at its end. The `actions` are left alive. */
export function createPanel(inspected: Inspected, actions: View, ...extra: readonly Node[]): Panel {
  const { auth, inspection, recorder } = inspected
  const { now } = inspection.settings.environment.clock
  const pages: readonly Page[] = [
    { name: 'Timeline', create: () => createTimeline(inspected) },
    { name: 'Session', create: () => createSessionView(inspected) },
    { name: 'Doctor', create: () => createDoctorView(inspected) },
  ]
  const countdown = h('span', { class: 'countdown' })
  const tabs = pages.map(({ name }) =>
    h('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `page-${name}` }, name),
  )
  const bodies = pages.map(({ name }) =>
    h('div', { class: 'body', role: 'tabpanel', tabindex: 0, id: `page-${name}`, 'aria-labelledby': `tab-${name}` }),
  )
  const views: (View | undefined)[] = []
  let shown = 0

  const list = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views' }, ...tabs)
  const element = h(
    'section',
    { class: 'frame', 'aria-label': 'Latchkey devtools' },
    h('div', { class: 'head-row' }, h('h2', {}, 'Latchkey'), countdown, list, ...extra),
    ...bodies,
    h('div', { class: 'foot' }, actions.element),
  )

  const show = (index: number): void => {
    shown = index
    tabs.forEach((tab, each) => {
      tab.setAttribute('aria-selected', String(each === index))
      tab.tabIndex = each === index ? 0 : -1
    })
    bodies.forEach((body, each) => {
      body.hidden = each !== index
    })
    if (!views[index]) {
      views[index] = pages[index]?.create()
      if (views[index]) bodies[index]?.append(views[index].element)
    }
    update()
  }

  const update = (): void => {
    setText(countdown, inWords(now()))
    views[shown]?.update(now())
    actions.update(now())
  }

  const inWords = (at: number): string => {
    const { state } = auth
    if (state.status !== 'authenticated') return state.status === 'loading' ? 'loading' : 'signed out'
    const generation = recorder.own.generations.at(-1)?.number ?? 0
    if (state.expiresAt === undefined) return `token ${generation}`
    const left = Math.ceil((state.expiresAt - at) / SECOND)
    return `token ${generation} · ${left > 0 ? `${left} s left` : 'expired'}`
  }

  for (const [index, tab] of tabs.entries()) tab.addEventListener('click', () => show(index))
  list.addEventListener('keydown', (event) => {
    const to = { ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0, End: -1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    show((to + pages.length) % pages.length)
    tabs[shown]?.focus()
  })
  const off = recorder.subscribe(once(update))
  const timer = setInterval(update, SECOND)
  show(0)

  return {
    element,
    dispose() {
      off()
      clearInterval(timer)
      for (const view of views) view?.dispose?.()
    },
  }
}
