import { h } from './dom.js'
import { createPanel, type Panel } from './panel.js'
import { FRAME_STYLES, PANEL_STYLES } from './styles.js'
import { createTimeline } from './timeline.js'
import type { Inspected } from './view.js'
import { VIEW_STYLES } from './view-styles.js'

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
  if (view === 'panel') {
    const panel = createPanel(inspected)
    root.replaceChildren(panel.element)
    return { setOpen: () => undefined, dispose: panel.dispose }
  }
  return mountDock(root, inspected, onToggle)
}

function mountDock(root: ShadowRoot, inspected: Inspected, onToggle: () => void): Mounted {
  const toggle = h('button', { type: 'button', class: 'toggle', 'aria-expanded': 'false' }, 'Latchkey')
  const close = h('button', { type: 'button', 'aria-label': 'Close devtools', title: 'Close (Esc)' }, '✕')
  const dock = h('div', { class: 'dock' }, toggle)
  let panel: Panel | undefined
  toggle.addEventListener('click', onToggle)
  close.addEventListener('click', onToggle)
  dock.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && panel) onToggle()
  })
  root.replaceChildren(dock)

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
        panel = createPanel(inspected, close)
        dock.append(panel.element)
      } else shut()
      toggle.hidden = isOpen
      if (hadFocus) (isOpen ? close : toggle).focus()
    },
    dispose: shut,
  }
}
