import { h, setText } from './dom.js'
import { createActionsView } from './panel/actions-view.js'
import { createPanel, type Panel } from './panel/panel.js'
import { VIEW_STYLES } from './panel/view-styles.js'
import { FRAME_STYLES, PANEL_STYLES } from './styles.js'
import { once } from './timeline/time.js'
import { createTimeline } from './timeline/timeline.js'
import type { Inspected, View } from './view.js'

/** What the element shows; it ends with `dispose`. */
export interface Mounted {
  setOpen(isOpen: boolean): void
  dispose(): void
}

/** How it is shown. */
export interface MountOptions {
  readonly view: 'dock' | 'panel' | 'timeline'
  /** Called when the person opens or closes the docked panel. */
  readonly onToggle: () => void
}

let sheets: CSSStyleSheet[] | undefined

/** Fills the shadow root of `host`. */
export function mount(host: HTMLElement, inspected: Inspected, { view, onToggle }: MountOptions): Mounted {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  sheets ??= [PANEL_STYLES, FRAME_STYLES, VIEW_STYLES].map((text) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(text)
    return sheet
  })
  root.adoptedStyleSheets = sheets
  // Where the page says nothing about light and dark, the person's setting decides.
  host.classList.toggle('unset', getComputedStyle(host).colorScheme === 'normal')
  if (view === 'timeline') {
    const timeline = createTimeline(inspected)
    root.replaceChildren(timeline.element)
    return { setOpen: () => undefined, dispose: () => timeline.dispose?.() }
  }
  // Over all that is opened and closed: what they do to the client goes on where the person looks at the app.
  const actions = createActionsView(inspected)
  const mounted =
    view === 'panel' ? mountPanel(root, inspected, actions) : mountDock(root, inspected, actions, onToggle)
  return {
    ...mounted,
    dispose() {
      mounted.dispose()
      actions.dispose?.()
    },
  }
}

function mountPanel(root: ShadowRoot, inspected: Inspected, actions: View): Mounted {
  const panel = createPanel(inspected, actions)
  root.replaceChildren(panel.element)
  return { setOpen: () => undefined, dispose: panel.dispose }
}

function mountDock(root: ShadowRoot, inspected: Inspected, actions: View, onToggle: () => void): Mounted {
  const toggle = h('button', { type: 'button', class: 'toggle' }, 'Latchkey')
  const close = h('button', { type: 'button', 'aria-label': 'Close devtools', title: 'Close (Esc)' }, '✕')
  const dock = h('div', { class: 'dock' }, toggle)
  let panel: Panel | undefined
  toggle.addEventListener('click', onToggle)
  close.addEventListener('click', onToggle)
  dock.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && panel) onToggle()
  })
  root.replaceChildren(dock)

  /** Says what is still in force, while the actions are out of sight. */
  const update = (): void => {
    if (panel) return
    actions.update(inspected.inspection.settings.environment.clock.now())
    const pressed = [...actions.element.querySelectorAll('[aria-pressed=true]')].map((each) => each.textContent)
    setText(toggle, pressed.length > 0 ? `Latchkey · on: ${pressed.join(', ')}` : 'Latchkey')
  }
  const off = inspected.recorder.subscribe(once(update))

  const shut = (): void => {
    panel?.dispose()
    panel?.element.remove()
    panel = undefined
  }

  return {
    setOpen(isOpen) {
      if (isOpen === !!panel) return
      const hadFocus = root.activeElement !== null
      if (isOpen) {
        panel = createPanel(inspected, actions, close)
        dock.append(panel.element)
      } else {
        shut()
        update()
      }
      toggle.hidden = isOpen
      if (hadFocus) (isOpen ? close : toggle).focus()
    },
    dispose() {
      off()
      shut()
    },
  }
}
