import type { Environment } from '../../environment.js'
import { h, setText } from '../dom.js'

const NAMES = ['access token', 'refresh token', 'ID token'] as const

/** The tokens of a session, of which none is in the document until somebody asks for it. */
export interface TokenList {
  readonly element: HTMLElement
  show(tokens: Readonly<Record<(typeof NAMES)[number], string | undefined>>): void
  dispose(): void
}

/** For so long a token stays visible. */
const SHOWN = 20_000

export function createTokenList({ timers }: Pick<Environment, 'timers'>): TokenList {
  const rows = NAMES.map((name) => {
    const button = h('button', { type: 'button', 'aria-label': `Show the ${name}` }, 'Show')
    const text = h('code')
    const element = h(
      'div',
      {},
      h('dt', {}, name[0]?.toUpperCase() + name.slice(1)),
      h('dd', { class: 'token' }, text, button),
    )
    let token: string | undefined
    let timer: unknown
    let isShown = false

    const set = (isWanted: boolean): void => {
      isShown = isWanted
      timers.clear(timer)
      if (isShown) timer = timers.set(() => set(false), SHOWN)
      button.setAttribute('aria-label', `${isShown ? 'Hide' : 'Show'} the ${name}`)
      setText(button, isShown ? 'Hide' : 'Show')
      // In the tab order while it can be read, so that selecting it is not leaving it.
      if (isShown) text.tabIndex = 0
      else text.removeAttribute('tabindex')
      setText(text, !token ? '' : isShown ? token : `•••••••• (${token.length} characters)`)
    }
    button.addEventListener('click', () => set(!isShown))
    element.addEventListener('focusout', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) set(false)
    })
    return {
      name,
      element,
      hide: () => set(false),
      show(next: string | undefined): void {
        if (next === token) return
        token = next
        element.hidden = !token
        set(false)
      },
    }
  })
  for (const { element } of rows) element.hidden = true

  return {
    element: h('dl', { class: 'facts' }, ...rows.map(({ element }) => element)),
    show(tokens) {
      for (const row of rows) row.show(tokens[row.name])
    },
    dispose() {
      for (const row of rows) row.hide()
    },
  }
}
