import { inspect } from '../inspection.js'
import type { AnyClient } from './any-client.js'
import type { Mounted } from './devtools-panel.js'
import { type Recorder, record } from './recording/recorder.js'

/** `<latchkey-devtools>`: shows what a client does. Give it the client by `auth`. */
export interface LatchkeyDevtoolsElement extends HTMLElement {
  /** The client to look at; from then on, and while the element is in the document, what it does is recorded. */
  auth: AnyClient | undefined
  /**
   * `dock`: a button in the corner of the window, which opens the panel. `panel`: the panel, where the element stands.
   * `timeline`: the timeline alone. The attribute of the same name.
   *
   * @default 'dock'
   */
  view: 'dock' | 'panel' | 'timeline'
  /** Whether the docked panel is open. The attribute of the same name. @default false */
  open: boolean
  /** Puts words of your own on the timeline. They are stored, told to other tabs and exported: no secrets. */
  note(label: string): void
}

declare global {
  interface HTMLElementTagNameMap {
    'latchkey-devtools': LatchkeyDevtoolsElement
  }
}

const NAME = 'latchkey-devtools'

/**
 * Defines `<latchkey-devtools>`; what it shows is loaded when the first one is in the document. May be called any number
 * of times, and does nothing where there is no document.
 *
 * @example
 * if (import.meta.env.DEV) {
 *   const { defineDevtools } = await import('latchkey/devtools')
 *   defineDevtools()
 *   document.body.append(Object.assign(document.createElement('latchkey-devtools'), { auth }))
 * }
 */
export function defineDevtools(): void {
  if (typeof customElements === 'undefined' || customElements.get(NAME)) return

  class LatchkeyDevtools extends HTMLElement implements LatchkeyDevtoolsElement {
    static readonly observedAttributes = ['view', 'open']
    #auth: AnyClient | undefined
    #recorder: Recorder | undefined
    #panel: Mounted | undefined
    #round = 0

    get auth(): AnyClient | undefined {
      return this.#auth
    }
    set auth(auth: AnyClient | undefined) {
      if (auth === this.#auth) return
      this.#stop()
      this.#auth = auth
      this.#begin()
    }

    get view(): LatchkeyDevtoolsElement['view'] {
      const view = this.getAttribute('view')
      return view === 'panel' || view === 'timeline' ? view : 'dock'
    }
    set view(view: LatchkeyDevtoolsElement['view']) {
      this.setAttribute('view', view)
    }

    get open(): boolean {
      return this.hasAttribute('open')
    }
    set open(open: boolean) {
      this.toggleAttribute('open', open)
    }

    note(label: string): void {
      this.#recorder?.note(label)
    }

    connectedCallback(): void {
      // Set before the element was defined, they hide the accessors.
      for (const name of ['view', 'open', 'auth'] as const) {
        if (!Object.hasOwn(this, name)) continue
        const value = this[name]
        Reflect.deleteProperty(this, name)
        Object.assign(this, { [name]: value })
      }
      this.#begin()
    }

    disconnectedCallback(): void {
      // Not when it is only moved.
      queueMicrotask(() => {
        if (!this.isConnected) this.#stop()
      })
    }

    attributeChangedCallback(name: string): void {
      if (name === 'open' && this.#panel) this.#panel.setOpen(this.open)
      else if (this.#recorder) void this.#show()
    }

    #begin(): void {
      if (!this.#auth || !this.isConnected || this.#recorder) return
      this.#recorder = record(this.#auth)
      void this.#show()
    }

    #stop(): void {
      this.#round += 1
      this.#panel?.dispose()
      this.shadowRoot?.replaceChildren()
      this.#panel = undefined
      this.#recorder?.stop()
      this.#recorder = undefined
    }

    async #show(): Promise<void> {
      this.#round += 1
      const round = this.#round
      const panel = await import('./devtools-panel.js').catch(() => undefined)
      const auth = this.#auth
      const inspection = auth && inspect(auth)
      if (round !== this.#round || !auth || !inspection || !this.#recorder) return
      if (!panel) {
        const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
        root.textContent = 'Latchkey devtools could not be loaded.'
        return
      }
      this.#panel?.dispose()
      const { view } = this
      const onToggle = (): void => {
        this.open = !this.open
      }
      this.#panel = panel.mount(this, { auth, inspection, recorder: this.#recorder }, { view, onToggle })
      this.#panel.setOpen(this.open)
    }
  }

  customElements.define(NAME, LatchkeyDevtools)
}
